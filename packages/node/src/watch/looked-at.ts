/**
 * Which acts of others an officer here has looked at: an own note of this node, no part of the record.
 *
 * Kept as how far our log was looked at, and per docket where one was looked at further; the list of
 * dockets shrinks by itself as the common mark moves on.
 */
import { z } from 'zod';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const key = 'looked-at';
const rowsMax = 10_000;
/** What the nodes say by themselves. */
const automaticKinds = ['channel.test', 'channel.refuse'];

const markSchema = z.object({
  origin: z.string(),
  upTo: z.number(),
  dockets: z.record(z.string(), z.number()),
});
type Mark = z.infer<typeof markSchema>;
type Reader = StoreReader | StoreTransaction;

/** How many acts of others were taken in and not looked at, at most 10,000, and in which dockets. */
export async function notLookedAt(
  reader: Reader,
  origin: string,
): Promise<{ count: number; dockets: string[] }> {
  const rows = await unseenRows(reader, await readMark(reader, origin));
  return { count: rows.length, dockets: [...new Set(rows.map(({ docket }) => docket))] };
}

/** Notes that an officer has looked at one docket as it is now, or with null at all of them. */
export async function lookAt(
  tx: StoreTransaction,
  origin: string,
  docket: string | null,
): Promise<void> {
  const mark = await readMark(tx, origin);
  const rows = await unseenRows(tx, mark);
  const left = docket === null ? [] : rows.filter((row) => row.docket !== docket);
  const seen = rows.filter((row) => !left.includes(row));
  if (seen.length === 0) return;
  for (const row of seen) mark.dockets[row.docket] = row.index;
  const [first] = left;
  const last = rows.at(-1)?.index ?? mark.upTo;
  mark.upTo = first === undefined ? last : first.index - 1;
  mark.dockets = Object.fromEntries(
    Object.entries(mark.dockets).filter(([, index]) => index > mark.upTo),
  );
  const value = JSON.stringify(mark);
  await tx
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

async function readMark(reader: Reader, origin: string): Promise<Mark> {
  const fresh = { origin, upTo: -1, dockets: {} };
  const row = await reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirst();
  const parsed = markSchema.safeParse(row === undefined ? null : JSON.parse(row.value));
  return parsed.success && parsed.data.origin === origin ? parsed.data : fresh;
}

async function unseenRows(reader: Reader, mark: Mark) {
  const rows = await reader
    .selectFrom('statements')
    .select(['docket', 'held_index', 'held_origin', 'kind'])
    .where('held_index', '>', mark.upTo)
    .where('own', '=', 0)
    .where('refused', 'is', null)
    .where('kind', 'not in', automaticKinds)
    .orderBy('held_index')
    .limit(rowsMax)
    .execute();
  return rows
    .map((row) => ({ docket: row.docket, origin: row.held_origin, index: Number(row.held_index) }))
    .filter(({ docket, origin, index }) => {
      return docket !== '' && origin === mark.origin && index > (mark.dockets[docket] ?? -1);
    });
}
