/**
 * Cosigning counterparts' checkpoints with our witness key: every node is a witness for its
 * counterparts always (protocol.md, Log).
 *
 * Check and set: the newest size that we cosigned of a log is in `witnessed_logs`, and moves in the
 * same transaction that keeps the cosignature; nothing is signed that was not shown to continue it.
 * Our times for one log never decrease.
 */
import {
  cosign,
  decodeHex,
  encodeHex,
  encodeText,
  equalBytes,
  formatCheckpoint,
  formatVkey,
  sha256Hex,
  verifyConsistency,
} from '@comity/record';
import type { Checkpoint, NoteSigner } from '@comity/record';
import { copyState } from '../log/copies.ts';
import { rootAt } from '../log/tiles.ts';
import type { StoreTransaction } from '../store/store.ts';
import { cosignatureRef } from './cosignatures.ts';
import { docketsWithEntries } from './docket-marks.ts';
import { queueItems } from './outbox.ts';

export interface CosignWish {
  /** The log's owner, who gets the cosignature. */
  party: string;
  /** vkeys of the log. */
  keys: string[];
  /** Accepted: verified, and shown to be of the tree that we know. */
  checkpoint: Checkpoint;
  note: string;
  /** The proof that came with it. */
  consistency: { from: number; path: readonly Uint8Array[] };
}

/** Cosigns what is newer than our last; returns the dockets whose times may change by it. */
export async function cosignCounterpart(
  tx: StoreTransaction,
  signer: NoteSigner,
  ownOrigin: string,
  wish: CosignWish,
  now: number,
): Promise<string[]> {
  const { origin, size, root } = wish.checkpoint;
  if (size === 0) return [];
  const last = await tx
    .selectFrom('witnessed_logs')
    .select(['size', 'root', 'time'])
    .where('origin', '=', origin)
    .executeTakeFirst();
  if (last !== undefined && last.size >= size) return [];
  if (last !== undefined && !(await continues(tx, last, wish))) return [];
  const time = Math.max(now, last?.time ?? 1);
  const line = cosign(formatCheckpoint(wish.checkpoint), signer, time);
  const row = {
    keys: JSON.stringify(wish.keys),
    size,
    root: encodeHex(root),
    time,
    note: wish.note,
  };
  await tx
    .insertInto('witnessed_logs')
    .values({ origin, origin_hash: sha256Hex(encodeText(origin)), ...row })
    .onConflict((conflict) => conflict.column('origin').doUpdateSet(row))
    .execute();
  const vkey = formatVkey(signer.key);
  await tx
    .insertInto('cosignatures')
    .values({ origin, size, vkey, time, line })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const ref = cosignatureRef({ checkpoint: wish.checkpoint, vkey });
  await queueItems(tx, [{ party: wish.party, item: 'cosignature', ref, lane: 1 }], now);
  return docketsWithEntries(tx, origin, last?.size ?? 0, size, ownOrigin);
}

async function continues(
  tx: StoreTransaction,
  last: { size: number; root: string },
  wish: CosignWish,
): Promise<boolean> {
  const { origin, size, root } = wish.checkpoint;
  const known = decodeHex(last.root);
  if (known === null) return false;
  if (last.size === 0) return true;
  const stored = await tx
    .selectFrom('checkpoints')
    .select('root')
    .where('origin', '=', origin)
    .where('size', '=', last.size)
    .executeTakeFirst();
  if (stored !== undefined) return stored.root === last.root;
  const { verified } = await copyState(tx, origin);
  if (last.size <= verified) return equalBytes(await rootAt(tx, origin, last.size), known);
  const { from, path } = wish.consistency;
  return from === last.size && verifyConsistency(last.size, size, known, root, [...path]);
}
