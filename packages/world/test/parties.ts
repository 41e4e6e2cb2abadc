/** Parties for tests: each with a home, a database and, while it runs, a node process of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVkey } from '@comity/record';
import type { JsonValue } from '@comity/record';
import { homeLayout, initHome, readNodeKeys, systemClock } from '@comity/node';
import type { ShownStatement } from '@comity/node';
import { openDesk, startNodeProcess, until } from '../src/index.ts';
import type { NodeProcess, OfficersDesk } from '../src/index.ts';
import { databaseKinds } from './databases.ts';
import type { DatabaseKind, Row, TestDatabase } from './databases.ts';

/** Generous: the machine may be busy. Nothing asserts how long something took. */
export const patienceMs = 120_000;

export interface PartyOptions {
  name: string;
  kind?: DatabaseKind;
  heartbeatSeconds?: number;
  /** Address that the others are told; null = the one it listens on. */
  direct?: string | null;
  witnesses?: { vkey: string; url: string }[];
}

/** One party of a test. */
export class TestParty {
  readonly name: string;
  readonly home: string;
  readonly party: string;
  readonly origin: string;
  readonly logVkey: string;
  readonly witnessVkey: string;
  /** `http://host:port` of its exchange listener, the same over restarts. */
  readonly url: string;
  readonly database: TestDatabase;
  #running: { process: NodeProcess; desk: OfficersDesk } | null = null;

  constructor(
    made: Pick<
      TestParty,
      'name' | 'home' | 'party' | 'origin' | 'logVkey' | 'witnessVkey' | 'url' | 'database'
    >,
  ) {
    this.name = made.name;
    this.home = made.home;
    this.party = made.party;
    this.origin = made.origin;
    this.logVkey = made.logVkey;
    this.witnessVkey = made.witnessVkey;
    this.url = made.url;
    this.database = made.database;
  }

  get desk(): OfficersDesk {
    if (this.#running === null) throw new Error(`${this.name} does not run`);
    return this.#running.desk;
  }

  lines(): string[] {
    return this.#running?.process.lines() ?? [];
  }

  async start(): Promise<this> {
    if (this.#running !== null) return this;
    const process = await startNodeProcess(this.home);
    try {
      this.#running = { process, desk: await openDesk(this.home) };
    } catch (error) {
      await process.kill();
      throw error;
    }
    return this;
  }

  async stop(): Promise<void> {
    await this.#end((process) => process.stop());
  }

  async kill(): Promise<void> {
    await this.#end((process) => process.kill());
  }

  async #end(how: (process: NodeProcess) => Promise<void>): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (running === null) return;
    await how(running.process);
    await running.desk.close().catch(() => undefined);
  }

  /** Entries of a log as this party's database has them, in hex and in order. */
  async entries(origin: string): Promise<string[]> {
    const rows = await this.database.rows(
      `select entry, log_index from entries where origin = '${origin}' order by log_index`,
    );
    return rows.map((row, at) => {
      if (Number(row['log_index']) !== at) throw new Error(`a gap in ${origin} at ${at}`);
      return Buffer.from(row['entry'] as Uint8Array).toString('hex');
    });
  }

  async rows(query: string): Promise<Row[]> {
    return await this.database.rows(query);
  }

  /** Adds values to `config.json`; they hold from the next start. */
  async configure(values: { [key: string]: unknown }): Promise<void> {
    const path = homeLayout(this.home).config;
    const config = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, `${JSON.stringify({ ...config, ...values }, null, 2)}\n`);
  }

  /** Says a message in the channel. */
  async message(to: TestParty, text: string): Promise<string> {
    const body = { marker: 'information', priority: 'ordinary', standing: 'official', text };
    return await this.desk.say({
      kind: 'channel.message',
      to: [to.party],
      docket: null,
      body: { ...body, language: 'en' },
    });
  }

  /** One statement as a docket shows it; null while it is not there. */
  async shown(id: string): Promise<(ShownStatement & { docket: string }) | null> {
    return await this.desk
      .get<ShownStatement & { docket: string }>(`/statements/${id}`)
      .catch((error: unknown) => {
        if (String(error).includes('unknown-statement')) return null;
        throw error;
      });
  }

  /** Waits until every recipient has given its receipt. */
  async untilReceived(id: string): Promise<void> {
    await this.until(`${id} is received`, async () => {
      const shown = await this.shown(id);
      return shown?.deliveryState === 'received';
    });
  }

  async until(words: string, holds: () => Promise<boolean>): Promise<void> {
    await until(`${this.name}: ${words}`, patienceMs, holds).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.lines().slice(-20).join('\n')}`);
    });
  }
}

/** A folder with the parties of one test. */
export class TestPlace {
  readonly folder: string;
  readonly #parties: TestParty[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<TestPlace> {
    return new TestPlace(await mkdtemp(join(tmpdir(), 'comity-world-')));
  }

  /** Makes a party; its node is not started. */
  async party(options: PartyOptions): Promise<TestParty> {
    const { name, kind = databaseKinds[0], heartbeatSeconds = 2, witnesses = [] } = options;
    if (kind === undefined) throw new Error('no database');
    const home = join(this.folder, name.toLowerCase());
    const database = await kind.make(home);
    const exchange = `127.0.0.1:${await freePort()}`;
    const made = await initHome({
      home,
      name,
      functions: ['state'],
      officers: 2,
      exercise: true,
      unprotectedKeys: true,
      passphrase: null,
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      clock: systemClock,
      environment: {},
      config: {
        exchange,
        api: null,
        direct: options.direct ?? `http://${exchange}`,
        database: database.url,
        // Outside the homes: it stays when a home is put back from a copy.
        stateDirectory: join(this.folder, 'state'),
        heartbeatSeconds,
        witnesses,
      },
    });
    if (!made.ok) throw new Error(`init: ${made.code} ${made.path} ${made.detail ?? ''}`);
    const { party, origin, vkey: logVkey } = made.value;
    const read = await readNodeKeys(homeLayout(home), null);
    if (!read.ok) throw new Error(`keys: ${read.code}`);
    const witnessVkey = formatVkey(read.value.keys.witnessSigner.key);
    const url = `http://${exchange}`;
    const one = new TestParty({ name, home, party, origin, logVkey, witnessVkey, url, database });
    this.#parties.push(one);
    return one;
  }

  /** Ends every node that runs, by its own handle, and removes everything. */
  async remove(): Promise<void> {
    await Promise.all(this.#parties.map((party) => party.stop()));
    for (const { database } of this.#parties) await database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Takes a port that is free now; a node must have the same one over its restarts. */
async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** State of the pairing with `other` as `one` sees it. */
export async function pairingState(one: TestParty, other: TestParty): Promise<string | null> {
  const { counterparts } = await one.desk.status();
  return counterparts.find(({ party }) => party === other.party)?.state ?? null;
}

/** Adds each other's credentials, compares the numbers, signs both confirmations; waits for nothing. */
export async function beginPairing(one: TestParty, other: TestParty): Promise<void> {
  const sides = [
    [one, other],
    [other, one],
  ] as const;
  for (const [own, theirs] of sides) {
    await own.desk.postFile('/parties/file', await theirs.desk.file('/credentials'));
  }
  for (const [own, theirs] of sides) {
    const read = await theirs.desk.get<{ safetyNumber: string }>(`/parties/${own.party}/number`);
    const { draft } = await own.desk.post<{ draft: { draft: string } | null }>(
      `/parties/${theirs.party}/confirm`,
      { number: read.safetyNumber },
    );
    if (draft !== null) await own.desk.approve(draft.draft);
  }
}

/** Pairs two running nodes and waits until both sides have the other's confirmation. */
export async function pair(one: TestParty, other: TestParty): Promise<void> {
  await beginPairing(one, other);
  await one.until(`pairing with ${other.name}`, async () => {
    const states = [await pairingState(one, other), await pairingState(other, one)];
    return states.every((state) => state === 'confirmed');
  });
}

/** Waits until both sides show the docket with the same state digest. */
export async function untilEqual(one: TestParty, other: TestParty, docket: string): Promise<void> {
  await one.until(`equal digests of ${docket} with ${other.name}`, async () => {
    const digests = await Promise.all(
      [one, other].map(async ({ desk }) => {
        const known = (await desk.dockets()).some((row) => row.docket === docket);
        return known ? (await desk.docket(docket)).stateDigest : null;
      }),
    );
    return digests[0] !== null && digests[0] === digests[1];
  });
}

/** The whole store verified from its entries up; gives the problems that were found. */
export async function problemsOf(party: TestParty): Promise<unknown[]> {
  const report = await party.desk.post<{ problems: unknown[] }>('/fsck', {});
  return report.problems;
}

/** Body of an `incident.notify`. */
export function notification(title: string): { [member: string]: JsonValue } {
  return {
    title,
    text: 'We see traffic that comes through networks you answer for.',
    category: 'intrusion',
    sector: 'elections',
    severity: 'high',
    priority: 'ordinary',
    times: [],
    origin: null,
    proposition: null,
    confidence: null,
    signals: [],
    tlp: 'AMBER',
    asked: [],
  };
}

/** Body of an `incident.update`. */
export function update(text: string): { [member: string]: JsonValue } {
  return { stage: 'progress', text };
}
