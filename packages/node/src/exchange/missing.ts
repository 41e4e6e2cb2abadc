/**
 * Parents that a statement names and we do not hold (protocol.md, Intake). They are asked for in
 * bounded portions; what is beyond the bound is found again from the `parents` table later.
 *
 * A refused id counts as taken (rulings.md, 11): it is in `refusals`, and nobody is asked for it.
 * A statement that we hold is missing too where the lines of its anchors are (rulings.md, 5).
 */
import { sql } from 'kysely';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { missingAskAgainSeconds, missingPerPartyMax, requestIdsMax, sqlListMax } from './limits.ts';
import { queueItems } from './outbox.ts';

/** A parent that may be missing, with whom to ask. */
export interface NamedParent {
  id: string;
  docket: string;
  party: string;
  /** We hold it, and what is missing are the lines of its anchors. */
  lines?: boolean;
}

/** Notes which of these parents we lack, up to the bound of each party. */
export async function noteMissing(
  tx: StoreTransaction,
  named: readonly NamedParent[],
  now: number,
): Promise<void> {
  const wanted = new Map(named.map((each) => [each.id, each]));
  const asStatements = [...wanted.values()].filter((each) => each.lines !== true);
  for (const id of await knownIds(
    tx,
    asStatements.map((each) => each.id),
  )) {
    wanted.delete(id);
  }
  const byParty = Map.groupBy(wanted.values(), (each) => each.party);
  for (const [party, list] of byParty) {
    const { count } = await tx
      .selectFrom('missing')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('party', '=', party)
      .executeTakeFirstOrThrow();
    const room = list.slice(0, Math.max(0, missingPerPartyMax - Number(count)));
    if (room.length < list.length) await markOverflow(tx, party);
    for (let start = 0; start < room.length; start += sqlListMax) {
      await tx
        .insertInto('missing')
        .values(
          room.slice(start, start + sqlListMax).map(({ id, docket }) => ({
            id,
            docket,
            party,
            since: now,
            asked_at: null,
          })),
        )
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    }
  }
}

/**
 * Queues one request to this party for what it was not asked for lately. Returns how many ids.
 * Whoever does not answer is asked again later; the other participants of the docket are asked
 * when their own statements name the same parents.
 */
export async function askForMissing(
  tx: StoreTransaction,
  party: string,
  now: number,
): Promise<number> {
  const due = await tx
    .selectFrom('missing')
    .select('id')
    .where('party', '=', party)
    .where((e) =>
      e.or([
        e('asked_at', 'is', null),
        // What nobody answers for long is asked for less and less often.
        e.and([
          e('asked_at', '<=', now - missingAskAgainSeconds),
          sql<boolean>`asked_at + (${now} - since) / 4 <= ${now}`,
        ]),
      ]),
    )
    .orderBy(sql`coalesce(asked_at, 0)`)
    .orderBy('id')
    .limit(requestIdsMax)
    .execute();
  if (due.length === 0) return 0;
  const ids = due.map((row) => row.id).sort();
  await tx.updateTable('missing').set({ asked_at: now }).where('id', 'in', ids).execute();
  const ref = JSON.stringify({ type: 'request', what: 'statements', ids });
  await queueItems(tx, [{ party, item: 'request', ref, lane: 0 }], now);
  return ids.length;
}

const overflowKey = (party: string) => `missing-overflow/${party}`;

/** Notes that more is missing than the list holds. */
async function markOverflow(tx: StoreTransaction, party: string): Promise<void> {
  await tx
    .insertInto('meta')
    .values({ key: overflowKey(party), value: '1' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Fills the list again from `parents` when it has run empty and once held less than was missing. */
export async function refillMissing(
  tx: StoreTransaction,
  party: string,
  now: number,
): Promise<void> {
  const overflow = await tx
    .selectFrom('meta')
    .select('key')
    .where('key', '=', overflowKey(party))
    .executeTakeFirst();
  if (overflow === undefined) return;
  const waiting = await tx
    .selectFrom('missing')
    .select('id')
    .where('party', '=', party)
    .limit(1)
    .executeTakeFirst();
  if (waiting !== undefined) return;
  await tx.deleteFrom('meta').where('key', '=', overflowKey(party)).execute();
  const rows = await tx
    .selectFrom('parents')
    .innerJoin('statements as child', 'child.id', 'parents.child')
    .leftJoin('statements as parent', 'parent.id', 'parents.parent')
    .leftJoin('refusals', 'refusals.statement', 'parents.parent')
    .select(['parents.parent as id', 'parents.docket'])
    .distinct()
    .where('child.author', '=', party)
    .where('parent.id', 'is', null)
    .where('refusals.statement', 'is', null)
    .limit(missingPerPartyMax + 1)
    .execute();
  await noteMissing(
    tx,
    rows.map((row) => ({ ...row, party })),
    now,
  );
}

/** Those of these ids that we hold, or have refused. */
export async function knownIds(
  reader: StoreReader | StoreTransaction,
  ids: readonly string[],
): Promise<Set<string>> {
  const known = new Set<string>();
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const part = ids.slice(start, start + sqlListMax);
    const held = await reader
      .selectFrom('statements')
      .select('id')
      .where('id', 'in', part)
      .execute();
    const refused = await reader
      .selectFrom('refusals')
      .select('statement')
      .where('statement', 'in', part)
      .execute();
    for (const row of held) known.add(row.id);
    for (const row of refused) known.add(row.statement);
  }
  return known;
}
