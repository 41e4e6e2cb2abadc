/**
 * `restore confirm`: an officer's word where nobody can be asked after a restore.
 */
import type { Command } from 'commander';
import { addCommand, addGroup, run } from '../command.ts';
import { usage } from '../command-error.ts';
import type { CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';

export function addRestoreCommands(program: Command): void {
  const restore = addGroup(program, 'restore', 'A home that was restored from a copy');
  addConfirm(restore);
}

const meaning =
  'This says: no counterpart ever had our log, not even one that this copy has forgotten, and no witness but the configured ones. If that is wrong, what is signed next may contradict what was signed before, and whoever holds both can prove it.';

function addConfirm(restore: Command): void {
  addCommand(restore, {
    usage: 'confirm',
    summary: 'Say that nobody else ever had our log, and sign again',
    description: `A restored home signs nothing until a witness or all counterparts have stated the newest checkpoint of our log that they hold: see comity status. Only a home with nobody to ask needs this command, and it is refused where there are counterparts, or a witness that has not answered. A witness that cannot answer any more is taken out of config.json first. Where a witness cosigned more than is left, the log ends: comity credentials new-log. ${meaning}`,
    examples: ['restore confirm --nobody-else --home north'],
    home: 'home',
  })
    .option('--nobody-else', 'nobody else ever had our log')
    .action(
      run<CommonOptions & { nobodyElse?: boolean }>(async (context, options) => {
        if (options.nobodyElse !== true) throw usage(`say it: --nobody-else. ${meaning}`);
        await withNode(context, async (client) => {
          context.output.warn(meaning);
          const done = await client.post<{ size: number; ended: boolean }>('/restore/confirm', {
            nobodyElse: true,
          });
          context.output.answer(
            done,
            done.ended
              ? `The log has ended at ${done.size} entries. Begin another: comity credentials new-log`
              : `The log goes on after its ${done.size} entries.`,
          );
        });
      }),
    );
}
