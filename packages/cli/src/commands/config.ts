/**
 * `comity config check`: every mistake in the configuration, explained.
 */
import type { Command } from 'commander';
import { addCommand, addGroup, run } from '../command.ts';
import { readHomeParty, requireHome } from '../context.ts';
import type { CommonOptions } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../output/table.ts';
import { openFailureError } from '../connect.ts';

export function addConfigCommands(program: Command): void {
  const config = addGroup(program, 'config', 'Check the configuration of a node');
  const check = addCommand(config, {
    usage: 'check',
    summary: 'Explain every mistake in config.json and in COMITY_* variables',
    description:
      'Values come from config.json in the home, then COMITY_* variables, then flags of "start". Prints what the node would use. Needs no running node and no passphrase.',
    examples: ['config check --home north'],
    home: 'home',
  });
  check.action(
    run<CommonOptions>(async (context) => {
      const home = requireHome(context);
      if ((await readHomeParty(context)) === null) {
        throw openFailureError(home, { code: 'no-home', path: home });
      }
      const { checkConfig, formatProblem, homeLayout } = await import('@comity/node');
      const { config, problems } = await checkConfig(homeLayout(home), context.environment, {});
      const ok = problems.length === 0;
      const values = Object.entries(config).map(([key, value]) => [key, configValue(value)]);
      const words = [
        ok ? 'The configuration is right. The node uses:' : 'The configuration has mistakes:',
        ok
          ? table([{ title: 'key' }, { title: 'value' }], values, '')
          : problems.map((problem) => `  ${formatProblem(problem)}`).join('\n'),
      ];
      context.output.answer({ ok, config, problems }, words.join('\n'));
      if (!ok) process.exitCode = exitCodes.refused;
    }),
  );
}

function configValue(value: unknown): string {
  if (value === null) return '–';
  if (typeof value === 'object' && 'host' in value && 'port' in value) {
    return `${String(value.host)}:${String(value.port)}`;
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
