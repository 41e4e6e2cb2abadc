/**
 * Pairing: two officers read a safety number to each other, and each side says so in the record
 * (protocol.md, Pairing; rulings.md 10). There is no trust on first use.
 */
import {
  channelDocket,
  comparePositions,
  failure,
  parseEnvelope,
  parseStatement,
  safetyNumber,
  success,
} from '@comity/record';
import type { Result } from '@comity/record';
import type { PartyState } from '../store/schema.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { loadChain } from './chains.ts';

/** How things stand between us and another party. */
export interface Pairing {
  party: string;
  /** Twelve groups of five digits, over both identifiers and both newest credentials. */
  safetyNumber: string;
  state: PartyState;
  /** Ids of the newest credentials: ours and theirs. */
  ours: string;
  theirs: string;
  /** Whether a confirmation by us, and one by them, stands in the channel. */
  weConfirmed: boolean;
  theyConfirmed: boolean;
}

/** The safety number to compare and the state of the pairing; `unknown-party` without credentials. */
export async function pairingWith(
  reader: StoreReader | StoreTransaction,
  self: string,
  party: string,
): Promise<Result<Pairing, 'unknown-party'>> {
  const ours = await newestCredentials(reader, self);
  const theirs = await newestCredentials(reader, party);
  const row = await reader
    .selectFrom('parties')
    .select('state')
    .where('id', '=', party)
    .executeTakeFirst();
  if (ours === null || theirs === null || row === undefined || party === self) {
    return failure('unknown-party', party);
  }
  const number = safetyNumber({ party: self, credentials: ours }, { party, credentials: theirs });
  return success({
    party,
    safetyNumber: number,
    state: row.state,
    ours,
    theirs,
    weConfirmed: (await newestPair(reader, self, party, self)) !== null,
    theyConfirmed: (await newestPair(reader, self, party, party)) !== null,
  });
}

/** True when two ways of writing a safety number are the same sixty digits. */
export function sameSafetyNumber(typed: string, number: string): boolean {
  const digits = (text: string) => text.replace(/[\s-]/g, '');
  return digits(typed).length === 60 && digits(typed) === digits(number);
}

/**
 * The state that the channel.pair statements in the store give: `confirmed` when the newest of each
 * side names the same two credentials, `numbers-differ` when they name others, `added` when one is
 * missing. Refused ones do not count.
 */
async function pairingState(
  reader: StoreReader | StoreTransaction,
  self: string,
  party: string,
): Promise<'added' | 'confirmed' | 'numbers-differ'> {
  const ours = await newestPair(reader, self, party, self);
  const theirs = await newestPair(reader, self, party, party);
  if (ours === null || theirs === null) return 'added';
  return ours === theirs ? 'confirmed' : 'numbers-differ';
}

/**
 * Writes the state again after a channel.pair of either side was logged, and returns it. A party
 * that was only introduced stays so until an officer adds it.
 */
export async function updatePairingState(
  tx: StoreTransaction,
  self: string,
  party: string,
): Promise<PartyState> {
  const row = await tx
    .selectFrom('parties')
    .select('state')
    .where('id', '=', party)
    .executeTakeFirst();
  if (row === undefined) return 'introduced';
  if (row.state === 'introduced' || row.state === 'self') return row.state;
  const state = await pairingState(tx, self, party);
  if (state !== row.state) {
    await tx.updateTable('parties').set({ state }).where('id', '=', party).execute();
  }
  return state;
}

async function newestCredentials(
  reader: StoreReader | StoreTransaction,
  party: string,
): Promise<string | null> {
  const row = await reader
    .selectFrom('credentials')
    .select('id')
    .where('party', '=', party)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** The two credentials ids that the newest channel.pair of `author` names, sorted and joined. */
async function newestPair(
  reader: StoreReader | StoreTransaction,
  self: string,
  party: string,
  author: string,
): Promise<string | null> {
  const chain = await loadChain(reader, author);
  const rows = await reader
    .selectFrom('statements')
    .select(['id', 'said_origin as origin', 'said_index as index'])
    .where('docket', '=', channelDocket(self, party))
    .where('kind', '=', 'channel.pair')
    .where('author', '=', author)
    .where('refused', 'is', null)
    .execute();
  if (chain === null || rows.length === 0) return null;
  // In the order of the author's logs, as the fold has it: an old one may come late.
  const newest = rows.reduce((a, b) => (comparePositions(chain, a, b) < 0 ? b : a));
  const row = await reader
    .selectFrom('statements')
    .select('envelope')
    .where('id', '=', newest.id)
    .executeTakeFirstOrThrow();
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) return null;
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  if (!parsed.ok) return null;
  const { own, theirs } = parsed.value.statement.body;
  return typeof own === 'string' && typeof theirs === 'string'
    ? [own, theirs].sort().join(' ')
    : null;
}

/** What our newest channel.pair to `party` names: two credentials ids, sorted and joined, or null. */
export async function newestOwnPair(
  reader: StoreReader | StoreTransaction,
  self: string,
  party: string,
): Promise<string | null> {
  return await newestPair(reader, self, party, self);
}
