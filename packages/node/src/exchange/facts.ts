/**
 * The reduced proof facts of a docket (rulings.md, 26): which statements we hold, and for each log
 * entry of theirs the earliest cosignature of each witness. Facts are sent when digests differ.
 */
import type { PouchRecord } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { factsPerDocketMax, sqlListMax } from './limits.ts';

export type FactsRecord = Extract<PouchRecord, { type: 'facts' }>;

/** One place of a statement in somebody's log. */
export interface DocketEntry {
  statement: string;
  origin: string;
  index: number;
}

/** Statements of a docket and every place of theirs in a log that we know of. */
export async function docketEntries(
  reader: StoreReader | StoreTransaction,
  docket: string,
): Promise<{ statements: string[]; entries: DocketEntry[] }> {
  const rows = await reader
    .selectFrom('statements')
    .select(['id', 'said_origin', 'said_index', 'held_origin', 'held_index'])
    .where('docket', '=', docket)
    .orderBy('id')
    .limit(factsPerDocketMax)
    .execute();
  const entries: DocketEntry[] = [];
  for (const row of rows) {
    entries.push({ statement: row.id, origin: row.said_origin, index: row.said_index });
    if (row.held_origin !== null && row.held_index !== null) {
      entries.push({ statement: row.id, origin: row.held_origin, index: row.held_index });
    }
  }
  const ids = rows.map((row) => row.id);
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const proofs = await reader
      .selectFrom('proofs')
      .select(['statement', 'origin', 'log_index'])
      .where('role', '=', 'held')
      .where('statement', 'in', ids.slice(start, start + sqlListMax))
      .execute();
    for (const { statement, origin, log_index: index } of proofs) {
      entries.push({ statement, origin, index });
    }
  }
  return { statements: ids, entries };
}

/** The facts record of a docket; null where we hold nothing of it. */
export async function docketFacts(
  reader: StoreReader | StoreTransaction,
  docket: string,
): Promise<FactsRecord | null> {
  const { statements, entries } = await docketEntries(reader, docket);
  if (statements.length === 0) return null;
  const facts: FactsRecord['facts'] = [];
  const byOrigin = Map.groupBy(entries, (entry) => entry.origin);
  for (const [origin, list] of byOrigin) {
    const lines = await cosignaturesOf(reader, origin);
    const seen = new Set<string>();
    for (const entry of list) {
      for (const line of earliestCovering(lines, entry.index)) {
        const key = `${entry.index} ${line.vkey}`;
        if (seen.has(key) || facts.length >= factsPerDocketMax) continue;
        seen.add(key);
        facts.push({ origin, index: entry.index, size: line.size, line: line.line });
      }
    }
  }
  facts.sort((a, b) => compare(a.origin, b.origin) || a.index - b.index || compare(a.line, b.line));
  return { type: 'facts', docket, statements, facts };
}

interface Cosignature {
  vkey: string;
  size: number;
  line: string;
}

async function cosignaturesOf(
  reader: StoreReader | StoreTransaction,
  origin: string,
): Promise<Cosignature[]> {
  return reader
    .selectFrom('cosignatures')
    .select(['vkey', 'size', 'line'])
    .where('origin', '=', origin)
    .orderBy('size')
    .execute();
}

/** For each key its first cosignature on a checkpoint that covers the entry. */
function earliestCovering(lines: readonly Cosignature[], index: number): Cosignature[] {
  const first = new Map<string, Cosignature>();
  for (const line of lines) {
    if (line.size > index && !first.has(line.vkey)) first.set(line.vkey, line);
  }
  return [...first.values()];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
