/**
 * Heartbeats: channel.test each way at the agreed interval, with a salted root over the dockets
 * that both share (protocol.md, Heartbeat; rulings.md, 26).
 *
 * Of two parties the one with the lower identifier speaks at the full interval and the other half
 * an interval later, like the even and odd hours of the first hotline.
 */
import { channelDocket, decodeHex, encodeHex, parseEnvelope, parseStatement } from '@comity/record';
import type { JsonValue } from '@comity/record';
import { maySay } from '../log/jobs.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { sayAutomatic } from './automatic.ts';
import type { AutomaticDeps } from './automatic.ts';
import { ensureChannel, heartbeatSecondsDefault, readChannel, setChannel } from './channels.ts';
import { keepConfirmations } from './confirmations.ts';
import type { KnownTest } from './confirmations.ts';
import type { DocketDigests, ExchangeDeps } from './deps.ts';
import { digestsBytesMax, digestsDocketsMax, testsWaitingMax } from './limits.ts';
import { queueItems } from './outbox.ts';
import { compareDigests } from './reconcile.ts';
import type { DigestsRecord } from './reconcile.ts';
import { rootOver, sameDigests, sharedDockets } from './shared-dockets.ts';

export type HeartbeatDeps = AutomaticDeps & Pick<ExchangeDeps, 'dockets' | 'log'>;

/** A heartbeat that was taken in. */
export interface HeartbeatHeard {
  id: string;
  party: string;
  body: { [key: string]: JsonValue };
}

export type Comparison = 'equal' | 'in-flight' | 'differs';

/** Says the heartbeats that are due; returns to whom. */
export async function sayDueHeartbeats(deps: HeartbeatDeps): Promise<string[]> {
  const { reader } = deps.store;
  const said: string[] = [];
  const parties = await reader
    .selectFrom('parties')
    .select('id')
    .where('state', '=', 'confirmed')
    .execute();
  for (const { id: party } of parties) {
    const channel = await readChannel(reader, party);
    const seconds = channel?.heartbeat_seconds ?? heartbeatSecondsDefault;
    const last = channel?.last_test_sent_at ?? null;
    if (!isDue(deps.keys.party < party, seconds, last, deps.clock.now())) continue;
    if ((await testsWaiting(reader, deps.keys.party, party)) > 0) continue;
    if ((await sayHeartbeat(deps, party)) !== null) said.push(party);
  }
  return said;
}

/** Whether a slot of ours has begun since the last heartbeat. */
function isDue(first: boolean, seconds: number, last: number | null, now: number): boolean {
  if (last === null) return true;
  const offset = first ? 0 : Math.floor(seconds / 2);
  return Math.floor((now - offset) / seconds) > Math.floor((last - offset) / seconds);
}

/**
 * How many of our heartbeats wait in a party's queue. While one does, another that is only due would
 * say nothing more; while two do, none is said: a cut line must not fill the log.
 */
async function testsWaiting(reader: StoreReader, self: string, party: string): Promise<number> {
  const rows = await reader
    .selectFrom('outbox')
    .innerJoin('statements', 'statements.id', 'outbox.ref')
    .select('outbox.id')
    .where('outbox.party', '=', party)
    .where('outbox.item', '=', 'statement')
    .where('statements.kind', '=', 'channel.test')
    .where('statements.author', '=', self)
    .limit(testsWaitingMax)
    .execute();
  return rows.length;
}

/** Says a heartbeat, unless two wait already; null where nothing was said. */
export async function askByHeartbeat(
  deps: HeartbeatDeps,
  party: string,
): Promise<KnownTest | null> {
  const waiting = await testsWaiting(deps.store.reader, deps.keys.party, party);
  return waiting < testsWaitingMax ? await sayHeartbeat(deps, party) : null;
}

/**
 * For files: says a heartbeat where our newest does not cover what the shared dockets are now and
 * nothing of them is on its way, which would change them again.
 */
export async function sayUncovered(deps: HeartbeatDeps, party: string): Promise<void> {
  await deps.dockets.refold([]);
  const { reader } = deps.store;
  const leaves = await sharedDockets(reader, party);
  if (leaves.length === 0 || !maySay(deps.sequencer)) return;
  const newest = await newestOwnTest(deps, party);
  if (newest !== null && covers(newest, leaves)) return;
  if (await travels(reader, party, channelDocket(deps.keys.party, party))) return;
  await askByHeartbeat(deps, party);
}

async function sayHeartbeat(deps: HeartbeatDeps, party: string): Promise<KnownTest | null> {
  await deps.dockets.refold([]);
  const salt = deps.random(16);
  const leaves = await sharedDockets(deps.store.reader, party);
  const root = rootOver(salt, leaves);
  const body = { salt: encodeHex(salt), count: leaves.length, root };
  const docket = channelDocket(deps.keys.party, party);
  const said = await sayAutomatic(deps, { kind: 'channel.test', docket, to: [party], body });
  if (!said.ok) return null;
  const test: KnownTest = { author: deps.keys.party, id: said.value.id, salt, leaves };
  await deps.store.transact(async (tx) => {
    await ensureChannel(tx, party);
    await setChannel(tx, party, { last_test_sent_at: deps.clock.now() });
    await keepConfirmations(tx, test, () => true);
  });
  return test;
}

/**
 * Compares a heartbeat with what we have, and keeps what it confirms. It is answered with one of
 * ours where our newest does not cover what the shared dockets are now, so that two of them confirm
 * a state within a round trip; a heartbeat that finds ours current is not answered, so it ends.
 *
 * Where the two differ, the four values per docket follow: those of our current heartbeat, so that
 * the other side sees what it confirms although other dockets are changing; or, where there is none
 * and nothing travels that would explain it, about the one that was heard. `allow` bounds both.
 */
export async function hearHeartbeat(
  deps: HeartbeatDeps,
  heard: HeartbeatHeard,
  allow: (party: string) => boolean,
): Promise<Comparison> {
  const { party } = heard;
  const { salt: saltText, root, count } = heard.body;
  const salt = typeof saltText === 'string' ? decodeHex(saltText) : null;
  // In a flood nothing stands still for long enough to be compared, and an answer would change with
  // every pouch; the next heartbeat that is due compares what is then.
  if (salt === null || deps.dockets.flooded()) return 'in-flight';
  await deps.dockets.refold([]);
  const { reader } = deps.store;
  const leaves = await sharedDockets(reader, party);
  const equal = rootOver(salt, leaves) === root;
  if (equal) {
    const test = { author: party, id: heard.id, salt, leaves };
    await deps.store.transact((tx) => keepConfirmations(tx, test, () => true));
  }
  const newest = await newestOwnTest(deps, party);
  const current = newest !== null && covers(newest, leaves);
  const nothingShared = leaves.length === 0 && count === 0;
  if (equal && (current || nothingShared)) return 'equal';
  const moving = !equal && (await travels(reader, party, channelDocket(deps.keys.party, party)));
  const comparison = equal ? 'equal' : moving ? 'in-flight' : 'differs';
  if (!allow(party)) return comparison;
  const answer = current || !maySay(deps.sequencer) ? null : await askByHeartbeat(deps, party);
  if (equal) return comparison;
  if (answer !== null) await queueDigests(deps, party, answer.id, answer.leaves);
  else if (current) await queueDigests(deps, party, newest.id, leaves);
  else if (!moving) await queueDigests(deps, party, heard.id, leaves);
  return comparison;
}

async function queueDigests(
  deps: HeartbeatDeps,
  party: string,
  about: string,
  leaves: readonly DocketDigests[],
): Promise<void> {
  const dockets: DocketDigests[] = [];
  let bytes = 0;
  for (const leaf of leaves.slice(0, digestsDocketsMax)) {
    bytes += JSON.stringify(leaf).length + 1;
    if (bytes > digestsBytesMax) break;
    dockets.push(leaf);
  }
  const record: DigestsRecord = { type: 'digests', dockets, about };
  const ref = JSON.stringify(record);
  await deps.store.transact((tx) =>
    queueItems(tx, [{ party, item: 'digests', ref, lane: 0 }], deps.clock.now()),
  );
}

interface SaidTest {
  id: string;
  salt: Uint8Array;
  root: string;
}

function covers(test: SaidTest, leaves: readonly DocketDigests[]): boolean {
  return rootOver(test.salt, leaves) === test.root;
}

/** Our newest heartbeat to a party. */
async function newestOwnTest(deps: HeartbeatDeps, party: string): Promise<SaidTest | null> {
  const { party: self, logSigner } = deps.keys;
  const row = await deps.store.reader
    .selectFrom('statements')
    .select(['id', 'envelope'])
    .where('docket', '=', channelDocket(self, party))
    .where('kind', '=', 'channel.test')
    .where('author', '=', self)
    .where('said_origin', '=', logSigner.key.name)
    .orderBy('said_index', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : saidTest(row.id, row.envelope);
}

function saidTest(id: string, envelopeBytes: Uint8Array): SaidTest | null {
  const envelope = parseEnvelope(new Uint8Array(envelopeBytes));
  if (!envelope.ok) return null;
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  const { salt: saltText, root } = parsed.ok ? parsed.value.statement.body : {};
  const salt = typeof saltText === 'string' ? decodeHex(saltText) : null;
  return salt === null || typeof root !== 'string' ? null : { id, salt, root };
}

/** Compares digests that a counterpart sent, dockets folded before. */
export async function compareAllDigests(
  deps: HeartbeatDeps,
  party: string,
  records: readonly DigestsRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await deps.dockets.refold([]);
  const now = deps.clock.now();
  for (const record of records) {
    const test = await testUnder(deps.store.reader, party, record);
    await deps.store.transact(async (tx) => {
      if (test !== null) await keepWhatAgrees(tx, test);
      await compareDigests(tx, deps, party, record, now);
    });
  }
}

/** The sender's heartbeat that digests are about, where its root is indeed theirs. */
async function testUnder(
  reader: StoreReader,
  party: string,
  record: DigestsRecord,
): Promise<KnownTest | null> {
  const row = await reader
    .selectFrom('statements')
    .select(['id', 'envelope'])
    .where('id', '=', record.about)
    .where('author', '=', party)
    .where('kind', '=', 'channel.test')
    .where('refused', 'is', null)
    .executeTakeFirst();
  const test = row === undefined ? null : saidTest(row.id, row.envelope);
  if (test === null) return null;
  const leaves = record.dockets.map((leaf) => ({ ...leaf, heads: [...leaf.heads].sort() }));
  leaves.sort((a, b) => (a.docket < b.docket ? -1 : a.docket > b.docket ? 1 : 0));
  if (!covers(test, leaves)) return null;
  return { author: party, id: test.id, salt: test.salt, leaves };
}

/** Keeps what a heartbeat confirms of the dockets that both hold alike. */
async function keepWhatAgrees(tx: StoreTransaction, test: KnownTest): Promise<void> {
  const shared = await sharedDockets(tx, test.author);
  const ours = new Map(shared.map((leaf) => [leaf.docket, leaf]));
  await keepConfirmations(tx, test, (leaf) => {
    const own = ours.get(leaf.docket);
    return own !== undefined && sameDigests(own, leaf);
  });
}

/** Whether anything of a shared docket is on its way to the party, or missing from it. */
async function travels(reader: StoreReader, party: string, channel: string): Promise<boolean> {
  const waiting = await reader
    .selectFrom('outbox')
    .innerJoin('statements', 'statements.id', 'outbox.ref')
    .select('outbox.id')
    .where('outbox.party', '=', party)
    .where('outbox.item', 'in', ['statement', 'receipt'])
    .where('statements.docket', '!=', channel)
    .limit(1)
    .executeTakeFirst();
  if (waiting !== undefined) return true;
  const missing = await reader
    .selectFrom('missing')
    .select('id')
    .where('party', '=', party)
    .limit(1)
    .executeTakeFirst();
  return missing !== undefined;
}
