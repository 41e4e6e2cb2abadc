/**
 * Lines that a statement's anchors commit to and that have not come with it (rulings.md, 5). Until
 * they come the statement waits as with missing parents, and like these they are asked for: whoever
 * passes a statement on without them gains nothing.
 */
import { divideAnchorLines, parseEnvelope, parseStatement } from '@comity/record';
import type { Statement } from '@comity/record';
import { markDirty } from '../dockets/dirty.ts';
import type { StoreTransaction } from '../store/store.ts';
import type { ReadEnvelope } from './envelope-checks.ts';
import type { KnownStatement } from './statements-known.ts';

/** Whether these are not the lines that the statement's anchors commit to. */
export function lacksLines(statement: Statement, lines: readonly string[]): boolean {
  return statement.anchor.length > 0 && divideAnchorLines(statement.anchor, lines) === null;
}

/** The same of a row of the statements table; what cannot be read has no anchors. */
export function rowLacksLines(row: { envelope: Uint8Array; anchor_lines: string }): boolean {
  if (row.anchor_lines !== '[]') return false;
  const envelope = parseEnvelope(new Uint8Array(row.envelope));
  if (!envelope.ok) return false;
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  return parsed.ok && lacksLines(parsed.value.statement, []);
}

/** Keeps lines that come later than their statement; gives the docket that changes, or null. */
export async function completeAnchorLines(
  tx: StoreTransaction,
  read: ReadEnvelope,
  known: KnownStatement,
): Promise<string | null> {
  const { parsed, coming, id } = read;
  if (!known.anchorLinesMissing || !parsed.ok) return null;
  const { statement } = parsed.value;
  if (statement.anchor.length === 0 || lacksLines(statement, coming.anchorLines)) return null;
  const anchor_lines = JSON.stringify(coming.anchorLines);
  if (anchor_lines === '[]') return null;
  await tx.updateTable('statements').set({ anchor_lines }).where('id', '=', id).execute();
  await tx.deleteFrom('missing').where('id', '=', id).execute();
  await markDirty(tx, [known.docket]);
  return known.docket;
}
