/**
 * Cosigning counterparts' checkpoints with our witness key: every node is a witness for its
 * counterparts always (protocol.md, Log).
 *
 * The check-and-set is the witness's own (witness/add-checkpoint.ts), so that a checkpoint that
 * comes in a pouch and one that comes over HTTP are held against the same last one.
 */
import { decodeHex, equalBytes, formatVkey, verifyConsistency } from '@comity/record';
import type { Checkpoint, NoteSigner } from '@comity/record';
import { copyState } from '../log/copies.ts';
import { rootAt } from '../log/tiles.ts';
import type { StoreTransaction } from '../store/store.ts';
import { cosignTaken, registerWitnessedLog } from '../witness/add-checkpoint.ts';
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
  const { origin, size } = wish.checkpoint;
  const last = await tx
    .selectFrom('witnessed_logs')
    .select(['size', 'keys'])
    .where('origin', '=', origin)
    .executeTakeFirst();
  if (size <= (last?.size ?? 0)) return [];
  if (last?.keys !== JSON.stringify(wish.keys)) await registerWitnessedLog(tx, origin, wish.keys);
  const clock = { now: () => now, nowMs: () => now * 1000 };
  const deps = { clock, witnessSigner: signer };
  const line = await cosignTaken(tx, deps, wish.note, (at, root) => isOfTree(tx, wish, at, root));
  if (line === null) return [];
  const ref = cosignatureRef({ checkpoint: wish.checkpoint, vkey: formatVkey(signer.key) });
  await queueItems(tx, [{ party: wish.party, item: 'cosignature', ref, lane: 1 }], now);
  return docketsWithEntries(tx, origin, last?.size ?? 0, size, ownOrigin);
}

/** Whether the tree that was accepted has this root at a size that we cosigned before. */
async function isOfTree(
  tx: StoreTransaction,
  wish: CosignWish,
  at: number,
  rootHex: string,
): Promise<boolean> {
  const { origin, size, root } = wish.checkpoint;
  const known = decodeHex(rootHex);
  if (known === null) return false;
  const stored = await tx
    .selectFrom('checkpoints')
    .select('root')
    .where('origin', '=', origin)
    .where('size', '=', at)
    .executeTakeFirst();
  if (stored !== undefined) return stored.root === rootHex;
  const { verified } = await copyState(tx, origin);
  if (at <= verified) return equalBytes(await rootAt(tx, origin, at), known);
  const { from, path } = wish.consistency;
  return from === at && verifyConsistency(at, size, known, root, [...path]);
}
