/**
 * A log that proves two entries at one index has forked, as one that signs two trees of one size has
 * (protocol.md, Log: fork evidence). What the proofs of a pouch say of a log is held against the
 * proofs that we have and against our verified copy of that log.
 */
import {
  canonicalJson,
  decodeHex,
  encodeHex,
  equalBytes as isSame,
  formatLogProof,
  logEntry,
} from '@comity/record';
import { raiseAlarm } from '../alarms.ts';
import { recordEvidence } from '../log/evidence.ts';
import { proveEntry } from '../log/proofs.ts';
import { treeSize } from '../log/tiles.ts';
import type { ProofsTable } from '../store/schema.ts';
import type { StoreTransaction } from '../store/store.ts';
import { sqlListMax } from './limits.ts';
import type { ProvedEntry } from './proof-checks.ts';

const forksKeptMax = 64;

/** Keeps both proofs, with an alarm, wherever one of these entries is not the only one at its index. */
export async function noteEntryForks(
  tx: StoreTransaction,
  proved: readonly ProvedEntry[],
  now: number,
): Promise<void> {
  for (const [origin, list] of Map.groupBy(proved, (one) => one.origin)) {
    for (let start = 0; start < list.length; start += sqlListMax) {
      await lookIn(tx, origin, list.slice(start, start + sqlListMax), now);
    }
  }
}

async function lookIn(
  tx: StoreTransaction,
  origin: string,
  list: readonly ProvedEntry[],
  now: number,
): Promise<void> {
  const indexes = [...new Set(list.map(({ index }) => index))];
  const proofs = await tx
    .selectFrom('proofs')
    .select(['log_index', 'size', 'role', 'statement', 'list_digest'])
    .where('origin', '=', origin)
    .where('log_index', 'in', indexes)
    .execute();
  const proofsAt = Map.groupBy(proofs, (row) => row.log_index);
  const verified = await treeSize(tx, origin);
  const copied = await tx
    .selectFrom('entries')
    .select(['log_index', 'entry'])
    .where('origin', '=', origin)
    .where('log_index', 'in', indexes)
    .where('log_index', '<', verified)
    .execute();
  const copies = new Map(copied.map((row) => [row.log_index, row.entry]));
  for (const one of list) {
    const row = (proofsAt.get(one.index) ?? []).find((each) => !isSame(one.entry, entryOf(each)));
    const copy = copies.get(one.index);
    if (row !== undefined) await keep(tx, one, await proofOf(tx, origin, row), now);
    else if (copy !== undefined && !isSame(one.entry, new Uint8Array(copy))) {
      const proof = await ofCopy(tx, origin, one.index, verified);
      if (proof !== null) await keep(tx, one, proof, now);
    }
  }
}

type ProofPlace = Pick<ProofsTable, 'statement' | 'role' | 'log_index' | 'size' | 'list_digest'>;

function entryOf({ role, statement, list_digest }: ProofPlace): Uint8Array {
  return logEntry(role, statement, decodeHex(list_digest) ?? new Uint8Array(32));
}

async function proofOf(tx: StoreTransaction, origin: string, place: ProofPlace): Promise<string> {
  const row = await tx
    .selectFrom('proofs')
    .select('proof')
    .where('origin', '=', origin)
    .where('log_index', '=', place.log_index)
    .where('size', '=', place.size)
    .where('statement', '=', place.statement)
    .where('role', '=', place.role)
    .executeTakeFirstOrThrow();
  return row.proof;
}

/** The proof that our verified copy of the log gives for its entry at an index. */
async function ofCopy(
  tx: StoreTransaction,
  origin: string,
  index: number,
  verified: number,
): Promise<string | null> {
  const row = await tx
    .selectFrom('checkpoints')
    .select('size')
    .where('origin', '=', origin)
    .where('size', '>', index)
    .where('size', '<=', verified)
    .orderBy('size')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : formatLogProof(await proveEntry(tx, origin, index, row.size));
}

async function keep(
  tx: StoreTransaction,
  one: ProvedEntry,
  other: string,
  now: number,
): Promise<void> {
  const { party, origin, index } = one;
  const proofs = [one.proof, other].sort();
  const body = canonicalJson({ index, origin, proofs });
  const alarm = { code: 'log-fork', party, about: origin };
  const { count } = await tx
    .selectFrom('evidence')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('kind', '=', 'log-fork')
    .where('party', '=', party)
    .executeTakeFirstOrThrow();
  // One is enough; a log that forks must not fill our disk with proofs of it.
  if (Number(count) < forksKeptMax) {
    await recordEvidence(tx, { kind: 'log-fork', party, body }, now);
  }
  const detail = `${origin} proves two entries at ${index}, one ${encodeHex(one.entry)}`;
  await raiseAlarm(tx, { ...alarm, detail }, now);
}
