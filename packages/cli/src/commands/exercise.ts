/**
 * `comity exercise`: a whole small world on this machine, to see everything move.
 */
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import { refused } from '../command-error.ts';
import { readHomeParty } from '../context.ts';
import type { CommonOptions } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export function addExerciseCommand(program: Command): void {
  addCommand(program, {
    usage: 'exercise',
    summary: 'Two parties, a witness and a laboratory on this machine, with a first scenario',
    description:
      'Everything is marked as an exercise and can never meet a real party. With --once it ends after the scenario and says what happened; without, it keeps running until Ctrl-C. Without --home it works in a fresh temporary folder.',
    examples: ['exercise', 'exercise --once --json'],
    home: 'optional',
  })
    .option('--once', 'end after the scenario')
    .action(
      run<CommonOptions & { once?: boolean }>(async (context, options) => {
        // COMITY_HOME names a home that somebody lives in; an exercise goes only where it is told.
        const home = options.home === undefined ? null : context.home;
        if (home !== null && (await readHomeParty(context)) !== null) {
          throw refused(
            'home-taken',
            `a party lives in ${home}`,
            'Give --home a folder of its own.',
          );
        }
        const { runExercise } = await import('@comity/world');
        context.output.exercise = true;
        const stop = new AbortController();
        for (const signal of ['SIGINT', 'SIGTERM'] as const) {
          process.once(signal, () => stop.abort());
        }
        const report = await runExercise({
          home,
          once: options.once === true,
          json: context.output.json,
          print: (text: string) => context.output.line(text),
          signal: stop.signal,
        });
        if (context.output.json) context.output.answer(report, '');
        process.exitCode ??= exitCodes.ok;
      }),
    );
}
