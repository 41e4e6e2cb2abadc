/**
 * P1: certified exchanges per second between two node processes (said, sealed, sent, verified, held,
 * receipted, receipt verified), against the bound 1/(sign + 2 verify + 2 batched commits).
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from '@comity/record';
import { initHome, systemClock } from '@comity/node';
import { openDesk, startNodeProcess, until } from '@comity/world';
import type { OfficersDesk } from '@comity/world';
import { median } from './figures.ts';
import { benchParty, signedNotification } from './party.ts';

export interface ExchangeFigures {
  statements: number;
  perSecond: number;
  /** The same until both sides have also folded every docket. */
  foldedPerSecond: number;
  boundPerSecond: number;
  signMicroseconds: number;
  verifyMicroseconds: number;
  commitMicroseconds: number;
  ratio: number;
}

type Round = Omit<ExchangeFigures, 'statements'>;

const rounds = 5;
const pairTimeoutMs = 20_000;

/**
 * Measures `statements` exchanges a round, five rounds after one to warm up, each with the
 * bound right before and after it; every figure is the median of its rounds.
 */
export async function measureExchange(
  statements: number,
  progress: (words: string) => void,
): Promise<ExchangeFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'comity-bench-'));
  const sender = join(folder, 'sender');
  const receiver = join(folder, 'receiver');
  try {
    const party = await makeHome(receiver, folder, 'Receiver');
    await makeHome(sender, folder, 'Sender');
    const receiving = await startNodeProcess(receiver);
    const sending = startSender(sender);
    try {
      await sending.ready;
      const desks = [await openDesk(sender), await openDesk(receiver)] as const;
      await pair(...desks);
      progress('P1: warming up');
      // As long as a round: until then the compilers of both processes take a good part of the time.
      await sending.run(statements, party);
      const measured: Round[] = [];
      let before = bound(folder);
      for (let round = 1; round <= rounds; round += 1) {
        progress(`P1: round ${round} of ${rounds}`);
        const started = performance.now();
        const perSecond = (statements / (await sending.run(statements, party))) * 1000;
        // The API of a node answers once everything is folded.
        await Promise.all(desks.map(async (desk) => await desk.get('/dockets?limit=1')));
        const foldedPerSecond = (statements / (performance.now() - started)) * 1000;
        // Machines are shared: each round has its bound measured right before and right after it.
        const after = bound(folder);
        const own = between(before, after);
        measured.push({
          perSecond,
          foldedPerSecond,
          ...own,
          ratio: perSecond / own.boundPerSecond,
        });
        before = after;
      }
      await Promise.all(desks.map(async (desk) => await desk.close()));
      const of = (name: keyof Round) => median(measured.map((round) => round[name]));
      return {
        statements,
        perSecond: of('perSecond'),
        foldedPerSecond: of('foldedPerSecond'),
        boundPerSecond: of('boundPerSecond'),
        signMicroseconds: of('signMicroseconds'),
        verifyMicroseconds: of('verifyMicroseconds'),
        commitMicroseconds: of('commitMicroseconds'),
        ratio: of('ratio'),
      };
    } finally {
      await sending.stop();
      await receiving.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeHome(home: string, folder: string, name: string): Promise<string> {
  const made = await initHome({
    home,
    name,
    functions: ['organisation'],
    officers: 1,
    exercise: true,
    unprotectedKeys: true,
    passphrase: null,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    clock: systemClock,
    config: {
      exchange: '127.0.0.1:0',
      api: null,
      stateDirectory: join(folder, 'state'),
      heartbeatSeconds: 3600,
    },
  });
  if (!made.ok) throw new Error(`bench: ${made.code}`);
  return made.value.party;
}

interface Sender {
  ready: Promise<void>;
  /** Milliseconds until the receipts of all are verified. */
  run(count: number, party: string): Promise<number>;
  stop(): Promise<void>;
}

function startSender(home: string): Sender {
  const main = fileURLToPath(new URL('./exchange-sender.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [main, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting: ((line: string) => void)[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const nextLine = async (): Promise<string> =>
    await new Promise((resolve, reject) => {
      waiting.push(resolve);
      child.once('exit', (code) => reject(new Error(`the sender ended (${code ?? 'signal'})`)));
    });
  return {
    ready: nextLine().then(() => undefined),
    run: async (count, party) => {
      const line = nextLine();
      child.stdin?.write(`go ${count} ${party}\n`);
      const { milliseconds } = JSON.parse((await line).slice('done '.length)) as {
        milliseconds: number;
      };
      return milliseconds;
    },
    stop: async () => {
      child.stdin?.end();
      await ended;
    },
  };
}

async function pair(one: OfficersDesk, other: OfficersDesk): Promise<void> {
  for (const [desk, theirs] of [
    [one, other],
    [other, one],
  ] as const) {
    const { party } = await theirs.status();
    await desk.postFile('/parties/file', await theirs.file('/credentials'));
    const { safetyNumber: number } = await desk.get<{ safetyNumber: string }>(
      `/parties/${party}/number`,
    );
    const path = `/parties/${party}/confirm`;
    const { draft } = await desk.post<{ draft: { draft: string } | null }>(path, { number });
    if (draft !== null) await desk.approve(draft.draft);
  }
  await until('the pairing stands', pairTimeoutMs, async () => {
    const states = await Promise.all([one.status(), other.status()]);
    return states.every(({ counterparts }) =>
      counterparts.every(({ state }) => state === 'confirmed'),
    );
  });
}

interface Bound {
  boundPerSecond: number;
  signMicroseconds: number;
  verifyMicroseconds: number;
  commitMicroseconds: number;
}

/** What no certified exchange can do without, measured in this run. */
function bound(folder: string): Bound {
  const seed = new Uint8Array(randomBytes(32));
  const key = ed25519PublicKey(seed);
  const message = new Uint8Array(randomBytes(1_024));
  const signature = ed25519Sign(seed, message);
  const signMicroseconds = perCall(5_000, () => ed25519Sign(seed, message));
  const verifyMicroseconds = perCall(5_000, () => ed25519Verify(key, message, signature));
  const commitMicroseconds = commitCost(join(folder, 'bound.sqlite'));
  return boundOf(signMicroseconds, verifyMicroseconds, commitMicroseconds);
}

function boundOf(
  signMicroseconds: number,
  verifyMicroseconds: number,
  commitMicroseconds: number,
): Bound {
  const each = signMicroseconds + 2 * verifyMicroseconds + 2 * commitMicroseconds;
  const boundPerSecond = 1_000_000 / each;
  return { boundPerSecond, signMicroseconds, verifyMicroseconds, commitMicroseconds };
}

function between(one: Bound, other: Bound): Bound {
  return boundOf(
    (one.signMicroseconds + other.signMicroseconds) / 2,
    (one.verifyMicroseconds + other.verifyMicroseconds) / 2,
    (one.commitMicroseconds + other.commitMicroseconds) / 2,
  );
}

function perCall(calls: number, work: () => unknown): number {
  for (let call = 0; call < calls / 5; call += 1) work();
  const started = performance.now();
  for (let call = 0; call < calls; call += 1) work();
  return ((performance.now() - started) / calls) * 1000;
}

// One row with an envelope and its entry, 256 to a commit that is on disk.
function commitCost(path: string): number {
  const envelope = signedNotification(benchParty(), 'f'.repeat(64));
  const database = new DatabaseSync(path);
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  database.exec(
    'create table if not exists rows (n integer primary key, entry blob, envelope blob) strict',
  );
  const insert = database.prepare('insert into rows (entry, envelope) values (?, ?)');
  const entry = new Uint8Array(32);
  const batch = (): void => {
    database.exec('begin immediate');
    for (let row = 0; row < 256; row += 1) insert.run(entry, envelope);
    database.exec('commit');
  };
  const cost = perCall(40, batch) / 256;
  database.close();
  return cost;
}
