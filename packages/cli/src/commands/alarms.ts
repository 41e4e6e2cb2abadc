/**
 * `alarms`: what a person should look at; `alarms --clear ID` says that a person has.
 */
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import { segment } from '../client.ts';
import type { CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { shown } from '../output/foreign-text.ts';
import { shortId, ungrouped } from '../output/identifiers.ts';
import { fromNow, utc } from '../output/times.ts';
import { partyNames } from '../parties.ts';

export interface AlarmView {
  id: string;
  code: string;
  party: string | null;
  detail: string;
  raisedAt: number;
  clearedAt: number | null;
}

export function addAlarmCommands(program: Command): void {
  addCommand(program, {
    usage: 'alarms',
    summary: 'What a person should look at',
    examples: ['alarms --home north', 'alarms --clear 07c1d2aa9b3e --home north'],
    home: 'home',
  })
    .option('--all', 'with those that were cleared')
    .option('--clear <id>', 'clear this alarm: a person has seen to it')
    .action(
      run<CommonOptions & { all?: boolean; clear?: string }>(async (context, options) => {
        await withNode(context, async (client) => {
          if (options.clear !== undefined) {
            const id = await wholeAlarmId(
              ungrouped(options.clear),
              await client.get<AlarmView[]>('/alarms'),
            );
            await client.post(`/alarms/${segment(id)}/clear`);
            context.output.answer({ id, cleared: true }, `Cleared ${shortId(id)}.`);
            return;
          }
          const rows = await client.get<AlarmView[]>('/alarms', {
            all: options.all === true ? true : undefined,
          });
          context.output.answer(rows, alarmWords(rows, await partyNames(client), context.now()));
        });
      }),
    );
}

/** Standing alarms, each with its party and age. */
export function alarmWords(
  rows: readonly AlarmView[],
  names: ReadonlyMap<string, string>,
  now: number,
): string {
  if (rows.length === 0) return 'No alarms.';
  return rows
    .map((row) => {
      const who =
        row.party === null ? '' : ` · ${shown(names.get(row.party) ?? shortId(row.party))}`;
      const cleared = row.clearedAt === null ? '' : ` · cleared ${utc(row.clearedAt)}`;
      return `${shortId(row.id)}  ${row.code}${who} · ${fromNow(row.raisedAt, now)}${cleared}\n  ${shown(row.detail)}`;
    })
    .join('\n');
}

async function wholeAlarmId(text: string, rows: readonly AlarmView[]): Promise<string> {
  const found = rows.filter((row) => row.id.startsWith(text));
  const [only] = found;
  return only !== undefined && found.length === 1 ? only.id : text;
}
