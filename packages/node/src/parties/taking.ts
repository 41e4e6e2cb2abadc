/**
 * Taking in credentials: of a party that an officer adds, of a counterpart that rotates, of a party
 * that a counterpart introduces (protocol.md, Party and credentials; rulings.md 8 and 10).
 */
import {
  canonicalJson,
  formatEnvelope,
  parseCheckpoint,
  parseEnvelope,
  parseLogProof,
  parseNote,
  parseStatement,
  partyOf,
  sha256Hex,
  signatureListDigest,
  decodeText,
  failure,
  freezeChain,
  success,
  verifyCredentials,
  newestVersion,
} from '@comity/record';
import type {
  Chain,
  CredentialsVersion,
  Envelope,
  Failure,
  LogProof,
  NoteKey,
  Result,
} from '@comity/record';
import type { Clock } from '../context.ts';
import type { HeldJob, Sequencer } from '../log/jobs.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import type { PartyState } from '../store/schema.ts';
import { raiseAlarm } from '../alarms.ts';
import { displayName, loadChain, storeChain } from './chains.ts';
import { claimOfAnother, claimOfWitness } from './claims.ts';
import type { FalseClaim } from './claims.ts';

export interface TakingDeps {
  store: Store;
  sequencer: Sequencer;
  clock: Clock;
  /** Our own party. */
  self: { party: string; exercise: boolean };
}

/** Credentials as they came, with where they came from. */
export interface ComingCredentials {
  envelope: Envelope;
  /** tlog-proof text of its `said` entry, exactly as it came. */
  said: string;
  /** Party that introduced them, when that is not the author. */
  introducedBy: string | null;
  /** Parties that get our receipt. */
  receiptTo: string[];
}

export type TakeCredentialsFailure =
  | 'bad-text'
  | 'too-large'
  | 'bad-schema'
  | 'bad-signature'
  | 'bad-proof'
  | 'insufficient-authority'
  | 'credentials-gap'
  | 'credentials-fork'
  | 'wrong-exercise'
  | 'own-party'
  | 'restored'
  | 'witness-claimed'
  | 'closed';

/** Credentials that passed every check against what we hold, ready to be logged as held. */
export interface CheckedCredentials {
  party: string;
  chain: Chain;
  /** False when we held this version already: nothing to log. */
  isNew: boolean;
  job: HeldJob;
}

/**
 * Checks coming credentials against the chain that we hold. Changes nothing. A second valid version
 * n+1 is `credentials-fork`; the caller keeps it with `keepFork`.
 */
export function checkCredentials(
  chain: Chain | null,
  coming: ComingCredentials,
  self: { party: string; exercise: boolean },
): Result<CheckedCredentials, TakeCredentialsFailure> {
  const { envelope } = coming;
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  if (!parsed.ok) return parsed;
  const { id, statement, exercise } = parsed.value;
  if (statement.kind !== 'party.credentials') return failure('bad-schema', 'kind');
  if (exercise !== self.exercise) return failure('wrong-exercise', 'payloadType');
  const party = partyOf(id, statement);
  if (party === self.party) return failure('own-party', 'from');
  const proof = parseLogProof(coming.said);
  if (!proof.ok) return proof;
  const size = checkpointSize(proof.value);
  if (size === null) return failure('bad-proof', 'checkpoint');
  const held = chain?.versions.find((version) => version.id === id);
  let next = chain;
  if (held === undefined) {
    const verified = verifyCredentials(chain, envelope, proof.value);
    if (!verified.ok) return verified;
    next = verified.value.chain;
  }
  if (next === null) return failure('credentials-gap', '');
  const job: HeldJob = {
    id,
    statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    docket: '',
    chain: 'solemn',
    anchorLines: [],
    listDigest: signatureListDigest(envelope.signatures),
    author: party,
    said: {
      origin: newestVersion(next).origin,
      index: proof.value.index,
      size,
      proof: coming.said,
    },
    introducedBy: coming.introducedBy,
    receiptTo: coming.receiptTo,
    refused: null,
  };
  return success({ party, chain: next, isNew: held === undefined, job });
}

/**
 * Takes in one version: checks it, logs it as held, and extends the chain. The party's row is made
 * with `state` when there is none. Taking in the same version again changes nothing.
 *
 * `witnesses` are those that nobody may newly list as its own (claims.ts); none where an officer adds
 * the party, who decides. `witness-claimed` then, with an alarm.
 */
export async function takeCredentials(
  deps: TakingDeps,
  coming: ComingCredentials,
  state: PartyState,
  witnesses: readonly NoteKey[] = [],
): Promise<Result<CheckedCredentials, TakeCredentialsFailure>> {
  const parsed = parseStatement(coming.envelope.payload, coming.envelope.payloadType);
  if (!parsed.ok) return parsed;
  const party = partyOf(parsed.value.id, parsed.value.statement);
  const chain = await loadChain(deps.store.reader, party);
  const checked = checkCredentials(chain, coming, deps.self);
  if (!checked.ok) {
    if (checked.code === 'credentials-fork' && chain !== null) {
      await deps.store.transact((tx) => keepFork(tx, chain, coming, deps.clock.now()));
    }
    return checked;
  }
  if (checked.value.isNew) {
    const refused = await claimsOf(deps, chain, checked.value.chain, witnesses);
    if (refused !== null) return refused;
    // The statement is logged first. A kill before the second transaction leaves a held statement
    // without its credentials row; taking it in again, or `repairChains` at start, completes it.
    const known = await isHeld(deps.store, checked.value.job.id);
    const logged = known ? success([]) : await deps.sequencer.held([checked.value.job]);
    if (!logged.ok) return logged;
  }
  const { isNew } = checked.value;
  const claim = await deps.store.transact((tx) =>
    enterChain(tx, checked.value.chain, state, isNew, deps.clock.now()),
  );
  return claim === null ? checked : belongsToAnother(claim);
}

/** Why a new version is not let in for the keys that it names; null where nothing is wrong. */
async function claimsOf(
  deps: TakingDeps,
  before: Chain | null,
  chain: Chain,
  witnesses: readonly NoteKey[],
): Promise<Failure<'bad-schema' | 'witness-claimed'> | null> {
  const { party } = chain;
  const { body } = newestVersion(chain);
  const claim = await claimOfAnother(deps.store.reader, party, body);
  if (claim !== null) return belongsToAnother(claim);
  const earlier = before?.versions.map((version) => version.body) ?? [];
  const path = claimOfWitness(earlier, body, witnesses);
  if (path === null) return null;
  const detail = `its credentials name a witness of ours at ${path}; add it from a file if it is that witness`;
  const alarm = { code: 'witness-claimed', about: party, party, detail };
  await deps.store.transact((tx) => raiseAlarm(tx, alarm, deps.clock.now()));
  return failure('witness-claimed', path);
}

function belongsToAnother({ path, owner }: FalseClaim): Failure<'bad-schema'> {
  return failure('bad-schema', path, `belongs to another party, ${owner}`);
}

/**
 * Writes the chain. What it claims is asked again where it is written: two parties that claim one key
 * and come at the same moment both passed before. Who came second stays a held statement and no more.
 */
async function enterChain(
  tx: StoreTransaction,
  chain: Chain,
  state: PartyState,
  isNew: boolean,
  now: number,
): Promise<FalseClaim | null> {
  const { body } = newestVersion(chain);
  const claim = isNew ? await claimOfAnother(tx, chain.party, body) : null;
  if (claim !== null) return claim;
  await ensureParty(tx, chain, state, now);
  await storeChain(tx, chain);
  if (isNew) await followMove(tx, chain);
  return null;
}

/** Makes the rows of a party that we hear of for the first time; an existing row keeps its state. */
async function ensureParty(
  tx: StoreTransaction,
  chain: Chain,
  state: PartyState,
  now: number,
): Promise<void> {
  await tx
    .insertInto('parties')
    .values({
      id: chain.party,
      state,
      name: displayName(newestVersion(chain).body.name, chain.party),
      added_at: now,
      frozen: 0,
      direct_url: directRouteOf(newestVersion(chain)),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/**
 * A party whose newest credentials name another address than those before is reached there. Where
 * they name the same or none, an address that an officer gave stays.
 */
async function followMove(tx: StoreTransaction, chain: Chain): Promise<void> {
  const [before, newest] = chain.versions.slice(-2);
  if (before === undefined || newest === undefined) return;
  const direct_url = directRouteOf(newest);
  if (direct_url === null || direct_url === directRouteOf(before)) return;
  await tx.updateTable('parties').set({ direct_url }).where('id', '=', chain.party).execute();
}

function directRouteOf({ body }: CredentialsVersion): string | null {
  return body.routes.find((route) => route.kind === 'direct')?.url ?? null;
}

/**
 * Two valid versions n+1: the chain stays at n, both are kept as evidence, an alarm is raised and
 * the parties must pair again. Does nothing when the second version is no rival after all.
 */
async function keepFork(
  tx: StoreTransaction,
  chain: Chain,
  second: Pick<ComingCredentials, 'envelope' | 'said'>,
  now: number,
): Promise<void> {
  const proof = parseLogProof(second.said);
  if (!proof.ok) return;
  const frozen = freezeChain(chain, second.envelope, proof.value);
  if (!frozen.ok || !frozen.value.chain.frozen) return;
  const { party } = chain;
  const bytes = formatEnvelope(second.envelope);
  const evidence = {
    envelope: decodeText(bytes) ?? '',
    said: second.said,
  };
  await tx.updateTable('parties').set({ frozen: 1 }).where('id', '=', party).execute();
  await tx
    .insertInto('evidence')
    .values({
      id: `credentials-fork:${party}:${sha256Hex(bytes)}`,
      kind: 'credentials-fork',
      party,
      body: canonicalJson(evidence),
      found_at: now,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const detail = 'two different next versions of its credentials are signed; pair again';
  await raiseAlarm(tx, { code: 'credentials-fork', about: party, party, detail }, now);
}

/**
 * Completes chains whose statement was logged and whose rows were not written (a kill in between):
 * credentials that the statements table holds and the credentials table lacks are verified again.
 * Reads what belongs to no docket, which is what parties say of themselves: not the whole record.
 */
export async function repairChains(store: Store, now: number): Promise<number> {
  const rows = await store.reader
    .selectFrom('statements')
    .leftJoin('credentials', 'credentials.id', 'statements.id')
    .leftJoin('proofs', (join) =>
      join
        .onRef('proofs.statement', '=', 'statements.id')
        .onRef('proofs.party', '=', 'statements.author')
        .on('proofs.role', '=', 'said'),
    )
    .select(['statements.id', 'statements.author', 'statements.envelope', 'proofs.proof'])
    .where('statements.docket', '=', '')
    .where('statements.own', '=', 0)
    .where('statements.kind', '=', 'party.credentials')
    .where('statements.refused', 'is', null)
    .where('credentials.id', 'is', null)
    .orderBy('statements.said_index')
    .execute();
  let repaired = 0;
  for (const row of rows) {
    const completed =
      row.proof === null ? null : await verifyStored(store, row.author, row.envelope, row.proof);
    if (completed === null) continue;
    const claim = await store.transact((tx) => enterChain(tx, completed, 'introduced', true, now));
    if (claim === null) repaired += 1;
  }
  return repaired;
}

async function verifyStored(
  store: Store,
  party: string,
  envelopeBytes: Uint8Array,
  proofText: string,
): Promise<Chain | null> {
  const envelope = parseEnvelope(envelopeBytes);
  const proof = parseLogProof(proofText);
  if (!envelope.ok || !proof.ok) return null;
  const verified = verifyCredentials(
    await loadChain(store.reader, party),
    envelope.value,
    proof.value,
  );
  return verified.ok ? verified.value.chain : null;
}

async function isHeld(store: Store, id: string): Promise<boolean> {
  const row = await store.reader
    .selectFrom('statements')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst();
  return row !== undefined;
}

function checkpointSize(proof: LogProof): number | null {
  const note = parseNote(proof.checkpoint);
  if (!note.ok) return null;
  const checkpoint = parseCheckpoint(note.value.text);
  return checkpoint.ok ? checkpoint.value.size : null;
}
