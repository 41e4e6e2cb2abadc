/** The rows that a batch of log entries leaves behind, inserted many at a time. */
import { canonicalJson, encodeHex, partyOf, type JsonValue } from '@comity/record';
import type { Insertable } from 'kysely';
import type { Schema } from '../store/schema.ts';
import { dirtyRows } from '../dockets/dirty.ts';
import { insertTogether, rowsFor } from '../store/insert-rows.ts';
import type { TableRows } from '../store/insert-rows.ts';
import type { StoreTransaction } from '../store/store.ts';
import type { HeldJob, SaidJob } from './jobs.ts';

/** A job with its place in our log. */
export type Placed =
  ({ role: 'said'; job: SaidJob } & Place) | ({ role: 'held'; job: HeldJob } & Place);

interface Place {
  index: number;
  size: number;
  update: boolean;
  /** The log of an entry that came back after a restore; that in force when left out. */
  origin?: string;
}

export async function insertEntries(
  tx: StoreTransaction,
  origin: string,
  start: number,
  entries: readonly Uint8Array[],
): Promise<void> {
  await insertTogether(tx, [entryRows(origin, start, entries)]);
}

/** The rows of `insertEntries`, to be inserted with others. */
export function entryRows(
  origin: string,
  start: number,
  entries: readonly Uint8Array[],
): TableRows {
  return rowsFor(
    'entries',
    entries.map((entry, i) => ({ origin, log_index: start + i, entry })),
  );
}

/** Statements, parents, proofs, credentials and what waits to be sent, for everything placed. */
export async function insertPlaced(
  tx: StoreTransaction,
  origin: string,
  placed: readonly Placed[],
  now: number,
): Promise<void> {
  for (const one of placed) if (one.update) await updateHeld(tx, one.origin ?? origin, one, now);
  const fresh = placed.filter((one) => !one.update);
  const statements = fresh.map((one) => statementRow(one, one.origin ?? origin, now));
  const proofs = placed.flatMap((one) => (one.role === 'held' ? [proofRow(one.job, now)] : []));
  const credentials = placed.flatMap((one) => credentialsRows(one, one.origin ?? origin));
  const outbox = placed.flatMap((one) => outboxRows(one, now));
  await insertTogether(tx, [
    rowsFor('statements', statements),
    rowsFor('parents', placed.flatMap(parentRows), 'keep'),
    rowsFor('proofs', proofs, 'keep'),
    rowsFor('credentials', credentials, 'keep'),
    rowsFor('outbox', outbox),
    dirtyRows(placed.map((one) => one.job.docket)),
  ]);
  await settleOthers(tx, placed);
}

/** What no longer waits: drafts, missing parents. */
async function settleOthers(tx: StoreTransaction, placed: readonly Placed[]): Promise<void> {
  const drafts = placed.flatMap((one) =>
    one.role === 'said' && one.job.draft !== null ? [one.job.draft] : [],
  );
  if (drafts.length > 0) {
    await tx.updateTable('drafts').set({ state: 'logged' }).where('id', 'in', drafts).execute();
  }
  const ids = placed.map((one) => one.job.id);
  await tx.deleteFrom('missing').where('id', 'in', ids).execute();
}

function statementRow(one: Placed, origin: string, now: number): Insertable<Schema['statements']> {
  const { job } = one;
  const said = one.role === 'said' ? { origin, index: one.index, size: one.size } : one.job.said;
  const held = one.role === 'held';
  return {
    id: job.id,
    docket: job.docket,
    kind: job.statement.kind,
    author: one.role === 'held' ? one.job.author : partyOf(job.id, job.statement),
    chain: job.chain,
    prior: job.statement.prior,
    made: job.statement.made,
    envelope: job.envelopeBytes,
    list_digest: encodeHex(job.listDigest),
    anchor_lines: canonicalJson(job.anchorLines),
    said_origin: said.origin,
    said_index: said.index,
    said_size: said.size,
    own: held ? 0 : 1,
    held_origin: held ? origin : null,
    held_index: held ? one.index : null,
    held_size: held ? one.size : null,
    refused: null,
    introduced_by: one.role === 'held' ? one.job.introducedBy : null,
    logged_at: now,
  };
}

/** A statement that we refused before and take now: the same row gets its held entry. */
async function updateHeld(
  tx: StoreTransaction,
  origin: string,
  one: Placed,
  now: number,
): Promise<void> {
  const { id, ...row } = statementRow(one, origin, now);
  await tx.updateTable('statements').set(row).where('id', '=', id).execute();
}

function parentRows(one: Placed): Insertable<Schema['parents']>[] {
  const { id, docket, statement } = one.job;
  const parents = new Set(statement.after);
  if (statement.prior !== null) parents.add(statement.prior);
  return [...parents].map((parent) => ({ child: id, parent, docket }));
}

function proofRow(job: HeldJob, now: number): Insertable<Schema['proofs']> {
  return {
    statement: job.id,
    party: job.author,
    role: 'said',
    origin: job.said.origin,
    log_index: job.said.index,
    size: job.said.size,
    list_digest: encodeHex(job.listDigest),
    proof: job.said.proof,
    taken_at: now,
  };
}

/** Our own credentials only: from here on drafts must name them. Others' are verified elsewhere. */
function credentialsRows(one: Placed, origin: string): Insertable<Schema['credentials']>[] {
  if (one.role !== 'said' || one.job.statement.kind !== 'party.credentials') return [];
  const { id, statement } = one.job;
  const body: JsonValue = statement.body;
  const version = statement.body['version'];
  if (typeof version !== 'number') return [];
  const party = partyOf(id, statement);
  return [{ id, party, version, body: canonicalJson(body), origin, log_index: one.index }];
}

function outboxRows(one: Placed, now: number): Insertable<Schema['outbox']>[] {
  const { id, statement } = one.job;
  const reserve = statement.kind.startsWith('channel.') || statement.kind.startsWith('signal.');
  const lane = (one.role === 'said' ? one.job.lane : undefined) ?? (reserve ? 0 : 1);
  const item = one.role === 'said' ? 'statement' : 'receipt';
  const parties = one.role === 'said' ? one.job.recipients : one.job.receiptTo;
  return parties.map((party) => ({ party, item, ref: id, lane, queued_at: now, pouch: null }));
}
