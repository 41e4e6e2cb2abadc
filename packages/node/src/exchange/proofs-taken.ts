/**
 * Proofs that others send: receipts of our statements, receipts that participants gave each other
 * (protocol.md, Receipt). Each is checked against the log keys of the log's owner, with the entry
 * computed again from the statement's id and the list digest.
 */
import { decodeHex, logEntry } from '@comity/record';
import type { Chain } from '@comity/record';
import { insertRows } from '../store/insert-rows.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { raiseAlarm } from '../alarms.ts';
import { sendOurs } from './double-said.ts';
import { sqlListMax } from './limits.ts';
import { coverStatements } from './outbox.ts';
import type { ProofChecks } from './proof-checks.ts';

/** A proof record as it came (record, pouch.ts). */
export interface ComingProof {
  statement: string;
  party: string;
  role: 'said' | 'held';
  listDigest: string;
  proof: string;
}

export interface CheckedProofRecord extends ComingProof {
  origin: string;
  index: number;
  size: number;
}

/**
 * The records that hold. `chainOf` gives the chain of a known party, from memory. Those of our own
 * log are left out: they only show the checkpoints in them, which a restored home takes back.
 */
export function checkProofRecords(
  records: readonly ComingProof[],
  chainOf: (party: string) => Chain | null,
  proofs: ProofChecks,
  self: string,
): CheckedProofRecord[] {
  const checked: CheckedProofRecord[] = [];
  for (const record of records) {
    const chain = chainOf(record.party);
    const listDigest = decodeHex(record.listDigest);
    const id = decodeHex(record.statement);
    if (chain === null || listDigest?.length !== 32 || id?.length !== 32) continue;
    const leaf = logEntry(record.role, record.statement, listDigest);
    const result = proofs.check(chain, record.proof, leaf);
    if (!result.ok || record.party === self) continue;
    const { checkpoint, proof } = result.value;
    const { origin, size } = checkpoint;
    checked.push({ ...record, origin, index: proof.index, size });
  }
  return checked;
}

export interface ProofsStored {
  /** Statements whose dockets change, with their dockets. */
  dockets: string[];
  /** Our statements that this party now provably holds. */
  receipts: { id: string; by: string }[];
}

/**
 * Stores checked proofs. The first receipt of a party for a statement stands; of two entries for
 * one statement in one log the lower index counts, so a lower one is added beside it. Of two proofs
 * of one entry the one by the smaller checkpoint counts: a restored party may prove its entry by a
 * later one until it has that at which the entry was born again.
 */
export async function storeProofs(
  tx: StoreTransaction,
  checked: readonly CheckedProofRecord[],
  now: number,
): Promise<ProofsStored> {
  const statements = await statementsOf(tx, checked);
  const known = await knownProofs(tx, checked);
  const fresh: CheckedProofRecord[] = [];
  const receipts: { id: string; by: string }[] = [];
  const dockets = new Set<string>();
  for (const proof of checked) {
    const row = statements.get(proof.statement);
    if (row?.own === 1 && row.list_digest !== proof.listDigest) {
      await alarmOtherList(tx, proof, now);
      continue;
    }
    if (proof.role === 'held' && row?.own === 1) {
      receipts.push({ id: proof.statement, by: proof.party });
    }
    const lowest = known.get(proofKey(proof));
    const earlier = lowest?.index === proof.index && proof.size < lowest.size;
    if (lowest !== undefined && lowest.index <= proof.index && !earlier) continue;
    known.set(proofKey(proof), proof);
    if (earlier) await replaceProof(tx, proof);
    else fresh.push(proof);
    if (row !== undefined && row.docket !== '') dockets.add(row.docket);
  }
  const rows = fresh.map((each) => ({
    statement: each.statement,
    party: each.party,
    role: each.role,
    origin: each.origin,
    log_index: each.index,
    size: each.size,
    list_digest: each.listDigest,
    proof: each.proof,
    taken_at: now,
  }));
  await insertRows(tx, 'proofs', rows, 'keep');
  await coverHeld(tx, checked, statements);
  await answerOtherLists(tx, fresh, statements, now);
  return { dockets: [...dockets], receipts };
}

/** Who receipts a statement of a third party with another list than ours gets the one that we have. */
async function answerOtherLists(
  tx: StoreTransaction,
  fresh: readonly CheckedProofRecord[],
  statements: ReadonlyMap<string, { own: number; list_digest: string }>,
  now: number,
): Promise<void> {
  for (const { role, party, statement, listDigest } of fresh) {
    const row = statements.get(statement);
    if (role !== 'held' || row === undefined || row.own === 1) continue;
    if (row.list_digest !== listDigest) await sendOurs(tx, party, [statement], now);
  }
}

async function replaceProof(tx: StoreTransaction, proof: CheckedProofRecord): Promise<void> {
  const { statement, party, role, origin, index, size, listDigest } = proof;
  await tx
    .updateTable('proofs')
    .set({ size, proof: proof.proof })
    .where('statement', '=', statement)
    .where('party', '=', party)
    .where('role', '=', role)
    .where('origin', '=', origin)
    .where('log_index', '=', index)
    .where('list_digest', '=', listDigest)
    .execute();
}

/**
 * Whoever holds a statement, or has said it as its author, needs it no more. An entry `said` of what
 * another said is no receipt.
 */
async function coverHeld(
  tx: StoreTransaction,
  checked: readonly CheckedProofRecord[],
  statements: ReadonlyMap<string, { author: string }>,
): Promise<void> {
  const covering = checked.filter(
    ({ role, party, statement }) => role === 'held' || statements.get(statement)?.author === party,
  );
  const held = Map.groupBy(covering, (each) => each.party);
  for (const [party, list] of held) {
    await coverStatements(
      tx,
      party,
      list.map((each) => each.statement),
    );
  }
}

async function alarmOtherList(
  tx: StoreTransaction,
  proof: CheckedProofRecord,
  now: number,
): Promise<void> {
  const { party, statement } = proof;
  const detail = `${party} holds our statement ${statement} with another signature list`;
  await raiseAlarm(tx, { code: 'other-list', party, about: statement, detail }, now);
}

interface KnownStatement {
  author: string;
  own: number;
  docket: string;
  list_digest: string;
}

async function statementsOf(
  reader: StoreReader | StoreTransaction,
  checked: readonly CheckedProofRecord[],
): Promise<Map<string, KnownStatement>> {
  const found = new Map<string, KnownStatement>();
  const ids = [...new Set(checked.map((each) => each.statement))];
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const rows = await reader
      .selectFrom('statements')
      .select(['id', 'author', 'own', 'docket', 'list_digest'])
      .where('id', 'in', ids.slice(start, start + sqlListMax))
      .execute();
    for (const row of rows) found.set(row.id, row);
  }
  return found;
}

type KnownProof = Pick<CheckedProofRecord, 'index' | 'size'>;

async function knownProofs(
  reader: StoreReader | StoreTransaction,
  checked: readonly CheckedProofRecord[],
): Promise<Map<string, KnownProof>> {
  const lowest = new Map<string, KnownProof>();
  const ids = [...new Set(checked.map((each) => each.statement))];
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const rows = await reader
      .selectFrom('proofs')
      .select(['statement', 'party', 'role', 'origin', 'log_index', 'size'])
      .where('statement', 'in', ids.slice(start, start + sqlListMax))
      .execute();
    for (const row of rows) {
      const key = proofKey(row);
      const { log_index: index, size } = row;
      if (index < (lowest.get(key)?.index ?? Infinity)) lowest.set(key, { index, size });
    }
  }
  return lowest;
}

function proofKey(proof: {
  statement: string;
  party: string;
  role: string;
  origin: string;
}): string {
  return `${proof.statement} ${proof.party} ${proof.role} ${proof.origin}`;
}
