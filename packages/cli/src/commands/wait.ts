/**
 * `comity wait`: until a statement is received by all, or a pairing stands; for a bounded time.
 */
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import { CommandError, usage } from '../command-error.ts';
import type { CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { waitFor } from '../waiting.ts';
import type { Awaited } from '../waiting.ts';

interface WaitOptions extends CommonOptions {
  for: string;
  timeout: string;
}

const secondsMax = 86_400;
const awaited: readonly Awaited[] = ['received', 'witnessed', 'confirmed'];

export function addWaitCommand(program: Command): void {
  addCommand(program, {
    usage: 'wait <id>',
    summary: 'Wait until a statement is received, or a pairing is confirmed',
    description:
      'ID is a statement of ours, or a party. For a statement: until every recipient’s receipt is here ("received"), or until its time is witnessed ("witnessed"). For a party: until both sides have confirmed the same number. Exit code 8 when the time runs out; nothing is lost by that. Needs the running node.',
    examples: ['wait 3f2a9c41d0b7 --home north', 'wait Southmark --timeout 30 --home north'],
    home: 'home',
  })
    .option('--for <what>', 'received, witnessed or confirmed', 'received')
    .option('--timeout <seconds>', 'how long at most', '60')
    .action(
      run<WaitOptions>(async (context, options, id) => {
        const seconds = Number(options.timeout);
        if (!Number.isFinite(seconds) || seconds <= 0 || seconds > secondsMax) {
          throw usage(
            `--timeout ${options.timeout} is not a number of seconds up to ${secondsMax}`,
          );
        }
        const what = awaited.find((one) => one === options.for);
        if (what === undefined) {
          throw usage(`--for ${options.for} is none of ${awaited.join(', ')}`);
        }
        await withNode(context, async (client) => {
          const state = await waitFor(client, id, what, seconds);
          if (!state.done) {
            throw new CommandError(
              'timeout',
              `after ${seconds} s: ${state.words}`,
              client.running
                ? `It goes on by itself. Look again: ${context.paste('status')}`
                : `The node does not run, so nothing is sent or received. Start it: ${context.paste('start')}`,
              exitCodes.timeout,
            );
          }
          context.output.answer(state.document, state.words);
          if (state.refused) process.exitCode = exitCodes.refused;
        });
      }),
    );
}
