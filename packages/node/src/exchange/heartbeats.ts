/**
 * Heartbeats: channel.test each way at the agreed interval, with a salted root over the dockets
 * that both share (protocol.md, Heartbeat; rulings.md, 26).
 *
 * Of two parties the one with the lower identifier speaks at the full interval and the other half
 * an interval later, like the even and odd hours of the first hotline.
 */
import { heartbeatRoot } from '@comity/accord';
import { channelDocket, decodeHex, encodeHex } from '@comity/record';
import type { DocketDigests, JsonValue } from '@comity/record';
import type { StoreReader } from '../store/store.ts';
import { sayAutomatic } from './automatic.ts';
import type { AutomaticDeps } from './automatic.ts';
import { ensureChannel, heartbeatSecondsDefault, readChannel, setChannel } from './channels.ts';
import type { ExchangeDeps } from './deps.ts';
import { digestsDocketsMax } from './limits.ts';
import { queueItems } from './outbox.ts';
import { compareDigests } from './reconcile.ts';
import type { DigestsRecord } from './reconcile.ts';

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
    if (await testWaits(reader, deps.keys.party, party)) continue;
    if (await sayHeartbeat(deps, party)) said.push(party);
  }
  return said;
}

/** Whether a slot of ours has begun since the last heartbeat. */
function isDue(first: boolean, seconds: number, last: number | null, now: number): boolean {
  if (last === null) return true;
  const offset = first ? 0 : Math.floor(seconds / 2);
  return Math.floor((now - offset) / seconds) > Math.floor((last - offset) / seconds);
}

// While one waits in the queue a second would say nothing more; a cut line must not fill the log.
async function testWaits(reader: StoreReader, self: string, party: string): Promise<boolean> {
  const row = await reader
    .selectFrom('outbox')
    .innerJoin('statements', 'statements.id', 'outbox.ref')
    .select('outbox.id')
    .where('outbox.party', '=', party)
    .where('outbox.item', '=', 'statement')
    .where('statements.kind', '=', 'channel.test')
    .where('statements.author', '=', self)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function sayHeartbeat(deps: HeartbeatDeps, party: string): Promise<boolean> {
  await deps.dockets.refold([]);
  const salt = deps.random(16);
  const leaves = await sharedDockets(deps.store.reader, party);
  const root = encodeHex(heartbeatRoot(salt, leaves));
  const body = { salt: encodeHex(salt), count: leaves.length, root };
  const docket = channelDocket(deps.keys.party, party);
  const said = await sayAutomatic(deps, { kind: 'channel.test', docket, to: [party], body });
  if (!said.ok) return false;
  await deps.store.transact(async (tx) => {
    await ensureChannel(tx, party);
    await setChannel(tx, party, { last_test_sent_at: deps.clock.now() });
  });
  return true;
}

/** Every docket that a party and we share, but the channel docket, as it was last folded. */
async function sharedDockets(reader: StoreReader, party: string): Promise<DocketDigests[]> {
  const rows = await reader
    .selectFrom('dockets')
    .select(['id', 'heads', 'input_digest', 'state_digest', 'participants'])
    .where('type', '!=', 'channel')
    .where('participants', 'like', `%${party}%`)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    docket: row.id,
    heads: JSON.parse(row.heads) as string[],
    inputDigest: row.input_digest,
    stateDigest: row.state_digest,
  }));
}

/**
 * Compares a heartbeat with what we have. What still travels explains any difference; where nothing
 * does, the four values per docket are sent, and the other side says which differ.
 */
export async function compareHeartbeat(
  deps: HeartbeatDeps,
  heard: HeartbeatHeard,
): Promise<Comparison> {
  const { salt: saltText, root } = heard.body;
  const salt = typeof saltText === 'string' ? decodeHex(saltText) : null;
  if (salt === null) return 'in-flight';
  await deps.dockets.refold([]);
  const { reader } = deps.store;
  const leaves = await sharedDockets(reader, heard.party);
  if (encodeHex(heartbeatRoot(salt, leaves)) === root) return 'equal';
  const channel = channelDocket(deps.keys.party, heard.party);
  if (await travels(reader, heard.party, channel)) return 'in-flight';
  const record: DigestsRecord = {
    type: 'digests',
    dockets: leaves.slice(0, digestsDocketsMax),
    about: heard.id,
  };
  const ref = JSON.stringify(record);
  await deps.store.transact((tx) =>
    queueItems(tx, [{ party: heard.party, item: 'digests', ref, lane: 0 }], deps.clock.now()),
  );
  return 'differs';
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
  await deps.store.transact(async (tx) => {
    for (const record of records) await compareDigests(tx, deps, party, record, now);
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
