/** The state of the node in one document: counterparts, log, witnesses, alarms, what waits. */
import { encodeBase64, formatVkey } from '@comity/record';
import type { NodeKeys } from '../context.ts';
import { awaitedWords } from '../log/awaited.ts';
import { blockedWords } from '../log/blocked-words.ts';
import type { Sequencer } from '../log/jobs.ts';
import type { PartyState } from '../store/schema.ts';
import type { StoreReader } from '../store/store.ts';
import { listAlarms } from '../alarms.ts';
import type { AlarmRow } from '../alarms.ts';
import { notLookedAt } from './looked-at.ts';
import { listOwed } from './obligations.ts';

const docketsNamedMax = 20;

export interface CounterpartStatus {
  party: string;
  name: string;
  state: PartyState;
  frozen: boolean;
  directUrl: string | null;
  /** Items in our queue for it. */
  waiting: number;
  lastHeardAt: number | null;
  lastSentAt: number | null;
  lastTestSentAt: number | null;
  lastTestHeardAt: number | null;
  heartbeatSeconds: number;
  failures: number;
  lastError: string | null;
  /** How much of their log we copied, how much of ours they confirmed. */
  entriesCopied: number;
  ourSizeConfirmed: number;
}

export interface WitnessStatus {
  vkey: string;
  /** Address, or null for a counterpart's witness key. */
  url: string | null;
  /** Newest size of our log that it cosigned, and when; null before. */
  size: number | null;
  time: number | null;
}

export interface NodeStatus {
  party: string;
  name: string;
  exercise: boolean;
  unprotectedKeys: boolean;
  counterparts: CounterpartStatus[];
  log: {
    origin: string;
    vkey: string;
    size: number;
    /** Base64, as in checkpoints; null while the log is empty. */
    root: string | null;
    /** Why nothing of ours is said: `restored`, `ended`, `statements-awaited`; else null. */
    blocked: string | null;
    /** Entries of a rebuilt log whose statements are still to come. */
    awaited: number;
    /** While it is blocked: why, and what to do. */
    todo: string | null;
  };
  witnesses: WitnessStatus[];
  alarms: AlarmRow[];
  drafts: number;
  /** Acts of others that no officer here has looked at, and what we owe. */
  duty: { notLookedAt: number; dockets: string[]; owed: number; overdue: number };
  now: number;
}

export interface StatusDeps {
  reader: StoreReader;
  sequencer: Sequencer;
  keys: NodeKeys;
  name: string;
  unprotectedKeys: boolean;
  witnesses: readonly { vkey: string; url: string }[];
  now: number;
}

/** Reads the status. */
export async function nodeStatus(deps: StatusDeps): Promise<NodeStatus> {
  const { reader, keys, sequencer } = deps;
  const origin = keys.logSigner.key.name;
  const newest = sequencer.newest();
  const drafts = await reader
    .selectFrom('drafts')
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .where('state', '=', 'open')
    .executeTakeFirst();
  return {
    party: keys.party,
    name: deps.name,
    exercise: keys.exercise,
    unprotectedKeys: deps.unprotectedKeys,
    counterparts: await counterparts(reader),
    log: {
      origin,
      vkey: formatVkey(keys.logSigner.key),
      size: newest?.size ?? 0,
      root: newest === null ? null : encodeBase64(newest.root),
      ...(await silence(deps, origin)),
    },
    witnesses: await witnesses(reader, origin, deps),
    alarms: await listAlarms(reader),
    drafts: Number(drafts?.count ?? 0),
    duty: await dutyOf(reader, keys.party, deps.now),
    now: deps.now,
  };
}

async function silence({ reader, sequencer, witnesses }: StatusDeps, origin: string) {
  const { blocked, otherLog, awaited } = sequencer;
  if (blocked !== null) {
    const about = { blocked, origin, otherLog, witnesses: witnesses.length };
    const todo = await blockedWords(reader, about);
    return { blocked, awaited, todo };
  }
  if (awaited === 0) return { blocked, awaited, todo: null };
  return { blocked: 'statements-awaited', awaited, todo: await awaitedWords(reader, awaited) };
}

async function dutyOf(reader: StoreReader, self: string, now: number) {
  const { count, dockets } = await notLookedAt(reader, self);
  const owed = await listOwed(reader, now, { owedBy: self });
  const overdue = owed.filter((row) => row.overdue).length;
  return {
    notLookedAt: count,
    dockets: dockets.slice(0, docketsNamedMax),
    owed: owed.length,
    overdue,
  };
}

async function counterparts(reader: StoreReader): Promise<CounterpartStatus[]> {
  const rows = await reader
    .selectFrom('parties')
    .leftJoin('channels', 'channels.party', 'parties.id')
    .selectAll('channels')
    .select(['parties.id', 'parties.name', 'parties.state', 'parties.frozen', 'parties.direct_url'])
    .where('parties.state', '!=', 'self')
    .orderBy('parties.name')
    .orderBy('parties.id')
    .execute();
  const queued = await reader
    .selectFrom('outbox')
    .select((expression) => ['party', expression.fn.countAll<number>().as('count')])
    .groupBy('party')
    .execute();
  const waiting = new Map(queued.map((row) => [row.party, Number(row.count)]));
  return rows.map((row) => ({
    party: row.id,
    name: row.name,
    state: row.state,
    frozen: row.frozen === 1,
    directUrl: row.direct_url,
    waiting: waiting.get(row.id) ?? 0,
    lastHeardAt: numberOrNull(row.last_heard_at),
    lastSentAt: numberOrNull(row.last_sent_at),
    lastTestSentAt: numberOrNull(row.last_test_sent_at),
    lastTestHeardAt: numberOrNull(row.last_test_heard_at),
    heartbeatSeconds: Number(row.heartbeat_seconds ?? 0),
    failures: Number(row.failures ?? 0),
    lastError: row.last_error,
    entriesCopied: Number(row.entries_copied ?? 0),
    ourSizeConfirmed: Number(row.our_size_confirmed ?? 0),
  }));
}

async function witnesses(
  reader: StoreReader,
  origin: string,
  deps: StatusDeps,
): Promise<WitnessStatus[]> {
  const own = formatVkey(deps.keys.ownAccountSigner.key);
  const urls = new Map(deps.witnesses.map((witness) => [witness.vkey, witness.url]));
  const newest = new Map<string, { size: number; time: number }>();
  // From key to key, and of each its newest line: every checkpoint of ours has a line in the table.
  for (let vkey = await nextCosigner(reader, origin, ''); vkey !== null;) {
    const line = vkey === own ? null : await newestLine(reader, origin, vkey);
    if (line !== null) newest.set(vkey, line);
    vkey = await nextCosigner(reader, origin, vkey);
  }
  return [...new Set([...urls.keys(), ...newest.keys()])].sort().map((vkey) => ({
    vkey,
    url: urls.get(vkey) ?? null,
    size: newest.get(vkey)?.size ?? null,
    time: newest.get(vkey)?.time ?? null,
  }));
}

/** The first key after `vkey` that cosigned, or null. */
async function nextCosigner(
  reader: StoreReader,
  origin: string,
  vkey: string,
): Promise<string | null> {
  const row = await reader
    .selectFrom('cosignatures')
    .select('vkey')
    .where('origin', '=', origin)
    .where('vkey', '>', vkey)
    .orderBy('vkey')
    .limit(1)
    .executeTakeFirst();
  return row?.vkey ?? null;
}

async function newestLine(
  reader: StoreReader,
  origin: string,
  vkey: string,
): Promise<{ size: number; time: number } | null> {
  const row = await reader
    .selectFrom('cosignatures')
    .select(['size', 'time'])
    .where('origin', '=', origin)
    .where('vkey', '=', vkey)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { size: Number(row.size), time: Number(row.time) };
}

function numberOrNull(value: number | string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
