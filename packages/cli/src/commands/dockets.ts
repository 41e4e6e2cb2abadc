/**
 * `dockets`, `show`, `owe`: what there is, what it says, who owes what.
 */
import type { Command } from 'commander';
import type { DocketRow, OwedRow, ShownDocket } from '@comity/node';
import { addCommand, run } from '../command.ts';
import { segment } from '../client.ts';
import type { CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { partyNamed } from '../parties.ts';
import { docketListWords, docketWords, owedWords } from '../output/docket-words.ts';

export function addDocketCommands(program: Command): void {
  addDockets(program);
  addShow(program);
  addOwe(program);
}

interface DocketsOptions extends CommonOptions {
  lookedAt?: boolean;
  type?: string;
  with?: string;
}

function addDockets(program: Command): void {
  addCommand(program, {
    usage: 'dockets',
    summary: 'List the matters between us and others, newest act first',
    examples: ['dockets --home north', 'dockets --type incident --with Southmark --home north'],
    home: 'home',
  })
    .option('--type <type>', 'channel, assurance, incident or allegation')
    .option('--with <party>', 'only those with this party')
    .option('--looked-at', 'take all that came in until now for looked at')
    .action(
      run<DocketsOptions>(async (context, options) => {
        await withNode(context, async (client) => {
          const rows = await client.get<DocketRow[]>('/dockets', {
            type: options.type,
            party: options.with,
          });
          if (options.lookedAt === true) await client.post('/dockets/looked-at');
          context.output.answer(rows, docketListWords(rows, context.now()));
        });
      }),
    );
}

function addShow(program: Command): void {
  addCommand(program, {
    usage: 'show <docket>',
    summary: 'Show one docket: who said what, who has it, what is owed',
    description:
      'DOCKET is its identifier or the beginning of one; the name of a party shows the channel with it. What came in counts as looked at afterwards (see "comity status"), but not with --json. "witnessed" is the time by the agreed witnesses; before there is one, it says so.',
    examples: ['show 3f2a9c41d0b7 --home north', 'show Southmark --body --home north'],
    home: 'home',
  })
    .option('--body', 'with everything that each statement says')
    .option('--all', 'with what the nodes say by themselves (heartbeats)')
    .action(
      run<CommonOptions & { body?: boolean; all?: boolean }>(async (context, options, docket) => {
        await withNode(context, async (client) => {
          const found = await client.get<ShownDocket>(`/dockets/${segment(docket)}`);
          const words = docketWords(
            found,
            context.now(),
            { whole: options.body === true, all: options.all === true },
            context.output,
          );
          context.output.answer(found, words);
          // Whoever reads the words has looked; a program that reads JSON has not.
          if (client.running && options.json !== true) {
            await client.post(`/dockets/${segment(found.docket)}/looked-at`);
          }
        });
      }),
    );
}

interface OweOptions extends CommonOptions {
  all?: boolean;
  by?: string;
}

function addOwe(program: Command): void {
  addCommand(program, {
    usage: 'owe',
    summary: 'Who owes whom what, by when, on what basis',
    description:
      'Computed from the signed statements and the agreed terms by the same function on both sides. Overdue is said by this machine’s clock; the record never is.',
    examples: ['owe --home north', 'owe --by self --home north'],
    home: 'home',
  })
    .option('--all', 'with what is met, waived or fallen away')
    .option('--by <party>', 'only what this party owes; "self" for us')
    .action(
      run<OweOptions>(async (context, options) => {
        await withNode(context, async (client, self) => {
          const all = await client.get<OwedRow[]>('/obligations', {
            all: options.all === true ? true : undefined,
          });
          const by = options.by === undefined ? null : await partyNamed(client, options.by);
          const rows = by === null ? all : all.filter((row) => row.owedBy === by);
          context.output.answer(rows, owedWords(rows, self.id, context.now(), context.output));
        });
      }),
    );
}
