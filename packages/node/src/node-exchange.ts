/** The exchange of a node, put together: courier, intake, witnesses, and what listens for them. */
import type { RequestListener } from 'node:http';
import fastify from 'fastify';
import { failure, parseVkey, success } from '@comity/record';
import type { HandPouches } from './api/deps.ts';
import type { LogLine } from './context.ts';
import type { Confirmed } from './exchange/confirm.ts';
import type { After } from './exchange/deps.ts';
import { rateDefault } from './exchange/deps.ts';
import { channelParties } from './exchange/channels.ts';
import { cosignatureRef } from './exchange/cosignatures.ts';
import { queueItems } from './exchange/outbox.ts';
import { markDirty } from './dockets/dirty.ts';
import { docketsWithEntries } from './exchange/docket-marks.ts';
import { makeExchange } from './exchange/exchange.ts';
import type { Exchange } from './exchange/exchange.ts';
import { directRoute } from './exchange/routes/direct.ts';
import { directServer } from './exchange/routes/direct-server.ts';
import { mayReachPrivate } from './exchange/routes/guarded-connect.ts';
import { startSealing } from './exchange/sealing.ts';
import type { Sealing } from './exchange/sealing.ts';
import { logRoutes } from './log/routes.ts';
import type { WitnessAddress } from './log/submit.ts';
import { witnessWord } from './log/witness-word.ts';
import type { WitnessWord } from './log/witness-word.ts';
import { startWitnessing } from './log/witnessing.ts';
import type { NewCosignature, Witnessing } from './log/witnessing.ts';
import type { OpenNode } from './open-node.ts';
import { keepHeartbeatSeconds } from './watch/heartbeat-seconds.ts';
import { registerWitnessedLog } from './witness/add-checkpoint.ts';
import { witnessRoutes } from './witness/routes.ts';

export interface NodeExchange {
  hand: HandPouches;
  /** Asks the other participants to confirm a docket as it is now (exchange/confirm.ts). */
  confirm(docket: string, seconds: number): Promise<Confirmed | null>;
  /** An officer's word that nobody else ever had our log (exchange/after-restore.ts). */
  nobodyElse: Exchange['nobodyElse'];
  withoutTheRest: Exchange['withoutTheRest'];
  /** Requests of counterparts: pouches, log tiles, witness, who we are. */
  handler: RequestListener;
  /** Begins to send and to keep channels alive; call it once the node listens. */
  start(): void;
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface ExchangeOptions {
  /** No courier, no chores, no witnesses: for one command while no node runs on the home. */
  offline: boolean;
  after: After;
  log: LogLine;
}

const choresEveryMs = 1_000;
const bodyBytesMax = 64 * 1024;
const requestTimeoutMs = 60_000;

/** Starts what the node does towards others; listens nowhere by itself. */
export async function startExchange(
  node: OpenNode,
  options: ExchangeOptions,
): Promise<NodeExchange> {
  const { keys, storage, refolder, desk, config } = node;
  const { store, sequencer } = storage;
  const { log, after } = options;
  const sealing = sealingWhenNeeded();
  const direct = directRoute(store.reader, mayReachPrivate(config));
  const { clock, random, notify } = desk;
  const closing = new AbortController();
  const exchange = makeExchange({
    store,
    sequencer,
    keys,
    clock,
    random,
    after,
    log,
    notify,
    dockets: refolder,
    docketsChanged: (dockets) => refolder.docketsChanged(dockets),
    witnesses: witnessAddresses(node).map(({ key }) => key),
    rate: rateDefault,
    askWitnesses: async () => await askWitnesses(node, closing.signal),
    sealing,
    routes: options.offline ? [] : [direct],
  });
  const stopWaking = options.offline ? () => undefined : wakeCourier(node, exchange);
  await store.transact(async (tx) => {
    for (const { vkey } of config.witnessFor) {
      const key = parseVkey(vkey);
      if (key.ok) await registerWitnessedLog(tx, key.value.name, [vkey]);
    }
  });
  const stopHeartbeatSeconds = await keepHeartbeatSeconds(
    { store, hub: node.hub, log },
    keys.party,
    config.heartbeatSeconds,
  );
  const told = (parties: readonly string[]) => exchange.said(parties);
  const witnessing = options.offline ? null : await beginWitnessing(node, told, log);
  const server = await listenFor(node, exchange, after);
  return {
    hand: handPouches(exchange),
    ...officersWord(exchange),
    handler: server.routing.bind(server),
    start: () => exchange.start(choresEveryMs),
    idle: async () => await exchange.idle(),
    async close() {
      closing.abort();
      stopHeartbeatSeconds();
      stopWaking();
      await witnessing?.close();
      await exchange.close();
      await server.close();
      await direct.close();
      await sealing.close();
    },
  };
}

/** Has the courier go when there is something to send, or no reason left to wait; returns "stop". */
function wakeCourier(node: OpenNode, exchange: Exchange): () => void {
  const { courier } = exchange;
  node.onLogged(({ statement, recipients }) => {
    exchange.said(recipients);
    // The other side was told "not confirmed" until now, and its officer waits at the telephone.
    if (statement.kind === 'channel.pair') for (const party of recipients) courier.wake(party);
  });
  // A party was added again (perhaps with a new address) or was heard.
  return node.hub.subscribe((event) => {
    if (event.type === 'channel') courier.wake(event.party);
  });
}

/** What an officer may ask of the exchange. */
function officersWord(
  exchange: Exchange,
): Pick<NodeExchange, 'confirm' | 'nobodyElse' | 'withoutTheRest'> {
  return {
    confirm: async (docket, seconds) => await exchange.confirm(docket, seconds),
    nobodyElse: async () => await exchange.nobodyElse(),
    withoutTheRest: async () => await exchange.withoutTheRest(),
  };
}

/** The configured witnesses, with their addresses. */
function witnessAddresses({ config }: OpenNode): WitnessAddress[] {
  return config.witnesses.flatMap(({ vkey, url }) => {
    const key = parseVkey(vkey);
    return key.ok ? [{ key: key.value, url }] : [];
  });
}

/** What each configured witness says of our log; nothing while it is empty. */
async function askWitnesses(node: OpenNode, signal: AbortSignal): Promise<WitnessWord[]> {
  const { storage, keys } = node;
  const checkpoint = storage.sequencer.newest();
  if (checkpoint === null) return [];
  const { reader } = storage.store;
  const wish = { reader, fetch: globalThis.fetch, signal, logKey: keys.logSigner.key, checkpoint };
  return await Promise.all(
    witnessAddresses(node).map((witness) => witnessWord({ ...wish, witness })),
  );
}

async function beginWitnessing(
  node: OpenNode,
  told: (parties: readonly string[]) => void,
  log: LogLine,
): Promise<Witnessing> {
  const { storage, keys, desk } = node;
  const { store, sequencer } = storage;
  const witnessing = await startWitnessing({
    store,
    clock: desk.clock,
    sequencer,
    // A new log may begin while the node runs.
    get logKey() {
      return keys.logSigner.key;
    },
    witnesses: witnessAddresses(node),
    fetch: globalThis.fetch,
    chance: () => (desk.random(1)[0] ?? 0) / 256,
    log,
  });
  witnessing.onCosigned((cosigned) => {
    noteCosignature(node, cosigned)
      .then(told)
      .catch((error: unknown) => {
        log('error', 'a cosignature could not be noted', { error: String(error) });
      });
  });
  return witnessing;
}

/**
 * A witness's cosignature of our log may settle times: dockets are folded again, and counterparts get
 * the line, so that they fold the same. Returns whose queues have it.
 */
async function noteCosignature(node: OpenNode, cosigned: NewCosignature): Promise<string[]> {
  const { storage, refolder, desk } = node;
  const { origin, size, previousSize, vkey } = cosigned;
  const ref = cosignatureRef({ checkpoint: { origin, size, root: new Uint8Array(32) }, vkey });
  const { dockets, parties } = await storage.store.transact(async (tx) => {
    const found = await docketsWithEntries(tx, origin, previousSize, size, origin);
    await markDirty(tx, found);
    const confirmed = (await channelParties(tx)).filter((each) => each.confirmed);
    const items = confirmed.map(({ party }) => {
      return { party, item: 'cosignature' as const, ref, lane: 1 as const };
    });
    await queueItems(tx, items, desk.clock.now());
    return { dockets: found, parties: confirmed.map(({ party }) => party) };
  });
  refolder.docketsChanged(dockets);
  desk.notify({ type: 'checkpoint', origin, size });
  return parties;
}

/** Everything that counterparts and witnesses may ask; apart from the officers' API. */
async function listenFor(node: OpenNode, exchange: Exchange, after: After) {
  const { storage, keys, desk } = node;
  const { store, sequencer } = storage;
  const app = fastify({ logger: false, bodyLimit: bodyBytesMax, requestTimeout: requestTimeoutMs });
  await app.register(async (scope) => {
    await directServer(scope, {
      party: keys.party,
      receive: async (sealed) => await exchange.receive(sealed),
      turnedAway: (reason) => exchange.turnedAway(reason),
      after,
    });
  });
  await app.register(async (scope) => {
    await logRoutes(scope, { reader: store.reader, sequencer });
  });
  await app.register(async (scope) => {
    await witnessRoutes(scope, { store, clock: desk.clock, witnessSigner: keys.witnessSigner });
  });
  // Counterparts and strangers learn a status and nothing of what went wrong here.
  app.setErrorHandler((error, _request, reply) => {
    const { statusCode } = error as { statusCode?: number };
    const status = statusCode !== undefined && statusCode < 500 ? statusCode : 500;
    return reply.code(status).type('text/plain; charset=utf-8').send('');
  });
  await app.ready();
  return app;
}

function handPouches(exchange: Exchange): HandPouches {
  return {
    async export(party) {
      const pouch = await exchange.hand.exportFor(party);
      if (pouch === null) return failure('unknown-party', party, 'its credentials are not known');
      return success({ pouch: pouch.sealed, records: pouch.records });
    },
    async import(bytes) {
      const taken = await exchange.hand.importFile(bytes);
      if (!taken.ok) return taken;
      const { records, taken: statements, refused } = taken.value;
      return success({ records, taken: statements.length, refused: refused.length });
    },
  };
}

/** The worker thread for age is started with the first pouch: most commands never need one. */
function sealingWhenNeeded(): Sealing {
  let started: Sealing | null = null;
  const sealing = (): Sealing => (started ??= startSealing());
  return {
    seal: (recipients, plaintext) => sealing().seal(recipients, plaintext),
    open: (identities, sealed) => sealing().open(identities, sealed),
    close: async () => {
      await started?.close();
    },
  };
}
