/** Real homes and real nodes for tests, each in a folder of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/context.ts';
import { initHome } from '../src/home/init.ts';
import type { InitOptions } from '../src/home/init.ts';
import { homeLayout } from '../src/home/layout.ts';
import { startNode } from '../src/node.ts';
import type { RunningNode, StartOptions } from '../src/node.ts';
import { listOfficerKeys, unlockOfficerKey } from '../src/officers/key-files.ts';
import type { OfficerSecret } from '../src/officers/key-files.ts';

export interface TestHome {
  folder: string;
  home: string;
  party: string;
  origin: string;
  secrets: OfficerSecret[];
  start(options?: Partial<StartOptions>): Promise<RunningNode>;
  remove(): Promise<void>;
}

export const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));

/** A home of an exercise party with unprotected keys and free ports. */
export async function makeHome(name: string, more: Partial<InitOptions> = {}): Promise<TestHome> {
  const folder = await mkdtemp(join(tmpdir(), 'comity-node-'));
  const home = join(folder, 'home');
  const environment = { COMITY_STATE_DIR: join(folder, 'state') };
  const made = await initHome({
    home,
    name,
    functions: ['cert'],
    officers: 2,
    exercise: true,
    unprotectedKeys: true,
    passphrase: null,
    random,
    clock: systemClock,
    environment,
    config: { exchange: '127.0.0.1:0', api: '127.0.0.1:0' },
    ...more,
  });
  if (!made.ok) throw new Error(`init: ${made.code} ${made.path} ${made.detail ?? ''}`);
  const secrets: OfficerSecret[] = [];
  for (const file of await listOfficerKeys(homeLayout(home))) {
    const secret = await unlockOfficerKey(file.path, null);
    if (secret.ok) secrets.push(secret.value);
  }
  return {
    folder,
    home,
    party: made.value.party,
    origin: made.value.origin,
    secrets,
    start: (options = {}) => startNode({ home, environment, ...options }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface Answer<T> {
  status: number;
  value: T;
}

/** Calls a node's API with JSON, in the process. */
export async function api<T = Record<string, unknown>>(
  node: RunningNode,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer<T>> {
  const bytes = body === undefined ? null : new TextEncoder().encode(JSON.stringify(body));
  const reply = await node.call({
    method,
    path,
    body: bytes,
    contentType: bytes === null ? null : 'application/json',
  });
  const text = new TextDecoder().decode(reply.body);
  return { status: reply.status, value: (text === '' ? null : JSON.parse(text)) as T };
}

/** Sends a file to a node's API. */
export async function apiFile<T = Record<string, unknown>>(
  node: RunningNode,
  path: string,
  body: Uint8Array,
): Promise<Answer<T>> {
  const reply = await node.call({
    method: 'POST',
    path,
    body,
    contentType: 'application/octet-stream',
  });
  return { status: reply.status, value: JSON.parse(new TextDecoder().decode(reply.body)) as T };
}
