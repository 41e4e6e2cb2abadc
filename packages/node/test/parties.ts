/**
 * Parties for tests: a real home, store, log, desk and exchange each, joined by direct function
 * calls instead of a network, under one clock that only moves when it is told to.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonValue, NoteKey } from '@comity/record';
import type { Clock } from '../src/context.ts';
import { say } from '../src/desk/say.ts';
import type { RateTerms } from '../src/exchange/deps.ts';
import { rateDefault } from '../src/exchange/deps.ts';
import type { StoreKind, TestPlace } from './stores.ts';
import type { Route, SendResult } from '../src/exchange/courier.ts';
import { makeExchange } from '../src/exchange/exchange.ts';
import type { Exchange } from '../src/exchange/exchange.ts';
import { startSealing } from '../src/exchange/sealing.ts';
import type { Sealing } from '../src/exchange/sealing.ts';
import { initHome } from '../src/home/init.ts';
import { homeLayout } from '../src/home/layout.ts';
import { listOfficerKeys, unlockOfficerKey } from '../src/officers/key-files.ts';
import type { OfficerSecret } from '../src/officers/key-files.ts';
import { openNode } from '../src/open-node.ts';
import type { OpenNode } from '../src/open-node.ts';
import { addParty } from '../src/parties/adding.ts';
import { confirmPairing } from '../src/parties/confirming.ts';
import { parseCredentialsFile } from '../src/parties/credentials-file.ts';
import { ownCredentialsFile } from '../src/parties/own-credentials.ts';
import { pairingWith } from '../src/parties/pairing.ts';
import { approveWith } from '../src/desk/say.ts';

/** A clock and its timers; `advance` runs what falls due, in order. */
export interface TestClock extends Clock {
  after(milliseconds: number, run: () => void): () => void;
  advance(milliseconds: number): void;
}

export function testClock(startSeconds = 1_800_000_000): TestClock {
  let nowMs = startSeconds * 1000;
  let timers: { at: number; run: () => void }[] = [];
  return {
    now: () => Math.floor(nowMs / 1000),
    nowMs: () => nowMs,
    after(milliseconds, run) {
      const timer = { at: nowMs + milliseconds, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    advance(milliseconds) {
      const end = nowMs + milliseconds;
      for (;;) {
        const [next] = timers.filter((each) => each.at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers = timers.filter((each) => each !== next);
        nowMs = Math.max(nowMs, next.at);
        next.run();
      }
      nowMs = end;
    },
  };
}

/** What the network does with each pouch. */
export interface TestNetwork {
  /** Set to cut, lose, keep or change what travels; default: delivered. */
  onSend: (from: string, to: string, sealed: Uint8Array) => 'deliver' | 'lose' | 'lose-answer';
  /** Awaited by every pouch before it arrives. */
  onTheWay: () => Promise<void>;
  /** Every pouch that was sent, newest last. */
  sent: { from: string; to: string; sealed: Uint8Array }[];
  parties: Map<string, TestParty>;
}

export interface TestParty {
  id: string;
  name: string;
  folder: string;
  node: OpenNode;
  exchange: Exchange;
  secrets: OfficerSecret[];
  /** Says something with as many officers as it needs and gives its id. */
  say(
    kind: string,
    to: TestParty[],
    body: { [key: string]: JsonValue },
    docket?: string | null,
  ): Promise<string>;
  message(to: TestParty, text: string): Promise<string>;
  close(): Promise<void>;
}

export interface TestWorld {
  clock: TestClock;
  network: TestNetwork;
  sealing: Sealing;
  party(
    name: string,
    more?: { rate?: RateTerms; exercise?: boolean; origin?: string; witnesses?: NoteKey[] },
  ): Promise<TestParty>;
  pair(a: TestParty, b: TestParty): Promise<void>;
  /** Stops a party, lets something happen to its home, and starts it again. */
  restart(party: TestParty, between?: (home: string) => Promise<void>): Promise<TestParty>;
  /** Lets everything that can happen now happen: sending, taking in, folding. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Parties keep their records in SQLite unless a kind of store is given (stores.ts). */
export async function makeWorld(kind?: StoreKind): Promise<TestWorld> {
  const clock = testClock();
  const network: TestNetwork = {
    onSend: () => 'deliver',
    onTheWay: () => Promise.resolve(),
    sent: [],
    parties: new Map(),
  };
  const sealing = startSealing();
  const folders: string[] = [];
  const places: TestPlace[] = [];
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 8; round += 1) {
      for (const each of network.parties.values()) {
        await each.exchange.idle();
        await each.node.refolder.settled();
      }
    }
  };
  return {
    clock,
    network,
    sealing,
    settle,
    async party(name, more = {}) {
      const folder = await mkdtemp(join(tmpdir(), 'comity-party-'));
      folders.push(folder);
      const place = await kind?.place();
      if (place !== undefined) places.push(place);
      const database = place?.location.kind === 'postgres' ? place.location.url : null;
      const made = await makeParty({ folder, name, clock, network, sealing, database, ...more });
      network.parties.set(made.id, made);
      return made;
    },
    async restart(party, between) {
      await party.close();
      network.parties.delete(party.id);
      const { folder, name } = party;
      await between?.(join(folder, 'home'));
      const again = await openParty({ folder, name, clock, network, sealing });
      network.parties.set(again.id, again);
      await again.exchange.courier.kickAll();
      return again;
    },
    async pair(a, b) {
      await add(a, b);
      await add(b, a);
      await confirm(a, b);
      await confirm(b, a);
      clock.advance(5_000);
      await settle();
      clock.advance(600_000);
      await settle();
    },
    async close() {
      // Who still sends must not find another one half closed.
      const all = [...network.parties.values()];
      network.parties.clear();
      for (const each of all) await each.exchange.idle();
      for (const each of all) await each.close();
      await sealing.close();
      for (const place of places) await place.remove();
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Making {
  folder: string;
  name: string;
  clock: TestClock;
  network: TestNetwork;
  sealing: Sealing;
  /** Address of a PostgreSQL database, or null for SQLite in the home. */
  database?: string | null;
  rate?: RateTerms;
  exercise?: boolean;
  /** Witnesses by configuration. */
  witnesses?: NoteKey[];
  /** Name of the log instead of one made by chance. */
  origin?: string;
}

async function makeParty(making: Making): Promise<TestParty> {
  const { folder, name, clock } = making;
  const home = join(folder, 'home');
  const environment = { COMITY_STATE_DIR: join(folder, 'state') };
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
  const made = await initHome({
    home,
    name,
    functions: [],
    officers: 2,
    exercise: making.exercise ?? true,
    unprotectedKeys: true,
    passphrase: null,
    random,
    clock,
    environment,
    ...(making.database == null ? {} : { config: { database: making.database } }),
    ...(making.origin === undefined ? {} : { origin: making.origin }),
  });
  if (!made.ok) throw new Error(`init ${name}: ${made.code} ${made.detail ?? ''}`);
  return openParty(making);
}

async function openParty(making: Making): Promise<TestParty> {
  const { folder, name, clock, network, sealing } = making;
  const home = join(folder, 'home');
  const environment = { COMITY_STATE_DIR: join(folder, 'state') };
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
  const opened = await openNode({
    home,
    flags: {},
    passphrase: null,
    environment,
    clock,
    random,
    after: clock.after,
    log: () => undefined,
  });
  if (!opened.ok) throw new Error(`open ${name}: ${opened.code} ${opened.detail ?? ''}`);
  const node = opened.value;
  const id = node.keys.party;
  const log: Parameters<typeof makeExchange>[0]['log'] = (level, message, fields) => {
    if (level === 'error') throw new Error(`${name}: ${message} ${JSON.stringify(fields)}`);
  };
  const exchange = makeExchange({
    store: node.storage.store,
    sequencer: node.storage.sequencer,
    keys: node.keys,
    clock,
    random,
    after: clock.after,
    log,
    notify: node.hub.notify,
    dockets: node.refolder,
    docketsChanged: (ids) => node.refolder.docketsChanged(ids),
    witnesses: making.witnesses ?? [],
    rate: making.rate ?? rateDefault,
    sealing,
    routes: [networkRoute(network, id)],
  });
  node.onLogged((job) => exchange.said(job.recipients));
  const secrets: OfficerSecret[] = [];
  for (const file of await listOfficerKeys(homeLayout(home))) {
    const secret = await unlockOfficerKey(file.path, null);
    if (secret.ok) secrets.push(secret.value);
  }
  const party: TestParty = {
    id,
    name,
    folder,
    node,
    exchange,
    secrets,
    async say(kind, to, body, docket = null) {
      const recipients = to.map((each) => each.id).sort();
      const said = await say(node.desk, { kind, to: recipients, docket, body }, secrets);
      if (!said.ok) throw new Error(`${name} ${kind}: ${said.code} ${said.path} ${said.detail}`);
      if (said.value.state !== 'logged') throw new Error(`${name} ${kind}: ${said.value.state}`);
      return said.value.id;
    },
    message: (to, text) => party.say('channel.message', [to], messageBody(text)),
    async close() {
      await exchange.close();
      await node.close();
    },
  };
  return party;
}

/** Body of a plain message. */
export function messageBody(text: string): { [key: string]: JsonValue } {
  return {
    marker: 'information',
    priority: 'ordinary',
    standing: 'official',
    text,
    language: 'en',
  };
}

/** Body of a notification of an incident, which opens a docket. */
export function incidentBody(title: string): { [key: string]: JsonValue } {
  return {
    title,
    text: 'Traffic from networks you answer for reaches a register of voters.',
    category: 'intrusion',
    sector: 'elections',
    severity: 'medium',
    priority: 'ordinary',
    times: [],
    origin: null,
    proposition: null,
    confidence: null,
    signals: [],
    tlp: 'AMBER',
    asked: [],
  };
}

function networkRoute(network: TestNetwork, from: string): Route {
  return {
    name: 'test',
    async send(to, sealed): Promise<SendResult> {
      const receiver = network.parties.get(to);
      const fate = network.onSend(from, to, sealed);
      if (receiver === undefined || fate === 'lose') return { sent: false, error: 'lost' };
      network.sent.push({ from, to, sealed });
      await network.onTheWay();
      const answer = await receiver.exchange.receive(sealed);
      if (fate === 'lose-answer') return { sent: false, error: 'answer lost' };
      if (answer.status === 200) return { sent: true, answer: answer.sealed };
      if (answer.status === 202) return { sent: true, answer: null };
      return { sent: false, error: `${answer.status} ${answer.code}` };
    },
  };
}

/** Takes in the other's credentials, as from a file. */
export async function add(party: TestParty, other: TestParty): Promise<void> {
  const { store, sequencer } = other.node.storage;
  const deps = { reader: store.reader, sequencer, party: other.id };
  const bytes = await ownCredentialsFile(deps, null);
  if (!bytes.ok) throw new Error(bytes.code);
  const file = parseCredentialsFile(bytes.value);
  if (!file.ok) throw new Error(`${file.code} ${file.path}`);
  const added = await addParty(party.node.desk, file.value);
  if (!added.ok) throw new Error(`${added.code} ${added.path}`);
}

/** Confirms the safety number on this side. */
export async function confirm(party: TestParty, other: TestParty): Promise<void> {
  const pairing = await pairingWith(party.node.desk.store.reader, party.id, other.id);
  if (!pairing.ok) throw new Error(pairing.code);
  const { safetyNumber } = pairing.value;
  const confirmed = await confirmPairing(party.node.desk, other.id, safetyNumber);
  if (!confirmed.ok) throw new Error(`${confirmed.code} ${confirmed.path}`);
  const { draft } = confirmed.value;
  if (draft === null) return;
  const approved = await approveWith(party.node.desk, draft.id, party.secrets);
  if (!approved.ok) throw new Error(`${approved.code} ${approved.path}`);
}
