/**
 * `restore confirm`: an officer's word where nobody can be asked after a restore, or nobody has what
 * is still missing.
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

const meaningOfRest =
  'This says: nobody that can be asked has the statements that are still to come. What we said in them stays said with whoever holds it, and what we say next in the same docket may be void there, as a fork of what we said before. An alarm names the entries.';

function addConfirm(restore: Command): void {
  addCommand(restore, {
    usage: 'confirm',
    summary: 'Say that nobody else has what a restored home waits for, and sign again',
    description: `A restored home signs nothing until a witness or all counterparts have stated the newest checkpoint of our log that they hold: see comity status. Only a home with nobody to ask needs this command, and it is refused where there are counterparts, or a witness that has not answered. A witness that cannot answer any more is taken out of config.json first. Where a witness cosigned more than is left, the log ends: comity credentials new-log. ${meaning} Where the log is whole again and only statements are awaited, --without-the-rest ends that. ${meaningOfRest}`,
    examples: [
      'restore confirm --nobody-else --home north',
      'restore confirm --without-the-rest --home north',
    ],
    home: 'home',
  })
    .option('--nobody-else', 'nobody else ever had our log')
    .option('--without-the-rest', 'wait no longer for statements that have not come back')
    .action(
      run<CommonOptions & { nobodyElse?: boolean; withoutTheRest?: boolean }>(
        async (context, options) => {
          const { nobodyElse = false, withoutTheRest = false } = options;
          if (nobodyElse === withoutTheRest) {
            throw usage(
              `say one of them: --nobody-else. ${meaning} --without-the-rest. ${meaningOfRest}`,
            );
          }
          await withNode(context, async (client) => {
            context.output.warn(nobodyElse ? meaning : meaningOfRest);
            const word = nobodyElse ? { nobodyElse } : { withoutTheRest };
            const done = await client.post<Confirmed>('/restore/confirm', word);
            context.output.answer(done, confirmedWords(done));
          });
        },
      ),
    );
}

interface Confirmed {
  size: number;
  givenUp: number;
  ended: boolean;
}

function confirmedWords({ size, givenUp, ended }: Confirmed): string {
  if (ended) {
    return `The log has ended at ${size} entries. Begin another: comity credentials new-log`;
  }
  const without = givenUp === 0 ? '' : `, without the statements of ${givenUp} of them`;
  return `The log goes on after its ${size} entries${without}.`;
}
