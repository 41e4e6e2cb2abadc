/**
 * A running node: the open home with the exchange, its two listeners and the officers' API.
 *
 * Exchange, log tiles and witness listen on one address, the API on another and on the home's unix
 * socket, so that the desk need never face the internet. Nothing here prints: log lines go to the
 * function that was given.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Failure, Result } from '@comity/record';
import { systemClock } from './context.ts';
import type { Clock, LogLine, NodeEvent, Random } from './context.ts';
import type { HandPouches } from './api/deps.ts';
import { fetchDocument } from './api/fetch-document.ts';
import { mayReachPrivate } from './exchange/routes/guarded-connect.ts';
import { listenOn, listenOnSocket, socketPath } from './api/listeners.ts';
import type { Listener } from './api/listeners.ts';
import { buildApi } from './api/server.ts';
import { apiToken } from './api/token.ts';
import type { Approval } from './desk/approvals.ts';
import type { DeskDeps } from './desk/deps.ts';
import type { DraftRequest } from './desk/requests.ts';
import { say } from './desk/say.ts';
import type { SayFailure } from './desk/say.ts';
import { systemAfter } from './exchange/deps.ts';
import type { After } from './exchange/deps.ts';
import { addressUrl } from './home/config.ts';
import type { ConfigFlags } from './home/config.ts';
import type { OfficerSecret } from './officers/key-files.ts';
import { writeFileDurably } from './home/layout.ts';
import { openNode } from './open-node.ts';
import type { OpenFailure, OpenNode } from './open-node.ts';
import { startExchange } from './node-exchange.ts';
import type { NodeExchange } from './node-exchange.ts';
import { ownCredentialsFile } from './parties/own-credentials.ts';

export interface StartOptions {
  home: string;
  /** Configuration of the command line, by the keys of `config.json`. */
  flags?: ConfigFlags;
  passphrase?: string | null;
  /** Only to read, without any passphrase: what is no GET is answered with `keys-locked`. */
  locked?: boolean;
  /** The environment of the process when left out. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** No listeners and no courier: for one command while no node runs on the home. */
  offline?: boolean;
  clock?: Clock;
  random?: Random;
  after?: After;
  log?: LogLine;
  /** Requests per minute and caller on the API. */
  requestsPerMinute?: number;
}

export type StartFailure = OpenFailure | 'address-in-use' | 'cannot-listen';

/** Why a node did not start. */
export class StartError extends Error {
  readonly code: StartFailure;
  readonly path: string;
  readonly detail: string | undefined;
  constructor(problem: Failure<StartFailure>) {
    super([problem.code, problem.path, problem.detail].filter((text) => text).join(': '));
    this.code = problem.code;
    this.path = problem.path;
    this.detail = problem.detail;
  }
}

/** One call of the API inside this process. */
export interface LocalCall {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with its query. */
  path: string;
  body?: Uint8Array | null;
  contentType?: string | null;
}

export interface LocalReply {
  status: number;
  contentType: string;
  body: Uint8Array;
}

export interface RunningNode {
  party: string;
  name: string;
  exercise: boolean;
  unprotectedKeys: boolean;
  /** Address that counterparts are told, `http://host:port` or as configured; null when offline. */
  exchangeUrl: string | null;
  apiUrl: string | null;
  /** The API's unix socket; null when offline. */
  socket: string | null;
  token: string;
  desk: DeskDeps;
  hand: HandPouches;
  /** Calls the API without a socket. */
  call(call: LocalCall): Promise<LocalReply>;
  /** Drafts, signs with the given keys and submits. */
  say(
    request: DraftRequest,
    secrets: readonly OfficerSecret[],
  ): Promise<Result<Approval, SayFailure>>;
  /** Hears what happens; returns "stop". */
  subscribe(listener: (event: NodeEvent) => void): () => void;
  /** Resolves when nothing is being sent, taken in or folded. */
  settled(): Promise<void>;
  /** Stops listening, finishes what is under way, closes the store and frees the home. */
  close(): Promise<void>;
}

const requestsPerMinuteDefault = 6_000;

/** Starts a node. Throws `StartError` with a code when it cannot. */
export async function startNode(options: StartOptions): Promise<RunningNode> {
  const log = options.log ?? (() => undefined);
  const random = options.random ?? ((bytes) => new Uint8Array(randomBytes(bytes)));
  const opened = await openNode({
    home: options.home,
    flags: options.flags ?? {},
    passphrase: options.passphrase ?? null,
    locked: options.locked === true,
    environment: options.environment ?? process.env,
    clock: options.clock ?? systemClock,
    random,
    after: options.after ?? systemAfter,
    log,
  });
  if (!opened.ok) throw new StartError(opened);
  const node = opened.value;
  const listeners: Listener[] = [];
  let exchange: NodeExchange | null = null;
  const stop = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close()));
    await exchange?.close();
    await node.close();
  };
  try {
    exchange = await startExchange(node, {
      offline: options.offline === true,
      after: options.after ?? systemAfter,
      log,
    });
    return await serve(node, exchange, options, { listeners, log, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function serve(
  node: OpenNode,
  exchange: NodeExchange,
  options: StartOptions,
  parts: { listeners: Listener[]; log: LogLine; stop: () => Promise<void> },
): Promise<RunningNode> {
  const { config, desk, keys } = node;
  const environment = options.environment ?? process.env;
  const urls = {
    exchange: config.direct,
    api: null as string | null,
    socket: null as string | null,
  };
  const token = await apiToken(node.layout, desk.random);
  const api = await buildApi({
    desk,
    keys,
    name: node.name,
    layout: node.layout,
    unprotectedKeys: node.unprotectedKeys,
    locked: node.locked,
    witnesses: config.witnesses,
    hub: node.hub,
    token,
    log: parts.log,
    direct: () => urls.exchange,
    hand: exchange.hand,
    confirm: exchange.confirm,
    nobodyElse: exchange.nobodyElse,
    withoutTheRest: exchange.withoutTheRest,
    foldSettled: () => node.refolder.settled(),
    fetchDocument: (url, bytesMax) => fetchDocument(url, bytesMax, mayReachPrivate(config)),
    requestsPerMinute: options.requestsPerMinute ?? requestsPerMinuteDefault,
  });
  await api.ready();
  if (options.offline !== true) {
    const onExchange = orStart(await listenOn(exchange.handler, config.exchange));
    parts.listeners.push(onExchange);
    urls.exchange ??= addressUrl(onExchange.address);
    await rememberDirect(node, urls.exchange);
    await leaveCredentials(node, urls.exchange, parts.log);
    const handler = api.routing.bind(api);
    if (config.api !== null) {
      const onApi = orStart(await listenOn(handler, config.api));
      parts.listeners.push(onApi);
      urls.api = addressUrl(onApi.address);
    }
    const path = socketPath(node.layout, environment);
    const onSocket = await listenOnSocket(handler, path);
    if (onSocket.ok) {
      parts.listeners.push(onSocket.value);
      urls.socket = path;
    } else {
      parts.log('warn', 'no unix socket; the API is on its address only', { path });
    }
  } else {
    urls.exchange ??= await rememberedDirect(node);
  }
  if (options.offline !== true) {
    exchange.start();
    node.duty.start();
  }
  return running(node, exchange, api, { token, urls, stop: parts.stop });
}

function running(
  node: OpenNode,
  exchange: NodeExchange,
  api: FastifyInstance,
  parts: {
    token: string;
    urls: { exchange: string | null; api: string | null; socket: string | null };
    stop: () => Promise<void>;
  },
): RunningNode {
  const { token, urls } = parts;
  let closing: Promise<void> | null = null;
  return {
    party: node.keys.party,
    name: node.name,
    exercise: node.keys.exercise,
    unprotectedKeys: node.unprotectedKeys,
    exchangeUrl: urls.exchange,
    apiUrl: urls.api,
    socket: urls.socket,
    token,
    desk: node.desk,
    hand: exchange.hand,
    call: (call) => callApi(api, token, call),
    say: (request, secrets) => say(node.desk, request, secrets),
    subscribe: (listener) => node.hub.subscribe(listener),
    settled: async () => {
      await exchange.idle();
      await node.refolder.settled();
      await node.duty.settled();
    },
    close: () => {
      closing ??= parts.stop().then(() => api.close());
      return closing;
    },
  };
}

async function callApi(api: FastifyInstance, token: string, call: LocalCall): Promise<LocalReply> {
  const reply = await api.inject({
    method: call.method,
    url: `/api/v1${call.path}`,
    headers: {
      authorization: `Bearer ${token}`,
      ...(call.contentType ? { 'content-type': call.contentType } : {}),
    },
    ...(call.body ? { payload: Buffer.from(call.body) } : {}),
  });
  return {
    status: reply.statusCode,
    contentType: String(reply.headers['content-type'] ?? ''),
    body: new Uint8Array(reply.rawPayload),
  };
}

/** A file in the home to hand to counterparts, so that pairing needs no command of its own. */
async function leaveCredentials(node: OpenNode, direct: string, log: LogLine): Promise<void> {
  const { reader } = node.storage.store;
  const { sequencer } = node.storage;
  const { party } = node.keys;
  const file = await ownCredentialsFile({ reader, sequencer, party }, direct);
  if (file.ok) await writeFileDurably(node.layout.credentials, file.value);
  else log('warn', 'no credentials file was written', { code: file.code });
}

/** Kept so that `comity credentials` names the address while the node does not run. */
async function rememberDirect(node: OpenNode, url: string): Promise<void> {
  await node.storage.store.transact(async (tx) => {
    await tx
      .insertInto('meta')
      .values({ key: 'direct-url', value: url })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: url }))
      .execute();
  });
}

async function rememberedDirect(node: OpenNode): Promise<string | null> {
  const row = await node.storage.store.reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'direct-url')
    .executeTakeFirst();
  return row?.value ?? null;
}

function orStart<T>(result: Result<T, StartFailure>): T {
  if (result.ok) return result.value;
  throw new StartError(result);
}
