/**
 * P5: how long a node takes to start with 10,000 and with 1,000,000 statements.
 *
 * The homes are made once with the node's own log and fold, and kept in `.cache`, which git ignores.
 */
import { randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
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
import { openStore } from '../packages/node/src/store/open.ts';
import { median, timed } from './figures.ts';
import { notification } from './party.ts';

export interface StartFigures {
  statements: number;
  milliseconds: number;
}

const cache = fileURLToPath(new URL('../.cache/', import.meta.url));
/** Part of the folder's name: another layout of the tables needs other homes. */
const generation = 1;
const statementsPerDocket = 100;
const docketsAtOnce = 256;
const starts = 5;
const other = 'f'.repeat(64);

/** Medians of the time from spawning the process to `ready`. */
export async function measureStart(
  statements: number,
  progress: (words: string) => void,
): Promise<StartFigures> {
  const folder = join(cache, `start-${generation}-${statements}`);
  if (!(await isThere(folder))) await makeFolder(folder, statements, progress);
  const milliseconds: number[] = [];
  for (let round = 1; round <= starts; round += 1) {
    progress(`P5: ${statements} statements, start ${round} of ${starts}`);
    milliseconds.push(
      await timed(async () => {
        const node = await startNodeProcess(join(folder, 'home'));
        await node.stop();
      }),
    );
  }
  return { statements, milliseconds: median(milliseconds) };
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Made beside its place and renamed when whole, so that a cut run leaves nothing half made. */
async function makeFolder(
  folder: string,
  statements: number,
  progress: (words: string) => void,
): Promise<void> {
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  const home = join(making, 'home');
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
    config: { exchange: '127.0.0.1:0', api: null, stateDirectory: `${folder}-state` },
  });
  if (!made.ok) throw new Error(`bench: ${made.code}`);
  await fill(home, made.value.party, `${folder}-state`, statements, progress);
  await rename(making, folder);
}

async function fill(
  home: string,
  party: string,
  state: string,
  statements: number,
  progress: (words: string) => void,
): Promise<void> {
  const layout = homeLayout(home);
  const read = await readNodeKeys(layout, null);
  if (!read.ok) throw new Error(`bench: ${read.code}`);
  const { keys } = read.value;
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
