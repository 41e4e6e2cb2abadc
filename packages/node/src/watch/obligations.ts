/** Who owes what to whom by when, as the last fold left it; `now` only decides what is overdue. */
import type { ObligationStatus } from '@comity/accord';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { partyNames } from './names.ts';

/** One obligation as it is shown. Times are POSIX seconds. */
export interface OwedRow {
  id: string;
  owedBy: string;
  owedByName: string;
  owedTo: string;
  owedToName: string;
  what: string;
  docket: string;
  start: number | null;
  due: number | null;
  state: string;
  /** Running and past its due time at `now`. */
  overdue: boolean;
  secondsLeft: number | null;
  basis: string;
  provisional: boolean;
}

/** Whether something is still owed in a state. */
const isOpen: { readonly [state in ObligationStatus]: boolean } = {
  running: true,
  'start-disputed': true,
  'met-disputed': true,
  'not-served': true,
  met: false,
  late: false,
  waived: false,
  fallen: false,
};
// Named one by one, so that the index by state leaves out all that ended long ago.
const openStates = Object.entries(isOpen).flatMap(([state, open]) => (open ? [state] : []));
const rowsMax = 10_000;

/**
 * Open obligations by due time, those without one last; with `all` the ended ones too. `docket` or
 * `owedBy` narrow the list.
 */
export async function listOwed(
  reader: StoreReader | StoreTransaction,
  now: number,
  filter: { docket?: string; owedBy?: string; all?: boolean } = {},
): Promise<OwedRow[]> {
  let query = reader.selectFrom('obligations').selectAll();
  if (filter.docket !== undefined) query = query.where('docket', '=', filter.docket);
  if (filter.owedBy !== undefined) query = query.where('owed_by', '=', filter.owedBy);
  if (filter.all !== true) query = query.where('state', 'in', openStates);
  const rows = await query.orderBy('due').orderBy('id').limit(rowsMax).execute();
  const names = await partyNames(reader);
  return rows
    .map((row): OwedRow => {
      const due = row.due === null ? null : Number(row.due);
      const running = row.state === 'running';
      return {
        id: row.id,
        owedBy: row.owed_by,
        owedByName: names.get(row.owed_by) ?? '',
        owedTo: row.owed_to,
        owedToName: names.get(row.owed_to) ?? '',
        what: row.what,
        docket: row.docket,
        start: row.start === null ? null : Number(row.start),
        due,
        state: row.state,
        overdue: running && due !== null && due < now,
        secondsLeft: running && due !== null ? due - now : null,
        basis: row.basis,
        provisional: row.provisional === 1,
      };
    })
    .sort(byDue);
}

// The databases disagree on where nulls sort.
function byDue(a: OwedRow, b: OwedRow): number {
  if (a.due === b.due) return a.id < b.id ? -1 : 1;
  return (a.due ?? Number.MAX_SAFE_INTEGER) - (b.due ?? Number.MAX_SAFE_INTEGER);
}
