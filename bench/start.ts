/**
 * P5: how long a node takes to start with 10,000 and with 1,000,000 statements.
 *
 * The small home is made by the node's own log and fold, the large one is the small one many times
 * over (start-copies.ts). Both are kept in `.cache`, which git ignores.
 */
import { createHash, randomBytes } from 'node:crypto';
import { access, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  addSignature,
  encodeBase64Url,
  exercisePayloadType,
  formatEnvelope,
  formatStatement,
  signatureListDigest,
  signEnvelopeEd25519,
  statementId,
} from '@comity/record';
import type { Statement } from '@comity/record';
import { builtInTerms, termsDigest } from '@comity/accord';
import {
  highWaterPath,
  homeLayout,
  initHome,
  listOfficerKeys,
  readNodeKeys,
  systemClock,
  unlockOfficerKey,
} from '@comity/node';
import type { NodeKeys } from '@comity/node';
import { startNodeProcess } from '@comity/world';
import { createRefolder } from '../packages/node/src/dockets/refold.ts';
import type { SaidJob } from '../packages/node/src/log/jobs.ts';
import { openSequencer } from '../packages/node/src/log/sequencer.ts';
import { migrationsFrom, sqliteWords } from '../packages/node/src/store/migrations.ts';
import { openStore } from '../packages/node/src/store/open.ts';
import { median, timed } from './figures.ts';
import { notification } from './party.ts';
import { addCopies } from './start-copies.ts';

export interface StartFigures {
  smallMilliseconds: number;
  largeMilliseconds: number;
  ratio: number;
}

const cache = fileURLToPath(new URL('../.cache/', import.meta.url));
/** Goes up with what this file and start-copies.ts put into a home. */
const generation = 2;
const statementsPerDocket = 100;
const docketsAtOnce = 256;
const starts = 7;
const other = 'f'.repeat(64);

/** Medians of the time from spawning the process to `ready`, the two homes in turn. */
export async function measureStart(
  small: number,
  copies: number,
  progress: (words: string) => void,
): Promise<StartFigures> {
  const smallHome = await homeOf(small, 1, progress);
  const largeHome = await homeOf(small, copies, progress);
  const milliseconds = { small: [] as number[], large: [] as number[] };
  for (let round = 0; round <= starts; round += 1) {
    progress(round === 0 ? 'P5: warming up' : `P5: start ${round} of ${starts}`);
    const once = { small: await startOnce(smallHome), large: await startOnce(largeHome) };
    // The first start after the making reads from the disk what later ones find in memory.
    if (round === 0) continue;
    milliseconds.small.push(once.small);
    milliseconds.large.push(once.large);
  }
  const smallMilliseconds = median(milliseconds.small);
  const largeMilliseconds = median(milliseconds.large);
  return { smallMilliseconds, largeMilliseconds, ratio: largeMilliseconds / smallMilliseconds };
}

async function startOnce(home: string): Promise<number> {
  let stop = async (): Promise<void> => undefined;
  const milliseconds = await timed(async () => {
    stop = (await startNodeProcess(home)).stop;
  });
  await stop();
  return milliseconds;
}

/** The home of `small` statements times `copies`: from the cache, or made now. */
async function homeOf(
  small: number,
  copies: number,
  progress: (words: string) => void,
): Promise<string> {
  const folder = join(cache, `start-${generation}-${schemaName()}-${small * copies}`);
  if (!(await isThere(folder))) {
    // Made beside its place and renamed when whole, so that a cut run leaves nothing half made.
    const making = `${folder}.making`;
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { recursive: true });
    if (copies === 1) await makeSmall(making, small, progress);
    else await makeLarge(making, await homeOf(small, 1, progress), small, copies, progress);
    await rename(making, folder);
  }
  await placeState(folder);
  return join(folder, 'home');
}

/** Tables changed by any migration give homes another name: an old one is never started. */
function schemaName(): string {
  const text = JSON.stringify(migrationsFrom(0, sqliteWords));
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** The high-water file lies beside the home, wherever the checkout is now. */
async function placeState(folder: string): Promise<void> {
  const { config: path } = homeLayout(join(folder, 'home'));
  const config = JSON.parse(await readFile(path, 'utf8')) as { [key: string]: unknown };
  const state = join(folder, 'state');
  if (config['stateDirectory'] === state) return;
  await writeFile(path, `${JSON.stringify({ ...config, stateDirectory: state }, null, 2)}\n`);
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function makeSmall(
  folder: string,
  statements: number,
  progress: (words: string) => void,
): Promise<void> {
  const home = join(folder, 'home');
  const made = await initHome({
    home,
    name: 'Archive',
    functions: ['organisation'],
    officers: 1,
    exercise: true,
    unprotectedKeys: true,
    passphrase: null,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    clock: systemClock,
    config: { exchange: '127.0.0.1:0', api: null, stateDirectory: join(folder, 'state') },
  });
  if (!made.ok) throw new Error(`bench: ${made.code}`);
  await fill(home, made.value.party, join(folder, 'state'), statements, progress);
}

async function makeLarge(
  folder: string,
  smallHome: string,
  small: number,
  copies: number,
  progress: (words: string) => void,
): Promise<void> {
  await cp(join(smallHome, '..'), folder, { recursive: true });
  const layout = homeLayout(join(folder, 'home'));
  const { keys } = await keysOf(join(folder, 'home'));
  const highWater = highWaterPath(keys.party, join(folder, 'state'), {});
  const smallStore = homeLayout(smallHome).store;
  await addCopies(layout.store, smallStore, copies - 1, keys, highWater, (copy) => {
    progress(`P5: ${(copy + 1) * small} of ${copies * small} statements in the home`);
  });
}

async function keysOf(home: string): Promise<{ keys: NodeKeys }> {
  const read = await readNodeKeys(homeLayout(home), null);
  if (!read.ok) throw new Error(`bench: ${read.code}`);
  return read.value;
}

async function fill(
  home: string,
  party: string,
  state: string,
  statements: number,
  progress: (words: string) => void,
): Promise<void> {
  const layout = homeLayout(home);
  const { keys } = await keysOf(home);
  const store = await openStore({ kind: 'sqlite', path: layout.store });
  const { logSigner, ownAccountSigner } = keys;
  const clock = systemClock;
  const sequencer = await openSequencer({
    store,
    clock,
    logSigner,
    ownAccountSigner,
    highWaterPath: highWaterPath(party, state, {}),
  });
  const refolder = await createRefolder({
    store,
    self: party,
    ownOrigin: logSigner.key.name,
    exercise: true,
    clock,
    after: () => () => undefined,
    log: () => undefined,
    notify: () => undefined,
  });
  const officer = await officerSeed(home);
  const dockets = Math.ceil(statements / statementsPerDocket);
  for (let first = 0; first < dockets; first += docketsAtOnce) {
    const open: string[] = Array.from(
      { length: Math.min(docketsAtOnce, dockets - first) },
      () => '',
    );
    let newest = [...open];
    for (let depth = 0; depth < statementsPerDocket; depth += 1) {
      const jobs = open.map((docket, at) => jobOf(keys, officer, docket, newest[at] ?? ''));
      const results = await Promise.all(jobs.map(async (job) => await sequencer.said(job)));
      for (const result of results) if (!result.ok) throw new Error(`bench: ${result.code}`);
      newest = jobs.map(({ id }) => id);
      if (depth === 0) open.splice(0, open.length, ...newest);
    }
    await refolder.refold(open);
    // As if all had been delivered: nobody is there to receive it.
    await store.transact(async (tx) => void (await tx.deleteFrom('outbox').execute()));
    const done = Math.min(statements, (first + open.length) * statementsPerDocket);
    progress(`P5: making a home with ${done} of ${statements} statements`);
  }
  await refolder.close();
  await sequencer.close();
  await store.close();
}

async function officerSeed(home: string): Promise<Uint8Array> {
  const [file] = await listOfficerKeys(homeLayout(home));
  const secret = file === undefined ? null : await unlockOfficerKey(file.path, null);
  if (secret === null || !secret.ok) throw new Error('bench: no officer');
  return secret.value.seed;
}

function jobOf(keys: NodeKeys, officer: Uint8Array, docket: string, newest: string): SaidJob {
  const opens = docket === '';
  const statement: Statement = {
    comity: 1,
    kind: opens ? 'incident.notify' : 'incident.update',
    from: keys.party,
    to: [other],
    docket: opens ? null : docket,
    after: opens ? [] : [newest],
    prior: opens ? null : newest,
    anchor: [],
    terms: opens ? termsDigest(builtInTerms['contact-points']) : null,
    cites: [],
    made: '2026-11-24T03:00:00Z',
    credentials: keys.party,
    nonce: encodeBase64Url(randomBytes(16)),
    body: opens ? notification : { stage: 'progress', text: 'Nothing new.' },
  };
  const payload = formatStatement(statement);
  const id = statementId(exercisePayloadType, payload);
  const signature = signEnvelopeEd25519(exercisePayloadType, payload, officer);
  const envelope = addSignature(
    { payload, payloadType: exercisePayloadType, signatures: [] },
    signature,
  );
  return {
    id,
    statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    docket: opens ? id : docket,
    chain: 'duty',
    anchorLines: [],
    listDigest: signatureListDigest(envelope.signatures),
    recipients: [other],
    draft: null,
  };
}
