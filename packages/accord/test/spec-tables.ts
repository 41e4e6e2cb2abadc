/** The tables of spec/accord.md as Markdown, from the code. */
import { allegationTable } from '../src/fold/allegation.ts';
import { assuranceTable } from '../src/fold/assurance.ts';
import { channelTable } from '../src/fold/channel.ts';
import { incidentTable } from '../src/fold/incident.ts';
import type { Cell, Table } from '../src/fold/machine.ts';

/** One row for each event, one column for each state. */
function markdown(table: Table<string, string>): string {
  const states = Object.keys(table);
  const events = Object.keys(Object.values(table)[0] ?? {}).sort();
  const rows = [
    ['event', ...states],
    ['---', ...states.map(() => '---')],
    ...events.map((event) => [event, ...states.map((state) => cell(table[state]?.[event]))]),
  ];
  return rows.map((row) => `| ${row.join(' | ')} |\n`).join('');
}

function cell(value: Cell<string> | undefined): string {
  if (value === undefined) return '?';
  if (typeof value === 'string') return value;
  return 'to' in value ? `→ ${value.to}` : `void ${value.void}`;
}

/** By heading. */
export const specTables: { [heading: string]: string } = {
  Channel: markdown(channelTable),
  Assurance: markdown(assuranceTable),
  Incident: markdown(incidentTable),
  Allegation: markdown(allegationTable),
};
