/** What goes into a pouch for each row of a counterpart's queue. */
import { decodeHex, encodeBase64, parseEnvelope } from '@comity/record';
import type { PouchRecord } from '@comity/record';
import { readRestoredFrom } from '../log/awaited.ts';
import { ownProof } from '../log/proofs.ts';
import { rootAt, treeSize } from '../log/tiles.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { secondListRecord } from './double-said.ts';
import { docketFacts } from './facts.ts';
import { entriesPerPouchMax, sqlListMax } from './limits.ts';
import { placeKey, proveMany } from './many-proofs.ts';
import type { EntryPlace } from './many-proofs.ts';
import type { OutboxRow } from './outbox.ts';

/** Our party and the origin of its log. */
export interface OwnLog {
  party: string;
  origin: string;
}

interface StoredStatement {
  id: string;
  author: string;
  own: number;
  kind: string;
  envelope: Uint8Array;
  list_digest: string;
  anchor_lines: string;
  said_origin: string;
  said_index: number;
  said_size: number;
  held_origin: string | null;
  held_index: number | null;
  held_size: number | null;
}

/** What `rowRecord` needs for the rows of one pouch, read together. */
export interface RowMaterial {
  statements: ReadonlyMap<string, StoredStatement>;
  /** Proofs of entries of our own log, by `placeKey`. */
  ownProofs: ReadonlyMap<string, string>;
}

/** Reads statements and the proofs of our own log for these rows. */
export async function readMaterial(
  reader: StoreReader,
  own: OwnLog,
  rows: readonly OutboxRow[],
): Promise<RowMaterial> {
  const statements = await readStatements(reader, rows);
  const places: EntryPlace[] = [];
  for (const row of rows) {
    const place = ownPlace(own, row.item, statements.get(row.ref));
    if (place !== null) places.push(place);
  }
  return { statements, ownProofs: await proveMany(reader, own.origin, places) };
}

/** Where our log has what a row sends: our statement as said, another's as held. */
function ownPlace(
  own: OwnLog,
  item: OutboxRow['item'],
  row: StoredStatement | undefined,
): EntryPlace | null {
  if (row === undefined) return null;
  if (item === 'statement' && row.own === 1 && row.said_origin === own.origin) {
    return { index: row.said_index, size: row.said_size };
  }
  if (item !== 'receipt' || row.held_origin !== own.origin) return null;
  if (row.held_index === null || row.held_size === null) return null;
  return { index: row.held_index, size: row.held_size };
}

/** Reads the statements of rows in bulk. */
export async function readStatements(
  reader: StoreReader,
  rows: readonly OutboxRow[],
): Promise<Map<string, StoredStatement>> {
  const ids = rows
    .filter((row) => row.item === 'statement' || row.item === 'receipt')
    .map((row) => row.ref);
  const found = new Map<string, StoredStatement>();
  for (let start = 0; start < ids.length; start += sqlListMax) {
    const part = await reader
      .selectFrom('statements')
      .select(['id', 'author', 'own', 'kind', 'envelope', 'list_digest', 'anchor_lines'])
      .select(['said_origin', 'said_index', 'said_size'])
      .select(['held_origin', 'held_index', 'held_size'])
      .where('id', 'in', ids.slice(start, start + sqlListMax))
      .execute();
    for (const row of part) found.set(row.id, row);
  }
  return found;
}

/** The record of one row; null where there is nothing to send (any more), so that the row goes. */
export async function rowRecord(
  reader: StoreReader,
  own: OwnLog,
  row: OutboxRow,
  material: RowMaterial,
): Promise<PouchRecord | null> {
  const stored = material.statements.get(row.ref);
  const place = ownPlace(own, row.item, stored);
  const known = place === null ? null : (material.ownProofs.get(placeKey(place)) ?? null);
  switch (row.item) {
    case 'statement':
      return statementRecord(reader, stored, known);
    case 'second-list':
      return secondListRecord(reader, row.ref);
    case 'receipt':
      return receiptRecord(reader, own.party, stored, known);
    case 'proof':
      return proofRecord(reader, own, row.ref);
    case 'cosignature':
      return cosignatureRecord(reader, row.ref);
    case 'checkpoint':
      return statedRecord(reader, row.ref);
    case 'entries':
      return entriesRecord(reader, own, row.ref);
    case 'request':
      return requestRecord(reader, own, row.ref);
    case 'digests':
      return JSON.parse(row.ref) as PouchRecord;
    case 'facts': {
      const { docket, from } = JSON.parse(row.ref) as { docket: string; from?: string };
      return docketFacts(reader, docket, from);
    }
  }
}

type RequestRecord = Extract<PouchRecord, { type: 'request' }>;

/** A row that asks for what we lost of our log; `settled`: for nothing but what others know of it. */
export function lostLogRequest(settled: boolean): string {
  return JSON.stringify({ type: 'request', what: 'checkpoint', ...(settled ? { settled } : {}) });
}

/**
 * A request as it waits, except that whoever asks for its own log says from where on it lost what it
 * had: that may have changed since, and one row for it is enough.
 */
async function requestRecord(reader: StoreReader, own: OwnLog, ref: string): Promise<PouchRecord> {
  const request = JSON.parse(ref) as RequestRecord & { settled?: boolean };
  if (request.what !== 'checkpoint') return request;
  const { type, what } = request;
  if (request.settled === true) {
    return { type, what, origin: own.origin, from: await treeSize(reader, own.origin) };
  }
  const lost = await readRestoredFrom(reader);
  return lost === null ? request : { type, what, ...lost };
}

async function statementRecord(
  reader: StoreReader,
  row: StoredStatement | undefined,
  known: string | null,
): Promise<PouchRecord | null> {
  if (row === undefined) return null;
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) return null;
  const said =
    known ??
    (row.own === 1 ? await ownProof(reader, row.id, 'said') : await saidProof(reader, row));
  if (said === null) return null;
  const record: PouchRecord = {
    type: 'envelope',
    envelope: envelope.value,
    said,
    anchorLines: JSON.parse(row.anchor_lines) as string[],
  };
  return row.own === 1 ? record : { ...record, introduced: true };
}

// Of the list that the envelope has: there may be a second one (double-said.ts).
async function saidProof(
  reader: StoreReader,
  statement: Pick<StoredStatement, 'id' | 'list_digest'>,
): Promise<string | null> {
  const row = await reader
    .selectFrom('proofs')
    .select('proof')
    .where('statement', '=', statement.id)
    .where('role', '=', 'said')
    .where('list_digest', '=', statement.list_digest)
    .orderBy('log_index')
    .limit(1)
    .executeTakeFirst();
  return row?.proof ?? null;
}

async function receiptRecord(
  reader: StoreReader,
  self: string,
  row: StoredStatement | undefined,
  known: string | null,
): Promise<PouchRecord | null> {
  if (row === undefined || row.held_index === null) return null;
  // An entry of an older log of ours is proved there.
  const proof = known ?? (await ownProof(reader, row.id, 'held'));
  const listDigest = row.list_digest;
  return { type: 'proof', listDigest, party: self, proof, role: 'held', statement: row.id };
}

async function proofRecord(
  reader: StoreReader,
  own: OwnLog,
  ref: string,
): Promise<PouchRecord | null> {
  const { statement, party, role } = JSON.parse(ref) as {
    statement: string;
    party: string;
    role: 'said' | 'held';
  };
  if (party === own.party) return ownProofRecord(reader, own, statement, role);
  const row = await reader
    .selectFrom('proofs')
    .select(['proof', 'list_digest'])
    .where('statement', '=', statement)
    .where('party', '=', party)
    .where('role', '=', role)
    .orderBy('log_index')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { proof, list_digest: listDigest } = row;
  return { type: 'proof', listDigest, party, proof, role, statement };
}

async function ownProofRecord(
  reader: StoreReader,
  own: OwnLog,
  statement: string,
  role: 'said' | 'held',
): Promise<PouchRecord | null> {
  const row = await reader
    .selectFrom('statements')
    .select(['list_digest', 'own', 'held_index'])
    .where('id', '=', statement)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (role === 'said' ? row.own === 0 : row.held_index === null) return null;
  const proof = await ownProof(reader, statement, role);
  const { list_digest: listDigest } = row;
  return { type: 'proof', listDigest, party: own.party, proof, role, statement };
}

async function cosignatureRecord(reader: StoreReader, ref: string): Promise<PouchRecord | null> {
  const { origin, size, vkey } = JSON.parse(ref) as { origin: string; size: number; vkey: string };
  const row = await reader
    .selectFrom('cosignatures')
    .select('line')
    .where('origin', '=', origin)
    .where('size', '=', size)
    .where('vkey', '=', vkey)
    .executeTakeFirst();
  const root = row === undefined ? null : await rootOf(reader, origin, size);
  if (row === undefined || root === null) return null;
  return { type: 'cosignature', origin, size, root: encodeBase64(root), line: row.line };
}

async function rootOf(
  reader: StoreReader,
  origin: string,
  size: number,
): Promise<Uint8Array | null> {
  const row = await reader
    .selectFrom('checkpoints')
    .select('root')
    .where('origin', '=', origin)
    .where('size', '=', size)
    .executeTakeFirst();
  if (row !== undefined) return decodeHex(row.root);
  return size <= (await treeSize(reader, origin)) ? rootAt(reader, origin, size) : null;
}

/** The newest checkpoint of a party's log that we hold: what it asks for after a restore. */
async function statedRecord(reader: StoreReader, ref: string): Promise<PouchRecord | null> {
  const { party } = JSON.parse(ref) as { party: string };
  const row = await reader
    .selectFrom('checkpoints')
    .innerJoin('credentials', 'credentials.origin', 'checkpoints.origin')
    .select(['checkpoints.note', 'checkpoints.size'])
    .where('credentials.party', '=', party)
    .orderBy('credentials.version', 'desc')
    .orderBy('checkpoints.size', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { type: 'checkpoint', party, note: row.note, from: row.size, consistency: [] };
}

/**
 * Entries from a position on, at most `entriesPerPouchMax`: of our own log, or of the asker's as we
 * copied it, which is how a restored log is rebuilt.
 */
export async function entriesRecord(
  reader: StoreReader,
  own: OwnLog,
  ref: string,
): Promise<PouchRecord | null> {
  const wish = JSON.parse(ref) as { from: number; party?: string };
  const party = wish.party ?? own.party;
  const origin = wish.party === undefined ? own.origin : await originOf(reader, wish.party);
  if (origin === null) return null;
  const rows = await reader
    .selectFrom('entries')
    .select(['log_index', 'entry'])
    .where('origin', '=', origin)
    .where('log_index', '>=', wish.from)
    .where('log_index', '<', wish.from + entriesPerPouchMax)
    .orderBy('log_index')
    .execute();
  if (rows.length === 0 || rows[0]?.log_index !== wish.from) return null;
  const data = Buffer.concat(rows.map((row) => row.entry)).toString('base64');
  return { type: 'entries', party, start: wish.from, data };
}

/** Origin of a party's log by its newest credentials. */
export async function originOf(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<string | null> {
  const row = await reader
    .selectFrom('credentials')
    .select('origin')
    .where('party', '=', party)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.origin ?? null;
}

/** Bytes that a record takes in a pouch, near enough to keep a pouch below its limit. */
export function recordBytes(record: PouchRecord): number {
  if (record.type === 'envelope') {
    const { payload, signatures } = record.envelope;
    const signed = JSON.stringify(signatures).length;
    const lines = record.anchorLines.reduce((sum, line) => sum + line.length + 4, 0);
    return Math.ceil(payload.length / 3) * 4 + signed + record.said.length * 1.1 + lines + 256;
  }
  if (record.type === 'entries') return record.data.length + 256;
  if (record.type === 'proof') return record.proof.length * 1.1 + 512;
  return JSON.stringify(record).length + 64;
}
