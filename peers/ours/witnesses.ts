/**
 * `node peers/ours/witnesses.ts PEERS LITEWITNESS FOLDER`: witnessing with other people's programs.
 *
 * litewitness cosigns a log of ours as it grows, and our witness (packages/node/src/witness, on a
 * real store and a real socket) cosigns a log that tessera grows. PEERS is the built peers/go.
 * `-` for LITEWITNESS leaves it out.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import fastify from 'fastify';
import {
  concatBytes,
  ed25519PublicKey,
  emptyRoot,
  encodeBase64,
  encodeHex,
  encodeText,
  formatCheckpoint,
  formatNote,
  formatVkey,
  noteKey,
  parseNote,
  signNote,
  verifyCosignature,
  type NoteSigner,
} from '@comity/record';
import { openStore } from '../../packages/node/src/store/open.ts';
import { registerWitnessedLog } from '../../packages/node/src/witness/add-checkpoint.ts';
import { witnessRoutes } from '../../packages/node/src/witness/routes.ts';
import { MemoryLog } from './memory-log.ts';
import { growNodeLog, nodeLogKey } from './node-log.ts';

const [peers = '', litewitness = '', folder = ''] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

await ourWitnessServesTessera();
if (litewitness !== '-') await litewitnessCosignsOurs();

function check(name: string, problem: string | null): void {
  console.log(problem === null ? `ok ours: ${name}` : `FAIL ours: ${name}: ${problem}`);
  if (problem !== null) process.exitCode = 1;
}

function signer(name: string, type: 0x01 | 0x04): NoteSigner {
  const seed = randomBytes(32);
  return { seed, key: noteKey(name, type, ed25519PublicKey(seed)) };
}

async function ourWitnessServesTessera(): Promise<void> {
  const log = signer('log.lakeside.example/tessera', 0x01);
  const witness = signer('witness.northland.example', 0x04);
  const store = await openStore({ kind: 'sqlite', path: join(folder, 'witness.sqlite') });
  await store.transact((tx) => registerWitnessedLog(tx, log.key.name, [formatVkey(log.key)]));
  const app = fastify();
  const clock = { now: () => Math.floor(Date.now() / 1000), nowMs: () => Date.now() };
  await witnessRoutes(app, { store, clock, witnessSigner: witness });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  // The Go library's own text form of a log's secret key.
  const secret = encodeBase64(concatBytes(Uint8Array.of(0x01), log.seed));
  const key = `PRIVATE+KEY+${log.key.name}+${log.key.id}+${secret}`;
  const child = spawn(
    peers,
    ['witnessed', `${address}/witness`, formatVkey(witness.key), key, folder],
    {
      stdio: ['ignore', 'inherit', 'ignore'],
    },
  );
  const [status] = (await once(child, 'exit')) as [number | null];
  check('our witness serves tessera to the end', status === 0 ? null : `status ${String(status)}`);
  await app.close();
  await store.close();
}

async function litewitnessCosignsOurs(): Promise<void> {
  const name = 'witness.lakeside.example';
  const seed = randomBytes(32);
  const witness = noteKey(name, 0x04, ed25519PublicKey(seed));
  const socket = join(folder, 'agent');
  const database = join(folder, 'litewitness.sqlite');
  const listen = `127.0.0.1:${String(await freePort())}`;
  const agent = spawn(peers, ['agent', socket, encodeHex(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let server: ChildProcess | undefined;
  try {
    const fingerprint = await firstLine(agent);
    const flags = { name, db: database, 'ssh-agent': socket, listen, key: fingerprint };
    const given = Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`);
    server = spawn(litewitness, given, { stdio: 'ignore' });
    if (!(await answers(`http://${listen}/`))) {
      check('litewitness starts', 'it does not answer');
      return;
    }
    await growUnder(`http://${listen}/add-checkpoint`, witness, database);
    await growNodeUnder(`http://${listen}`, witness, database);
  } finally {
    server?.kill();
    agent.kill();
  }
}

/** Submits five sizes of a log of ours and verifies what comes back. */
async function growUnder(
  address: string,
  witness: NoteSigner['key'],
  database: string,
): Promise<void> {
  const logSigner = signer('northland.example/log', 0x01);
  const origin = logSigner.key.name;
  const submit = (body: string) => fetch(address, { method: 'POST', body });
  const log = new MemoryLog();
  const noteAt = (size: number): string => {
    const text = formatCheckpoint({ origin, size, root: log.root(size) });
    return formatNote(text, [signNote(text, logSigner)]);
  };
  log.append(encodeText('entry 0'));
  const stranger = await submit(`old 0\n\n${noteAt(1)}`);
  check('litewitness does not know our log yet', stranger.status === 404 ? null : text(stranger));
  addLog(database, origin, formatVkey(logSigner.key));
  let old = 0;
  for (const size of [1, 2, 255, 257, 1000]) {
    while (log.entries.length < size) log.append(encodeText(`entry ${String(log.entries.length)}`));
    const proof = old === 0 ? [] : log.consistency(old, size).map(encodeBase64);
    const note = noteAt(size);
    const answer = await submit([`old ${String(old)}`, ...proof, '', note].join('\n'));
    check(
      `litewitness cosigns our log at ${String(size)}`,
      problemOf(answer, await answer.text(), note, witness),
    );
    old = size;
  }
  const stale = await submit(`old 1\n\n${noteAt(1000)}`);
  const said = stale.status === 409 ? await stale.text() : text(stale);
  check('it states the size that it holds', said === '1000\n' ? null : said);
}

/** The same with the log and the witness client of a node. */
async function growNodeUnder(
  url: string,
  witness: NoteSigner['key'],
  database: string,
): Promise<void> {
  addLog(database, nodeLogKey.name, formatVkey(nodeLogKey));
  const steps = [1, 4, 251, 60];
  const answers = await growNodeLog(join(folder, 'node'), steps, { key: witness, url });
  for (const { size, answer } of answers) {
    const problem = answer.kind === 'cosigned' ? null : JSON.stringify(answer);
    check(
      `litewitness cosigns a node's log at ${String(size)}, asked by the node's client`,
      problem,
    );
  }
  check('the node asked four times', answers.length === steps.length ? null : 'fewer');
}

function problemOf(
  answer: Response,
  lines: string,
  note: string,
  witness: NoteSigner['key'],
): string | null {
  if (answer.status !== 200) return `${text(answer)} ${lines}`;
  const opened = parseNote(note + lines);
  if (!opened.ok) return 'the answer is no signature line';
  const line = opened.value.signatures.find(({ name }) => name === witness.name);
  if (line === undefined) return 'no line by the witness';
  return verifyCosignature(opened.value.text, line, witness).ok ? null : 'does not verify';
}

/**
 * What witnessctl would do. It is left out because a module that only it needs is not to be had
 * through every module proxy; these are the two rows that it writes.
 */
function addLog(database: string, origin: string, vkey: string): void {
  const tables = new DatabaseSync(database);
  tables
    .prepare('INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)')
    .run(origin, encodeBase64(emptyRoot));
  tables.prepare('INSERT INTO key (origin, key) VALUES (?, ?)').run(origin, vkey);
  tables.close();
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) return '';
  for await (const line of createInterface({ input: child.stdout })) return line;
  return '';
}

async function answers(address: string): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(address).catch(() => null);
    if (answer !== null) return true;
    await sleep(100);
  }
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function text(answer: Response): string {
  return `status ${String(answer.status)}`;
}
