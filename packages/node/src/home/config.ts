/**
 * Configuration: built-in values, then `config.json` of the home, then COMITY_* variables, then flags.
 *
 * Every mistake is explained with the place it was made, what is wrong and what to write instead;
 * unknown keys are mistakes too, because a misspelt key that is ignored is worse than none.
 */
import { z } from 'zod';
import { failure, parseVkey, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { HomeLayout } from './layout.ts';
import { readTextFile } from './layout.ts';

/** `host` may be a name, an IPv4 address or an IPv6 address in brackets; port 0 = any free one. */
export interface ListenAddress {
  host: string;
  port: number;
}

/** The configuration of a node with nothing left out. */
export interface NodeConfig {
  /** Listener for counterparts: pouches, log tiles, witness endpoint. */
  exchange: ListenAddress;
  /** Listener for officers; null = the home's unix socket only. */
  api: ListenAddress | null;
  /** Address that counterparts are told for the direct route; null = the exchange listener's. */
  direct: string | null;
  /** PostgreSQL address; null = SQLite in the home. */
  database: string | null;
  /** Folder of the high-water file; null = the user's state folder. */
  stateDirectory: string | null;
  /**
   * Whether routes of counterparts, and documents that are fetched, may lead to loopback and private
   * addresses; null = where our own exchange address is one.
   */
  privateAddresses: boolean | null;
  heartbeatSeconds: number;
  /** Witnesses that are asked to cosign our checkpoints, beside the counterparts. */
  witnesses: { vkey: string; url: string }[];
  /** Logs of strangers that our witness endpoint cosigns. */
  witnessFor: { vkey: string }[];
}

/** One mistake in the configuration, in plain words. */
export interface ConfigProblem {
  /** `config.json`, `environment` or `flags`. */
  where: string;
  /** `witnesses[0].url`, `COMITY_API`, `--api`; '' for the file as a whole. */
  key: string;
  problem: string;
  instead: string;
}

/** Values from the command line, by the key of the configuration. */
export type ConfigFlags = { [K in keyof NodeConfig]?: unknown };

const defaults: NodeConfig = {
  exchange: { host: '127.0.0.1', port: 7300 },
  api: { host: '127.0.0.1', port: 7301 },
  direct: null,
  database: null,
  stateDirectory: null,
  privateAddresses: null,
  heartbeatSeconds: 3600,
  witnesses: [],
  witnessFor: [],
};

const heartbeatSecondsMax = 604_800;

const listen = z
  .string({ error: 'must be text like "127.0.0.1:7300"' })
  .transform((text, context) => {
    const address = parseListenAddress(text);
    if (address !== null) return address;
    context.addIssue({ code: 'custom', message: 'is not HOST:PORT' });
    return z.NEVER;
  });
const webAddress = z
  .string({ error: 'must be text like "https://north.example"' })
  .refine((text) => isHttpAddress(text), { error: 'is not an http or https address' });
const vkeyText = z
  .string({ error: 'must be a vkey (name+hash+key)' })
  .refine((text) => parseVkey(text).ok, { error: 'is not a vkey, or its key hash is wrong' });
const configFile = z.strictObject({
  exchange: listen.optional(),
  api: z.union([z.null(), listen]).optional(),
  direct: z.union([z.null(), webAddress]).optional(),
  database: z
    .union([
      z.null(),
      z.string({ error: 'must be text' }).refine((text) => /^postgres(ql)?:\/\//.test(text), {
        error: 'is not a PostgreSQL address',
      }),
    ])
    .optional(),
  stateDirectory: z.union([z.null(), z.string({ error: 'must be a folder' }).min(1)]).optional(),
  privateAddresses: z.union([z.null(), z.boolean({ error: 'must be true or false' })]).optional(),
  heartbeatSeconds: z
    .int({ error: 'must be a whole number of seconds' })
    .min(1, { error: 'is too small' })
    .max(heartbeatSecondsMax, { error: 'is more than a week' })
    .optional(),
  witnesses: z
    .array(z.strictObject({ vkey: vkeyText, url: webAddress }), { error: 'must be a list' })
    .max(32, { error: 'has more than 32 witnesses' })
    .optional(),
  witnessFor: z
    .array(z.strictObject({ vkey: vkeyText }), { error: 'must be a list' })
    .max(1000, { error: 'has more than 1000 logs' })
    .optional(),
});

/** What to write instead, by the first part of the key. */
const instead: { [key: string]: string } = {
  exchange: 'write the address to listen on for counterparts, for example "127.0.0.1:7300"',
  api: 'write the address to listen on for officers, for example "127.0.0.1:7301"; null = only the socket in the home',
  direct: 'write the address that counterparts reach, for example "https://north.example"',
  database: 'write "postgres://user@host:5432/name", or leave it out for SQLite in the home',
  stateDirectory: 'write a folder outside the home, for example "/var/lib/comity"',
  privateAddresses:
    'write true where counterparts are reached at loopback or private addresses, false where never; null = as our own exchange address is',
  heartbeatSeconds: 'write seconds between heartbeats, for example 3600',
  witnesses: 'write [{"vkey": "name+hash+key", "url": "https://witness.example"}]',
  witnessFor: 'write [{"vkey": "name+hash+key"}]',
};

const variables: { [name: string]: keyof NodeConfig } = {
  COMITY_EXCHANGE: 'exchange',
  COMITY_API: 'api',
  COMITY_DIRECT: 'direct',
  COMITY_DATABASE: 'database',
  COMITY_STATE_DIR: 'stateDirectory',
  COMITY_PRIVATE_ADDRESSES: 'privateAddresses',
  COMITY_HEARTBEAT_SECONDS: 'heartbeatSeconds',
};
/** Variables of the command line and of the tests; not configuration of the node. */
const otherVariables = ['COMITY_HOME', 'COMITY_PASSPHRASE_FILE', 'COMITY_PASSPHRASE'];

/** `HOST:PORT`, with IPv6 addresses in brackets. Null when it is anything else. */
export function parseListenAddress(text: string): ListenAddress | null {
  const at = text.lastIndexOf(':');
  if (at <= 0) return null;
  const host = text.slice(0, at);
  const portText = text.slice(at + 1);
  if (!/^(0|[1-9][0-9]{0,4})$/.test(portText) || Number(portText) > 65_535) return null;
  if (host.startsWith('[') !== host.endsWith(']')) return null;
  if (!host.startsWith('[') && host.includes(':')) return null;
  if (/[\s/@]/.test(host)) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(portText) };
}

/** `http://host:port` of a listener's address. */
export function addressUrl(address: ListenAddress): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}`;
}

/** Reads and checks everything; the list of problems is empty when the configuration is right. */
export async function checkConfig(
  layout: HomeLayout,
  environment: Readonly<Record<string, string | undefined>>,
  flags: ConfigFlags,
): Promise<{ config: NodeConfig; problems: ConfigProblem[] }> {
  const problems: ConfigProblem[] = [];
  const fromFile = parsePart(parseFile(await readTextFile(layout.config), problems), problems, {
    where: 'config.json',
    nameOf: (key) => key,
  });
  const fromEnvironment = parsePart(readEnvironment(environment, problems), problems, {
    where: 'environment',
    nameOf: (key) => variableOf(key),
  });
  const fromFlags = parsePart({ ...flags }, problems, {
    where: 'flags',
    nameOf: (key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  });
  return { config: { ...defaults, ...fromFile, ...fromEnvironment, ...fromFlags }, problems };
}

/** The configuration, or `bad-config` with all problems in the detail, one per line. */
export async function loadConfig(
  layout: HomeLayout,
  environment: Readonly<Record<string, string | undefined>>,
  flags: ConfigFlags,
): Promise<Result<NodeConfig, 'bad-config'>> {
  const { config, problems } = await checkConfig(layout, environment, flags);
  if (problems.length === 0) return success(config);
  return failure('bad-config', problems[0]?.key ?? '', problems.map(formatProblem).join('\n'));
}

/** One problem as one line for a terminal. */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.key === '' ? problem.where : `${problem.where}: ${problem.key}`;
  return `${place} ${problem.problem}; ${problem.instead}`;
}

function parseFile(text: string | null, problems: ConfigProblem[]): unknown {
  if (text === null) return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    problems.push({
      where: 'config.json',
      key: '',
      problem: `is not JSON (${error instanceof Error ? error.message : 'unreadable'})`,
      instead: 'write one object, {"exchange": "127.0.0.1:7300"}, or remove the file',
    });
    return {};
  }
}

function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  problems: ConfigProblem[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('COMITY_') || text === undefined) continue;
    if (otherVariables.includes(name) || name.startsWith('COMITY_TEST_')) continue;
    const key = variables[name];
    if (key === undefined) {
      problems.push({
        where: 'environment',
        key: name,
        problem: 'is not known',
        instead: `known are ${Object.keys(variables).join(', ')}`,
      });
    } else if (key === 'heartbeatSeconds') {
      values[key] = /^[0-9]+$/.test(text) ? Number(text) : text;
    } else if (key === 'privateAddresses') {
      values[key] = text === 'true' || (text === 'false' ? false : text);
    } else {
      values[key] = key === 'api' && text === 'none' ? null : text;
    }
  }
  return values;
}

function parsePart(
  value: unknown,
  problems: ConfigProblem[],
  source: { where: string; nameOf: (key: string) => string },
): Partial<NodeConfig> {
  const parsed = configFile.safeParse(value);
  if (parsed.success) return withoutUndefined(parsed.data);
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) problems.push(unknownKey([...issue.path, key], source));
      continue;
    }
    const message = issue.code === 'invalid_union' ? firstMessage(issue.errors) : issue.message;
    const first = String(issue.path[0] ?? '');
    problems.push({
      where: source.where,
      key: nameOfPath(issue.path, source.nameOf),
      problem: message,
      instead: instead[first] ?? 'write one object',
    });
  }
  return {};
}

function unknownKey(
  path: PropertyKey[],
  source: { where: string; nameOf: (key: string) => string },
): ConfigProblem {
  const atTop = path.length === 1;
  return {
    where: source.where,
    key: nameOfPath(path, atTop ? (key) => key : source.nameOf),
    problem: 'is not a known key',
    instead: atTop
      ? `known keys are ${Object.keys(instead).join(', ')}`
      : (instead[String(path[0])] ?? 'remove it'),
  };
}

function firstMessage(errors: readonly (readonly { message: string; code: string }[])[]): string {
  const all = errors.flat();
  return (all.find((error) => !error.message.includes('expected null')) ?? all[0])?.message ?? '';
}

function nameOfPath(path: readonly PropertyKey[], nameOf: (key: string) => string): string {
  return path
    .map((part, at) => {
      if (at === 0) return nameOf(String(part));
      return typeof part === 'number' ? `[${part}]` : `.${String(part)}`;
    })
    .join('');
}

function variableOf(key: string): string {
  return Object.entries(variables).find(([, name]) => name === key)?.[0] ?? key;
}

function withoutUndefined(value: { [K in keyof NodeConfig]?: NodeConfig[K] | undefined }) {
  const kept: Partial<NodeConfig> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (entry !== undefined) Object.assign(kept, { [key]: entry });
  }
  return kept;
}

function isHttpAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.username === '' &&
    url.search === '' &&
    url.hash === ''
  );
}
