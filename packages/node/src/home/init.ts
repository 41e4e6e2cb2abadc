/**
 * Making a party: keys, first credentials, and the log with those credentials as entry 0.
 *
 * Creating a log is this explicit command and nothing else ever does it. `party.json` is written
 * last: a home without it is half made and is made anew by removing it.
 */
import { readdir } from 'node:fs/promises';
import {
  failure,
  formatEnvelope,
  InvariantError,
  parseCredentialsBody,
  parseStatement,
  sealingRecipient,
  signatureListDigest,
  signaturesMax,
  success,
} from '@comity/record';
import type { Envelope, Result } from '@comity/record';
import { chainOf } from '@comity/accord';
import type { Clock, LogLine, NodeKeys, Random } from '../context.ts';
import {
  makeOfficerSecret,
  officeSlug,
  signAsOfficer,
  writeOfficerKey,
} from '../officers/key-files.ts';
import type { OfficerSecret } from '../officers/key-files.ts';
import type { Sequencer } from '../log/jobs.ts';
import { ownCredentialsFile } from '../parties/own-credentials.ts';
import type { Store } from '../store/store.ts';
import { checkConfig, formatProblem } from './config.ts';
import { firstCredentials } from './first-credentials.ts';
import type { FirstCredentials } from './first-credentials.ts';
import { homeLayout, writeFileDurably } from './layout.ts';
import type { HomeLayout } from './layout.ts';
import { acquireLock } from './lock.ts';
import { makeNodeKeys, writeNodeKeys } from './node-keys.ts';
import type { Protection } from './node-keys.ts';
import { writePartyFile } from './party-file.ts';
import { logVkey, openStorage } from './storage.ts';

export const officersMax = 16;
/** Each derives a key, which takes a second and a quarter of a gigabyte. */
const keysAtOnce = 2;

export interface InitOptions {
  home: string;
  name: string;
  /** Functions of the party; `organisation` when empty. */
  functions: string[];
  /** How many officers; their offices are "Duty officer 1", … */
  officers: number;
  exercise: boolean;
  unprotectedKeys: boolean;
  /** Needed unless `unprotectedKeys`. */
  passphrase: string | null;
  /** By office, where an officer's key has a passphrase of its own; else it is `passphrase`. */
  officerPassphrases?: { readonly [office: string]: string };
  random: Random;
  clock: Clock;
  /** log2 of scrypt's N; lowered by tests only. */
  workFactor?: number;
  /** Name of the log; made from the party's name and chance when left out. */
  origin?: string;
  /** Values for a first `config.json` (addresses, database …), as they stand in that file. */
  config?: { [key: string]: unknown };
  environment?: Readonly<Record<string, string | undefined>>;
  log?: LogLine;
}

export interface InitResult {
  party: string;
  origin: string;
  vkey: string;
  officers: { office: string; keyFile: string; keyid: string }[];
}

export type InitFailure =
  | 'home-exists'
  | 'locked'
  | 'bad-name'
  | 'bad-officers'
  | 'bad-function'
  | 'bad-config'
  | 'bad-key-file'
  | 'passphrase-needed'
  | 'store-unavailable'
  | 'key-file-exists';

/** Makes a party in an empty (or missing) folder. Nothing is overwritten. */
export async function initHome(options: InitOptions): Promise<Result<InitResult, InitFailure>> {
  const layout = homeLayout(options.home);
  const { name, officers } = options;
  if (name.trim() === '' || name !== name.trim()) return failure('bad-name', 'name');
  if (!Number.isInteger(officers) || officers < 1 || officers > officersMax) {
    return failure('bad-officers', 'officers', `between 1 and ${officersMax}`);
  }
  if (!options.unprotectedKeys && !options.passphrase) return failure('passphrase-needed', '');
  if (!(await isEmptyFolder(layout.home))) return failure('home-exists', layout.home);
  const locked = await acquireLock(layout.lock);
  if (!locked.ok) return locked;
  try {
    return await makeParty(layout, options);
  } finally {
    await locked.value.release();
  }
}

async function makeParty(
  layout: HomeLayout,
  options: InitOptions,
): Promise<Result<InitResult, InitFailure>> {
  const environment = options.environment ?? process.env;
  if (options.config !== undefined) {
    await writeFileDurably(layout.config, `${JSON.stringify(options.config, null, 2)}\n`);
  }
  const { config, problems } = await checkConfig(layout, environment, {});
  if (problems.length > 0) {
    return failure('bad-config', problems[0]?.key ?? '', problems.map(formatProblem).join('\n'));
  }
  const { exercise, random, clock } = options;
  const origin = options.origin ?? makeOrigin(options.name, exercise, random);
  const keys = await makeNodeKeys(origin, exercise, random);
  const secrets = Array.from({ length: options.officers }, (_, at) =>
    makeOfficerSecret(`Duty officer ${at + 1}`, random),
  );
  const first = firstCredentials(
    {
      name: options.name,
      functions: options.functions.length > 0 ? options.functions : ['organisation'],
      officers: secrets,
      keys,
      sealing: await Promise.all(keys.sealingIdentities.map(sealingRecipient)),
      direct: config.direct,
      now: clock.now(),
    },
    random,
  );
  const envelope = signFirst(first, secrets);
  const wrong = checkFirst(first);
  if (wrong !== null) return wrong;
  keys.party = first.id;
  const officers = await writeKeys(layout, keys, secrets, options);
  if (!officers.ok) return officers;
  const storage = await openStorage({
    layout,
    config,
    keys,
    clock,
    environment,
    log: options.log ?? (() => undefined),
  });
  if (!storage.ok) return storage;
  try {
    await logFirst(storage.value, first, envelope, options);
    await leaveCredentials(layout, storage.value, first.id, config.direct);
  } finally {
    await storage.value.close();
  }
  const vkey = logVkey(keys);
  await writePartyFile(layout, { id: first.id, name: options.name, exercise, origin, vkey });
  return success({ party: first.id, origin, vkey, officers: officers.value });
}

/** What the parser of everybody else would refuse is found before anything is written. */
function checkFirst(first: FirstCredentials): Result<never, 'bad-name' | 'bad-function'> | null {
  const parsed = parseStatement(first.payload, first.payloadType);
  if (!parsed.ok) return failure('bad-name', parsed.path, parsed.detail);
  const body = parseCredentialsBody(first.statement.body);
  if (body.ok) return null;
  const code = body.path.startsWith('/functions') ? 'bad-function' : 'bad-name';
  return failure(code, body.path, body.detail);
}

function signFirst(first: FirstCredentials, secrets: readonly OfficerSecret[]): Envelope {
  const { payload, payloadType } = first;
  // Every officer signs the first version: what the root threshold asks and more.
  const signatures = secrets
    .slice(0, signaturesMax)
    .map((secret) => signAsOfficer(secret, payloadType, payload))
    .sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
  return { payload, payloadType, signatures };
}

async function writeKeys(
  layout: HomeLayout,
  keys: NodeKeys,
  secrets: readonly OfficerSecret[],
  options: InitOptions,
): Promise<Result<InitResult['officers'], 'key-file-exists'>> {
  const protection: Protection = options.unprotectedKeys
    ? { unprotected: true }
    : {
        passphrase: options.passphrase ?? '',
        ...(options.workFactor === undefined ? {} : { workFactor: options.workFactor }),
      };
  await writeNodeKeys(layout, keys, protection);
  const protectionOf = (office: string): Protection => {
    const own = options.officerPassphrases?.[office];
    return own === undefined || options.unprotectedKeys
      ? protection
      : { ...protection, passphrase: own };
  };
  const officers: InitResult['officers'] = [];
  for (let at = 0; at < secrets.length; at += keysAtOnce) {
    const part = secrets.slice(at, at + keysAtOnce);
    const write = (secret: OfficerSecret) =>
      writeOfficerKey(layout, { ...secret, party: keys.party }, protectionOf(secret.office));
    const files = await Promise.all(part.map(write));
    for (const [index, { office, keyid }] of part.entries()) {
      const file = files[index];
      if (file === undefined || !file.ok) return file ?? failure('key-file-exists', '');
      officers.push({ office, keyFile: file.value, keyid });
    }
  }
  return success(officers);
}

async function logFirst(
  storage: { store: Store; sequencer: Sequencer },
  first: FirstCredentials,
  envelope: Envelope,
  options: InitOptions,
): Promise<void> {
  await storage.store.transact(async (tx) => {
    await tx
      .insertInto('parties')
      .values({
        id: first.id,
        state: 'self',
        name: options.name,
        added_at: options.clock.now(),
        frozen: 0,
        direct_url: null,
      })
      .execute();
    await tx.insertInto('meta').values({ key: 'self', value: first.id }).execute();
  });
  const logged = await storage.sequencer.said({
    id: first.id,
    statement: first.statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    docket: '',
    chain: chainOf(first.statement.kind, first.statement.body),
    anchorLines: [],
    listDigest: signatureListDigest(envelope.signatures),
    recipients: [],
    draft: null,
  });
  if (!logged.ok) throw new InvariantError(`first credentials were not logged: ${logged.code}`);
  if (logged.value.index !== 0) throw new InvariantError('the first entry is not entry 0');
}

/** The file for others is there from the beginning; `start` writes it anew with the address. */
async function leaveCredentials(
  layout: HomeLayout,
  { store, sequencer }: { store: Store; sequencer: Sequencer },
  party: string,
  direct: string | null,
): Promise<void> {
  const file = await ownCredentialsFile({ reader: store.reader, sequencer, party }, direct);
  if (!file.ok) throw new InvariantError(`no credentials file: ${file.code}`);
  await writeFileDurably(layout.credentials, file.value);
}

/** `exercise.northland-1f2e3d4c/log`: no two parties share it, and it says nothing secret. */
function makeOrigin(name: string, exercise: boolean, random: Random): string {
  const chance = Buffer.from(random(4)).toString('hex');
  const slug = officeSlug(name).slice(0, 40);
  return `${exercise ? 'exercise.' : ''}${slug}-${chance}.comity/log`;
}

async function isEmptyFolder(path: string): Promise<boolean> {
  try {
    const names = await readdir(path);
    // A first config.json may be laid in the folder beforehand.
    return names.every((entry) => entry === 'config.json');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw error;
  }
}
