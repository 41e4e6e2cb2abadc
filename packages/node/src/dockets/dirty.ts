/**
 * Which dockets a new proof concerns. The flag is durable, so that a node killed between taking in
 * and folding folds after its next start.
 */
import type { StoreTransaction } from '../store/store.ts';

/**
 * Marks every docket that has an entry of that log with `from` <= index < `to` and returns
 * their ids. Call it when a cosignature for size `to` was stored and the cosigner's previous one
 * was for size `from` (0 if none): only these entries gained a fact.
 */
export async function markDirtyByEntries(
  tx: StoreTransaction,
  log: { owner: string; origin: string; own: boolean },
  from: number,
  to: number,
): Promise<string[]> {
  const { owner, origin, own } = log;
  const said = await tx
    .selectFrom('statements')
    .select('docket')
    .distinct()
    .where('author', '=', owner)
    .where('said_origin', '=', origin)
    .where('said_index', '>=', from)
    .where('said_index', '<', to)
    .execute();
  const held = own
    ? await tx
        .selectFrom('statements')
        .select('docket')
        .distinct()
        .where('held_index', '>=', from)
        .where('held_index', '<', to)
        .execute()
    : await tx
        .selectFrom('proofs')
        .innerJoin('statements', 'statements.id', 'proofs.statement')
        .select('statements.docket as docket')
        .distinct()
        .where('proofs.origin', '=', origin)
        .where('proofs.log_index', '>=', from)
        .where('proofs.log_index', '<', to)
        .execute();
  const ids = [...new Set([...said, ...held].map(({ docket }) => docket))].filter(
    (id) => id !== '',
  );
  await markDirty(tx, ids);
  return ids;
}

/** Marks dockets as changed; those not folded yet have no row and are found by their statements. */
export async function markDirty(tx: StoreTransaction, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += 500) {
    await tx
      .updateTable('dockets')
      .set({ dirty: 1 })
      .where('id', 'in', ids.slice(start, start + 500))
      .execute();
  }
}
