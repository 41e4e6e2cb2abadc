/**
 * The reduced proof facts of a docket (rulings.md, 26): which statements we hold, and for each log
 * entry of theirs the earliest cosignature of each witness. Facts are sent when digests differ.
 */
import type { PouchRecord } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { rowLacksLines } from './anchor-lines.ts';
import { foldedParticipants, leavesOut } from './audience.ts';
import { factsBytesMax, factsPerDocketMax, sqlListMax } from './limits.ts';

export type FactsRecord = Extract<PouchRecord, { type: 'facts' }>;

/** One place of a statement in somebody's log. */
export interface DocketEntry {
  statement: string;
  origin: string;
  index: number;
}

/** A range of statement ids, both ends in it; `to` null = no end. */
export interface IdRange {
  from: string;
  to: string | null;
}

/** A statement of a docket with its places in the logs of its author and of ours. */
interface InputRow {
  id: string;
  said: { origin: string; index: number };
  held: { origin: string; index: number } | null;
  whole: boolean;
}

/**
 * Inputs of a docket, at most `max`: the first of the range in the order of their ids, with `desc`
 * the last, from the end. What leaves out a participant is no input of the docket, and takes up no
 * place among them: a window that it made narrower would pass for a whole docket.
 */
async function inputRows(
  reader: StoreReader | StoreTransaction,
  docket: string,
  { from, to }: IdRange,
  max: number,
  order: 'asc' | 'desc' = 'asc',
): Promise<InputRow[]> {
  const participants = await foldedParticipants(reader, docket);
  const inputs: InputRow[] = [];
  for (let last: string | null = null; ;) {
    let page = reader
      .selectFrom('statements')
      .select(['id', 'author', 'said_origin', 'said_index', 'held_origin', 'held_index'])
      .select(['envelope', 'anchor_lines'])
      .where('docket', '=', docket)
      .where('id', '>=', from)
      .orderBy('id', order)
      .limit(max);
    if (to !== null) page = page.where('id', '<=', to);
    if (last !== null) page = page.where('id', order === 'asc' ? '>' : '<', last);
    const rows = await page.execute();
    for (const row of rows) {
      if (leavesOut(participants, row)) continue;
      inputs.push({
        id: row.id,
        said: { origin: row.said_origin, index: row.said_index },
        held:
          row.held_origin === null || row.held_index === null
            ? null
            : { origin: row.held_origin, index: row.held_index },
        whole: !rowLacksLines(row),
      });
      if (inputs.length === max) return inputs;
    }
    last = rows.at(-1)?.id ?? null;
    if (rows.length < max) return inputs;
  }
}

/**
 * Inputs of a docket and every place of theirs in a log that we know of: at most as many as one
 * record may state, the first of the range. `whole` are those whose anchors' lines we have too: the
 * others we want again.
 */
export async function docketEntries(
  reader: StoreReader | StoreTransaction,
  docket: string,
  range: IdRange,
): Promise<{ statements: string[]; whole: string[]; entries: DocketEntry[] }> {
  const rows = await inputRows(reader, docket, range, factsPerDocketMax);
  const entries: DocketEntry[] = [];
  for (const { id: statement, said, held } of rows) {
    entries.push({ statement, ...said });
    if (held !== null) entries.push({ statement, ...held });
  }
  const ids = rows.map((row) => row.id);
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const proofs = await reader
      .selectFrom('proofs')
      .select(['statement', 'origin', 'log_index'])
      .where('statement', 'in', ids.slice(start, start + sqlListMax))
      .execute();
    for (const { statement, origin, log_index: index } of proofs) {
      entries.push({ statement, origin, index });
    }
  }
  const whole = rows.filter((row) => row.whole).map((row) => row.id);
  return { statements: ids, whole, entries };
}

/**
 * What of a docket a facts record speaks of. One with fewer statements than a record may state names
 * them all. One with as many is a window of a larger docket: it speaks of the ids between its ends.
 */
export function rangeOf(record: Pick<FactsRecord, 'statements'>): IdRange {
  const ids = record.statements.slice(0, factsPerDocketMax).sort();
  const [from, to] = [ids[0], ids.at(-1)];
  if (ids.length < factsPerDocketMax || from === undefined || to === undefined) {
    return { from: '', to: null };
  }
  return { from, to };
}

/**
 * Where the facts of a docket that are to go to this party begin: a docket of more statements than
 * one record may state is compared window by window, the next each time that digests differ, and
 * from the beginning after the last. So none stays unequal because it is large.
 */
export async function nextWindow(
  tx: StoreTransaction,
  party: string,
  docket: string,
): Promise<string> {
  const key = `facts-from/${party}/${docket}`;
  const kept = await tx
    .selectFrom('meta')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirst();
  const from = kept?.value ?? '';
  const end = await windowEnd(tx, docket, from, 'asc');
  if (end !== null) {
    // Windows overlap in one id, so that nothing falls between two of them.
    await tx
      .insertInto('meta')
      .values({ key, value: end })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: end }))
      .execute();
  } else if (kept !== undefined) await tx.deleteFrom('meta').where('key', '=', key).execute();
  return from;
}

/**
 * Where a window ends that begins at an id, or with `desc` where the last one begins; null where
 * fewer inputs are left than a window has.
 */
async function windowEnd(
  reader: StoreReader | StoreTransaction,
  docket: string,
  from: string,
  order: 'asc' | 'desc',
): Promise<string | null> {
  // Most dockets are small: nothing of theirs has to be read for this.
  const enough = await reader
    .selectFrom('statements')
    .select('id')
    .where('docket', '=', docket)
    .where('id', '>=', from)
    .orderBy('id')
    .limit(1)
    .offset(factsPerDocketMax - 1)
    .executeTakeFirst();
  if (enough === undefined) return null;
  const rows = await inputRows(reader, docket, { from, to: null }, factsPerDocketMax, order);
  return rows.length < factsPerDocketMax ? null : (rows.at(-1)?.id ?? null);
}

/** The last window is as wide as the others, so that it can be told from a whole docket. */
async function windowStart(
  reader: StoreReader | StoreTransaction,
  docket: string,
  from: string,
): Promise<string> {
  const last = await windowEnd(reader, docket, '', 'desc');
  if (last === null) return '';
  return last < from ? last : from;
}

/**
 * The facts record of a docket, of the window from an id on; null where we hold nothing of it. Facts
 * that do not fit are left out: the other side then sends cosignatures that we may have, no fewer.
 */
export async function docketFacts(
  reader: StoreReader | StoreTransaction,
  docket: string,
  from = '',
): Promise<FactsRecord | null> {
  const start = await windowStart(reader, docket, from);
  const range = { from: start, to: null };
  const { statements, whole, entries } = await docketEntries(reader, docket, range);
  if (statements.length === 0) return null;
  const facts: FactsRecord['facts'] = [];
  let bytes = statements.length * 67;
  const byOrigin = Map.groupBy(entries, (entry) => entry.origin);
  for (const [origin, list] of byOrigin) {
    const cosignatures = await cosignaturesOf(reader, origin, list);
    for (const index of new Set(list.map((entry) => entry.index))) {
      for (const { size, line } of earliestCovering(cosignatures, index)) {
        const fact = { origin, index, size, line };
        bytes += JSON.stringify(fact).length + 1;
        if (facts.length >= factsPerDocketMax || bytes > factsBytesMax) break;
        facts.push(fact);
      }
    }
  }
  facts.sort((a, b) => compare(a.origin, b.origin) || a.index - b.index || compare(a.line, b.line));
  // A window must stay as wide as windows are. What lacks its lines in one is asked for all the same,
  // when the other side's facts name it.
  const stated = statements.length < factsPerDocketMax ? whole : statements;
  return { type: 'facts', docket, statements: stated, facts };
}

export interface Cosignature {
  vkey: string;
  size: number;
  line: string;
}

/** Cosignatures of a log that can cover one of these entries, by key, in order of size. */
export async function cosignaturesOf(
  reader: StoreReader | StoreTransaction,
  origin: string,
  entries: readonly { index: number }[],
): Promise<Map<string, Cosignature[]>> {
  const first = entries.reduce((least, { index }) => Math.min(least, index), Infinity);
  if (first === Infinity) return new Map();
  const rows = await reader
    .selectFrom('cosignatures')
    .select(['vkey', 'size', 'line'])
    .where('origin', '=', origin)
    .where('size', '>', first)
    .orderBy('size')
    .execute();
  return Map.groupBy(rows, (row) => row.vkey);
}

/** For each key its first cosignature on a checkpoint that covers the entry. */
export function earliestCovering(
  byKey: ReadonlyMap<string, readonly Cosignature[]>,
  index: number,
): Cosignature[] {
  return [...byKey.values()].flatMap((list) => {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle]?.size ?? 0) > index) high = middle;
      else low = middle + 1;
    }
    return list[low] ?? [];
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
