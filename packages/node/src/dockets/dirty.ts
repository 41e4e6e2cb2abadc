/**
 * The durable mark of dockets whose inputs changed: set in the transaction that changed them, taken
 * back when the new state is stored, and looked for at start.
 */
import { insertTogether } from '../store/insert-rows.ts';
import type { TableRows } from '../store/insert-rows.ts';
import type { StoreTransaction } from '../store/store.ts';

/** Type and state of a docket that has statements and was never folded. */
export const unfolded = 'unfolded';

/** Marks dockets; one that was never folded gets a row that says no more than that. */
export async function markDirty(tx: StoreTransaction, dockets: readonly string[]): Promise<void> {
  await insertTogether(tx, [dirtyRows(dockets)]);
}

/** The rows of `markDirty`, to be inserted with others. */
export function dirtyRows(dockets: readonly string[]): TableRows {
  const ids = [...new Set(dockets)].filter((id) => id !== '');
  const onConflict = { key: ['id'], replace: ['dirty'] };
  return { table: 'dockets', columns: ['id'], values: ids, constants: unfoldedRow, onConflict };
}

const unfoldedRow = {
  type: unfolded,
  subject: '',
  state: unfolded,
  state_json: '{}',
  state_digest: '',
  input_digest: '',
  fold: 1,
  heads: '[]',
  participants: '[]',
  last_act: null,
  last_act_at: null,
  dirty: 1,
};
