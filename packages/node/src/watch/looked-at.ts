/**
 * Which acts of others an officer here has looked at: an own note of this node, no part of the record.
 *
 * Kept as how far each of our logs was looked through, and what was left unread up to there, counted
 * by docket. So what was read is never gone through again, however old the oldest unread act is, and
 * a log that ends keeps its mark.
 */
import { z } from 'zod';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const key = 'looked-at';
const pageRows = 10_000;
/** What the nodes say by themselves. */
const automaticKinds = ['channel.test', 'channel.refuse'];

const markSchema = z.object({
  /** By origin: the size of our log up to which acts are counted in `unread` or were looked at. */
  sizes: z.record(z.string(), z.number()),
  /** By docket: how many acts before those sizes were not looked at. */
  unread: z.record(z.string(), z.number()),
});
type Mark = z.infer<typeof markSchema>;
type Reader = StoreReader | StoreTransaction;

/**
 * How many acts of others were taken in and not looked at, and in which dockets, longest waiting
 * first. Of what came to one log since somebody last looked at anything, 10,000 are counted at most.
 */
export async function notLookedAt(
  reader: Reader,
  self: string,
): Promise<{ count: number; dockets: string[] }> {
  const mark = await readMark(reader);
  const unread = new Map(Object.entries(mark.unread));
  for (const { origin, size } of await ownLogs(reader, self)) {
    countIn(unread, await actsIn(reader, origin, mark.sizes[origin] ?? 0, size));
  }
  const count = [...unread.values()].reduce((sum, acts) => sum + acts, 0);
  return { count, dockets: [...unread.keys()] };
}

/** Notes that an officer has looked at one docket as it is now, or with null at all of them. */
export async function lookAt(
  tx: StoreTransaction,
  self: string,
  docket: string | null,
): Promise<void> {
  const mark = await readMark(tx);
  const unread = new Map(Object.entries(mark.unread));
  const sizes = { ...mark.sizes };
  for (const { origin, size } of await ownLogs(tx, self)) {
    if (docket !== null) await countAll(tx, unread, origin, sizes[origin] ?? 0, size);
    sizes[origin] = size;
  }
  if (docket === null) unread.clear();
  else unread.delete(docket);
  const value = JSON.stringify({ sizes, unread: Object.fromEntries(unread) } satisfies Mark);
  await tx
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

async function readMark(reader: Reader): Promise<Mark> {
  const row = await reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirst();
  const parsed = markSchema.safeParse(row === undefined ? null : JSON.parse(row.value));
  return parsed.success ? parsed.data : { sizes: {}, unread: {} };
}

/** Our logs, oldest first, with their newest sizes. */
async function ownLogs(reader: Reader, self: string): Promise<{ origin: string; size: number }[]> {
  const rows = await reader
    .selectFrom('credentials')
    .select('origin')
    .where('party', '=', self)
    .orderBy('version')
    .execute();
  const logs: { origin: string; size: number }[] = [];
  for (const origin of new Set(rows.map((row) => row.origin))) {
    const newest = await reader
      .selectFrom('checkpoints')
      .select('size')
      .where('origin', '=', origin)
      .orderBy('size', 'desc')
      .limit(1)
      .executeTakeFirst();
    logs.push({ origin, size: Number(newest?.size ?? 0) });
  }
  return logs;
}

interface Act {
  docket: string;
  index: number;
}

function countIn(unread: Map<string, number>, acts: readonly Act[]): void {
  for (const { docket } of acts) unread.set(docket, (unread.get(docket) ?? 0) + 1);
}

async function countAll(
  reader: Reader,
  unread: Map<string, number>,
  origin: string,
  from: number,
  to: number,
): Promise<void> {
  for (let at = from; at < to;) {
    const acts = await actsIn(reader, origin, at, to);
    countIn(unread, acts);
    at = acts.length < pageRows ? to : (acts.at(-1)?.index ?? to) + 1;
  }
}

/**
 * Acts of others that a log of ours holds from one index to another, a page of them. Bounded on both
 * sides, since the index of the table goes through the entries of all our logs.
 */
async function actsIn(reader: Reader, origin: string, from: number, to: number): Promise<Act[]> {
  if (from >= to) return [];
  const rows = await reader
    .selectFrom('statements')
    .select(['docket', 'held_index'])
    .where('held_index', '>=', from)
    .where('held_index', '<', to)
    .where('held_origin', '=', origin)
    .where('own', '=', 0)
    .where('refused', 'is', null)
    .where('kind', 'not in', automaticKinds)
    .where('docket', '!=', '')
    .orderBy('held_index')
    .limit(pageRows)
    .execute();
  return rows.map((row) => ({ docket: row.docket, index: Number(row.held_index) }));
}
