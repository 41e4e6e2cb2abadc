/**
 * Reaches the node of a home: over its unix socket when it runs, else by starting its services inside
 * this process, without listeners and under the home's lock, for as long as the command takes.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningNode } from '@comity/node';
import { CommandError, refused, unreachable } from './command-error.ts';
import { NodeClient, segment } from './client.ts';
import type { ApiCall, ApiReply, Transport } from './client.ts';
import { readHomeParty, requireHome } from './context.ts';
import type { CommandContext, HomeParty } from './context.ts';
import { adviceFor } from './advice.ts';
import { exitCodes } from './exit-codes.ts';
import { shortId } from './output/identifiers.ts';
import { partyNames } from './parties.ts';
import { shown } from './output/foreign-text.ts';
import { shellWord } from './output/pasteable.ts';
import { whoIsMissing } from './waiting.ts';
import type { PairingReply } from './waiting.ts';

const answerTimeoutMs = 120_000;
const lockPatienceMs = 10_000;
const lockPollMs = 200;

/** Runs `work` with a client and always closes it. Marks exercises and warns of unprotected keys. */
export async function withNode<T>(
  context: CommandContext,
  work: (client: NodeClient, self: HomeParty) => Promise<T>,
): Promise<T> {
  const home = requireHome(context);
  const self = await readHomeParty(context);
  if (self === null) {
    throw unreachable(
      `no party lives in ${home}`,
      'Make one with: comity init --home DIR --name NAME',
    );
  }
  await warnOfUnprotectedKeys(context, home);
  const client = new NodeClient(await connect(context, home));
  try {
    return await work(client, self);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw await withNames(await sayWhoIsMissing(context, error, client), client);
  } finally {
    await client.close();
  }
}

/** `not-paired` with whose confirmation is missing, and the command that goes on from there. */
async function sayWhoIsMissing(
  context: CommandContext,
  error: CommandError,
  client: NodeClient,
): Promise<CommandError> {
  const [party] = error.code === 'not-paired' ? (error.message.match(identifiers) ?? []) : [];
  if (party === undefined) return error;
  const pairing = await client
    .get<PairingReply>(`/parties/${segment(party)}/number`)
    .catch(() => null);
  if (pairing === null) return error;
  const name = shellWord(shown(pairing.name ?? party));
  const next = pairing.weConfirmed ? `wait ${name}` : `pair confirm ${name} --number "…"`;
  const message = `${shown(pairing.name ?? party)} is not paired: ${whoIsMissing(pairing)}`;
  return new CommandError(error.code, message, `Next: ${context.paste(next)}`, error.exitCode);
}

const identifiers = /\b[0-9a-f]{64}\b/gu;

/** The same error with the names of parties beside their identifiers. */
async function withNames(error: CommandError, client: NodeClient): Promise<CommandError> {
  if (error.message.search(identifiers) === -1) return error;
  const names = await partyNames(client).catch(() => new Map<string, string>());
  const message = error.message.replace(identifiers, (id) => {
    const name = names.get(id);
    return name === undefined ? id : `${name} (${shortId(id)})`;
  });
  return new CommandError(error.code, message, error.what, error.exitCode);
}

/** `--unprotected-keys` is for trials; every command says so. */
export async function warnOfUnprotectedKeys(context: CommandContext, home: string): Promise<void> {
  const plain = await stat(join(home, 'keys', 'node.json')).catch(() => null);
  if (plain === null) return;
  context.output.warn('the keys in this home are not protected by a passphrase: for trials only');
}

/**
 * The running node if there is one. When a process that has no socket yet holds the lock (a node that
 * starts, another command), tries again for some seconds before giving up.
 */
async function connect(context: CommandContext, home: string): Promise<Transport> {
  const end = Date.now() + lockPatienceMs;
  for (;;) {
    const running = await connectToRunning(context, home);
    if (running !== null) return running;
    try {
      return await openHere(context, home);
    } catch (error) {
      const locked = error instanceof CommandError && error.code === 'locked';
      if (!locked || Date.now() > end) throw error;
    }
    await sleep(lockPollMs);
  }
}

/**
 * The socket of a running node, or null when nobody listens there. `unsafe-socket`: another user may be
 * listening, so nothing is sent.
 */
async function connectToRunning(context: CommandContext, home: string): Promise<Transport | null> {
  const { homeLayout, socketDistrust, socketPath } = await import('@comity/node');
  const layout = homeLayout(home);
  const path = socketPath(layout, context.environment);
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  const distrust = await socketDistrust(path);
  if (distrust !== null) throw unsafeSocket(distrust, path === layout.socket);
  const { Client } = await import('undici');
  const token = (await readFile(layout.apiToken, 'utf8').catch(() => '')).trim();
  const client = new Client('http://node', {
    connect: { socketPath: path },
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  });
  const transport: Transport = {
    running: true,
    call: async (call) => {
      const reply = await client.request({
        method: call.method,
        path: `/api/v1${call.path}`,
        headers: headersOf(call, token),
        body: call.body === null ? null : Buffer.from(call.body),
      });
      return {
        status: reply.statusCode,
        contentType: String(reply.headers['content-type'] ?? ''),
        body: new Uint8Array(await reply.body.arrayBuffer()),
      };
    },
    close: async () => {
      await client.close();
    },
  };
  try {
    await transport.call({ method: 'GET', path: '/party', body: null, contentType: null });
    return withClearErrors(transport);
  } catch (error) {
    await client.destroy();
    // A socket left behind by a node that was killed: nobody answers, the lock decides.
    if (isRefusedConnection(error)) return null;
    throw unreachable(
      `the node of ${home} does not answer on its socket (${messageOf(error)})`,
      'See its log lines; stop and start it again if it hangs.',
    );
  }
}

function unsafeSocket(distrust: string, inHome: boolean): CommandError {
  const what = inHome
    ? 'Run this as the user whose home it is, and let nobody else write to it: chmod go-w HOME'
    : 'Set XDG_RUNTIME_DIR, for the node and for this command, to a folder that only you may write to, or give the home a shorter path; then start the node again.';
  return refused(
    'unsafe-socket',
    `another user may answer in the node’s stead, so nothing was sent: ${distrust}`,
    what,
  );
}

/**
 * Services in this process, without listeners. `locked` when another process works on the home. Keys
 * under a passphrase stay locked until a call needs them: reading needs none.
 */
async function openHere(context: CommandContext, home: string): Promise<Transport> {
  let node = (await startLocked(context, home)) ?? (await startUnlocked(context, home));
  return {
    running: false,
    call: async (call): Promise<ApiReply> => {
      const reply = await node.call(call);
      if (!saysLocked(reply)) return reply;
      await node.close();
      node = await startUnlocked(context, home);
      return await node.call(call);
    },
    close: () => node.close(),
  };
}

/** The node with its keys locked; null where they are in the clear, or needed at once. */
async function startLocked(context: CommandContext, home: string): Promise<RunningNode | null> {
  const { startNode, StartError, homeLayout } = await import('@comity/node');
  const sealed = await stat(homeLayout(home).nodeKeysEncrypted).catch(() => null);
  if (sealed === null) return null;
  const { environment } = context;
  try {
    return await startNode({ home, environment, offline: true, locked: true });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    if (error.code === 'passphrase-needed') return null;
    throw openFailureError(home, error);
  }
}

async function startUnlocked(context: CommandContext, home: string): Promise<RunningNode> {
  const { startNode, StartError } = await import('@comity/node');
  const { environment } = context;
  return await context.passphrases.unlock(`the node keys of ${home}`, async (passphrase) => {
    try {
      const started = await startNode({ home, passphrase, environment, offline: true });
      return { ok: true as const, value: started };
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      if (!keyFailures.includes(error.code)) throw openFailureError(home, error);
      return { ok: false as const, code: error.code, path: error.path };
    }
  });
}

function saysLocked({ status, body }: ApiReply): boolean {
  if (status !== 403) return false;
  const problem = JSON.parse(new TextDecoder().decode(body)) as { code?: unknown };
  return problem.code === 'keys-locked';
}

/** Failures of opening a home that another passphrase could mend. */
export const keyFailures: readonly string[] = [
  'passphrase-needed',
  'wrong-passphrase',
  'bad-key-file',
];

function withClearErrors(transport: Transport): Transport {
  return {
    ...transport,
    call: async (call) => {
      try {
        return await transport.call(call);
      } catch (error) {
        throw unreachable(
          `the node stopped answering (${messageOf(error)})`,
          'What was signed and answered before is kept. See the node’s log lines.',
        );
      }
    },
  };
}

function headersOf(call: ApiCall, token: string): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    ...(call.contentType === null ? {} : { 'content-type': call.contentType }),
  };
}

/** A node that runs on the home and answers: nothing is wrong with it. */
export async function refuseIfRunning(context: CommandContext, home: string): Promise<void> {
  const { homeLayout, lockOwner } = await import('@comity/node');
  const owner = await lockOwner(homeLayout(home).lock);
  if (owner === null) return;
  const running = await connectToRunning(context, home).catch(() => null);
  if (running === null) return;
  await running.close();
  throw new CommandError(
    'already-running',
    `the node of ${home} runs already (process ${owner})`,
    `Nothing is to be done. See how it stands: ${context.paste('status')}`,
    exitCodes.locked,
  );
}

/** The lock's failure in words. */
export function lockedError(home: string, pid: string | undefined): CommandError {
  const who = pid === undefined || pid === '' ? 'another process' : `process ${pid}`;
  return new CommandError(
    'locked',
    `${home} is in use by ${who}, which does not answer on the home’s socket`,
    'If it is a node that is starting or another command, wait and try again; if it hangs, stop it.',
    exitCodes.locked,
  );
}

/** Why a home cannot be opened, in words. */
export function openFailureError(
  home: string,
  problem: { code: string; path: string; detail?: string | undefined },
): CommandError {
  const { code, path } = problem;
  const detail = problem.detail === undefined || problem.detail === '' ? '' : `: ${problem.detail}`;
  switch (code) {
    case 'locked':
      return lockedError(home, problem.detail);
    case 'no-home':
      return unreachable(`no party lives in ${home}`, adviceFor('no-home'));
    case 'store-unavailable':
      return unreachable(
        `the database cannot be opened${detail}`,
        'Check "database" in config.json, and that the folder can be written.',
      );
    case 'wrong-database':
      return refused(
        code,
        `the database belongs to another party${detail}`,
        'Check "database" in config.json: each party has its own.',
      );
    case 'address-in-use':
    case 'cannot-listen':
      return refused(
        code,
        `cannot listen on ${path}${detail}`,
        'Choose another: --exchange HOST:PORT and --api HOST:PORT; port 0 takes any free one.',
      );
    case 'bad-config':
      return refused(
        code,
        `the configuration has mistakes\n${problem.detail ?? path}`,
        adviceFor(code),
      );
    default:
      return refused(
        code,
        `${home} cannot be opened (${[code, path].filter(Boolean).join(' ')})${detail}`,
        adviceFor(code),
      );
  }
}

function isRefusedConnection(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
