/** Inclusion and consistency proofs out of stored tiles; the same call gives the same bytes. */
import {
  consistencyFromNodes,
  consistencyNodes,
  formatLogProof,
  inclusionFromNodes,
  inclusionNodes,
  InvariantError,
  type LogProof,
} from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { noteWithMoreLines } from './checkpoints.ts';
import { nodeHashes } from './tiles.ts';

/** Cosignature rows looked at for one better proof. */
const cosignaturesReadMax = 4096;

/** Path of entry `index` in the tree of `size`; throws unless index < size ≤ stored size. */
async function proveInclusion(
  reader: StoreReader | StoreTransaction,
  origin: string,
  index: number,
  size: number,
): Promise<Uint8Array[]> {
  const hashes = await nodeHashes(reader, origin, inclusionNodes(index, size));
  return inclusionFromNodes(index, size, hashes);
}

/** Proof that the tree of `from` is a prefix of that of `to`; empty when from is 0 or equal. */
export async function proveConsistency(
  reader: StoreReader | StoreTransaction,
  origin: string,
  from: number,
  to: number,
): Promise<Uint8Array[]> {
  if (from === 0 || from === to) return [];
  const hashes = await nodeHashes(reader, origin, consistencyNodes(from, to));
  return consistencyFromNodes(from, to, hashes);
}

/**
 * The proof of entry `index` at the stored checkpoint of exactly `size`. Its note is the stored
 * one, so the proof at the birth size is the same bytes for ever. Throws when no such checkpoint is
 * stored. Await `Sequencer.settled` before the bytes leave the process.
 */
export async function proveEntry(
  reader: StoreReader | StoreTransaction,
  origin: string,
  index: number,
  size: number,
): Promise<LogProof> {
  const row = await reader
    .selectFrom('checkpoints')
    .select('note')
    .where('origin', '=', origin)
    .where('size', '=', size)
    .executeTakeFirst();
  if (row === undefined) throw new InvariantError(`no checkpoint of ${origin} at ${size}`);
  return { index, path: await proveInclusion(reader, origin, index, size), checkpoint: row.note };
}

/** Place of a statement's entry in our own log; throws when it has none in that role. */
async function ownPlace(
  reader: StoreReader | StoreTransaction,
  statementId: string,
  role: 'said' | 'held',
): Promise<{ origin: string; index: number; size: number }> {
  const row = await reader
    .selectFrom('statements')
    .select(['own', 'said_origin', 'said_index', 'said_size'])
    .select(['held_origin', 'held_index', 'held_size'])
    .where('id', '=', statementId)
    .executeTakeFirst();
  if (row !== undefined && role === 'said' && row.own === 1) {
    return { origin: row.said_origin, index: row.said_index, size: row.said_size };
  }
  const { held_origin: origin, held_index: index, held_size: size } = row ?? {};
  if (role === 'said' || origin == null || index == null || size == null) {
    throw new InvariantError(`our log has no ${role} entry of ${statementId}`);
  }
  return { origin, index, size };
}

/**
 * The proof of a statement of ours past the end of a log that ended, as another gave it back: the
 * entries and checkpoints there are lost (exchange/own-statements.ts). Null for every other.
 */
async function keptProof(
  reader: StoreReader | StoreTransaction,
  statement: string,
  origin: string,
): Promise<string | null> {
  const row = await reader
    .selectFrom('proofs')
    .innerJoin('statements', 'statements.id', 'proofs.statement')
    .select('proofs.proof')
    .where('proofs.statement', '=', statement)
    .where('proofs.role', '=', 'said')
    .where('proofs.origin', '=', origin)
    .whereRef('proofs.party', '=', 'statements.author')
    .where('statements.own', '=', 1)
    .limit(1)
    .executeTakeFirst();
  return row?.proof ?? null;
}

/** tlog-proof text at the birth checkpoint: for role 'held' this is our receipt. */
export async function ownProof(
  reader: StoreReader | StoreTransaction,
  statementId: string,
  role: 'said' | 'held',
): Promise<string> {
  const { origin, index, size } = await ownPlace(reader, statementId, role);
  const kept = role === 'said' ? await keptProof(reader, statementId, origin) : null;
  if (kept !== null) return kept;
  return formatLogProof(await proveEntry(reader, origin, index, size));
}

/**
 * tlog-proof text at the smallest checkpoint whose cosigners satisfy `satisfied` (vkeys in, as
 * `policySatisfied` takes them), with their lines; else the birth proof. Own-account lines count as
 * cosigners only if `satisfied` says so.
 */
export async function bestProof(
  reader: StoreReader | StoreTransaction,
  statementId: string,
  role: 'said' | 'held',
  satisfied: (vkeys: string[]) => boolean,
): Promise<string> {
  const { origin, index, size } = await ownPlace(reader, statementId, role);
  const kept = role === 'said' ? await keptProof(reader, statementId, origin) : null;
  if (kept !== null) return kept;
  const best = await smallestCosigned(reader, origin, size, satisfied);
  const proof = await proveEntry(reader, origin, index, best?.size ?? size);
  const checkpoint = noteWithMoreLines(proof.checkpoint, best?.lines ?? []);
  return formatLogProof({ ...proof, checkpoint });
}

/** Smallest stored checkpoint from `size` on with enough cosigners, and their lines. */
export async function smallestCosigned(
  reader: StoreReader | StoreTransaction,
  origin: string,
  size: number,
  satisfied: (vkeys: string[]) => boolean,
): Promise<{ size: number; lines: string[] } | null> {
  const rows = await reader
    .selectFrom('cosignatures')
    .innerJoin('checkpoints', (join) =>
      join
        .onRef('checkpoints.origin', '=', 'cosignatures.origin')
        .onRef('checkpoints.size', '=', 'cosignatures.size'),
    )
    .select(['cosignatures.size', 'cosignatures.vkey', 'cosignatures.line'])
    .where('cosignatures.origin', '=', origin)
    .where('cosignatures.size', '>=', size)
    .orderBy('cosignatures.size')
    .orderBy('cosignatures.vkey')
    .limit(cosignaturesReadMax)
    .execute();
  for (let start = 0; start < rows.length;) {
    const at = rows[start]?.size ?? 0;
    const group = rows.filter((row) => row.size === at);
    if (satisfied(group.map((row) => row.vkey))) {
      return { size: at, lines: group.map((row) => row.line) };
    }
    start += group.length;
  }
  return null;
}
