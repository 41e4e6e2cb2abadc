/** Sets up the four homes of the exercise, starts their nodes and pairs them. */
import { randomBytes } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { initHome, readPartyFile, homeLayout, systemClock } from '@comity/node';
import { describeHome, allowLogs } from './homes.ts';
import { cast, pairings, partyNames } from './cast.ts';
import type { PartyName } from './cast.ts';
import { worldEnvironment } from './environment.ts';
import { secondsTerms } from './exercise-terms.ts';
import { startNodeProcess } from './node-process.ts';
import type { NodeProcess } from './node-process.ts';
import { openDesk } from './officers-desk.ts';
import type { OfficersDesk } from './officers-desk.ts';
import { until } from './until.ts';

/** One party of the world while it runs. */
export interface House {
  name: PartyName;
  displayName: string;
  party: string;
  home: string;
  process: NodeProcess;
  desk: OfficersDesk;
}

export type Houses = { readonly [name in PartyName]: House };

/** Says what is going on, in words. */
export type Progress = (words: string) => void;

const heartbeatSeconds = 3;
const pairedTimeoutMs = 60_000;

/** Makes the homes that are missing below `folder`, starts all four nodes, pairs and agrees terms. */
export async function openHouses(folder: string, progress: Progress): Promise<Houses> {
  await mkdir(folder, { recursive: true });
  progress('making keys and homes');
  const witness = await makeHome(folder, 'witness', null);
  const others = partyNames.filter((name) => name !== 'witness');
  const made = await Promise.all(others.map(async (name) => await makeHome(folder, name, witness)));
  progress('starting four nodes');
  const opened: House[] = [];
  try {
    // Log keys of the others are configured at the witness before it starts.
    await allowLogs(witness, made);
    const starting = [witness, ...made].map(async (home) => await openHouse(home));
    for (const result of await Promise.allSettled(starting)) {
      if (result.status === 'fulfilled') opened.push(result.value);
    }
    await Promise.all(starting);
    const houses = Object.fromEntries(opened.map((house) => [house.name, house])) as Houses;
    progress('pairing: comparing safety numbers');
    for (const [one, other] of pairings) await pair(houses[one], houses[other]);
    progress('agreeing terms');
    for (const [one, other] of pairings) await agreeTerms(houses[one], houses[other]);
    return houses;
  } catch (error) {
    await Promise.all(opened.map(async (house) => await closeHouse(house)));
    throw error;
  }
}

/** Ends the four nodes. */
export async function closeHouses(houses: Houses): Promise<void> {
  await Promise.all(Object.values(houses).map(async (house) => await closeHouse(house)));
}

async function closeHouse(house: House): Promise<void> {
  await house.desk.close().catch(() => undefined);
  await house.process.stop();
}

interface MadeHome {
  name: PartyName;
  home: string;
  party: string;
  vkey: string;
  witnessKey: string;
  url: string;
}

async function makeHome(
  folder: string,
  name: PartyName,
  witness: MadeHome | null,
): Promise<MadeHome> {
  const home = join(folder, name);
  if (!(await isThere(homeLayout(home).party))) await initOne(folder, home, name, witness);
  const file = await readPartyFile(homeLayout(home));
  if (!file.ok) throw new Error(`${home}: ${file.code}`);
  const { party, vkey, witnessKey, exchange } = await describeHome(home, file.value.id);
  return { name, home, party, vkey, witnessKey, url: `http://${exchange}` };
}

async function initOne(
  folder: string,
  home: string,
  name: PartyName,
  witness: MadeHome | null,
): Promise<void> {
  const exchange = `127.0.0.1:${await freePort()}`;
  const made = await initHome({
    home,
    name: cast[name].displayName,
    functions: cast[name].functions,
    officers: 2,
    exercise: true,
    unprotectedKeys: true,
    passphrase: null,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    clock: systemClock,
    environment: worldEnvironment(),
    config: {
      exchange,
      api: `127.0.0.1:${await freePort()}`,
      direct: `http://${exchange}`,
      stateDirectory: join(folder, 'state'),
      heartbeatSeconds,
      ...(witness === null
        ? {}
        : { witnesses: [{ vkey: witness.witnessKey, url: `${witness.url}/witness` }] }),
    },
  });
  if (!made.ok) throw new Error(`${home}: ${made.code} ${made.path} ${made.detail ?? ''}`);
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}

async function openHouse(made: MadeHome): Promise<House> {
  const process = await startNodeProcess(made.home);
  const desk = await openDesk(made.home);
  const { name, home, party } = made;
  return { name, displayName: cast[name].displayName, party, home, process, desk };
}

async function stateOf(house: House, other: House): Promise<string | null> {
  const { counterparts } = await house.desk.status();
  return counterparts.find(({ party }) => party === other.party)?.state ?? null;
}

async function pair(one: House, other: House): Promise<void> {
  if ((await stateOf(one, other)) === 'confirmed') return;
  for (const [house, theirs] of [
    [one, other],
    [other, one],
  ] as const) {
    await house.desk.postFile('/parties/file', await theirs.desk.file('/credentials'));
  }
  // On loopback the program compares what two officers would read to each other.
  for (const [house, theirs] of [
    [one, other],
    [other, one],
  ] as const) {
    const shown = await house.desk.get<{ safetyNumber: string }>(`/parties/${theirs.party}/number`);
    const read = await theirs.desk.get<{ safetyNumber: string }>(`/parties/${house.party}/number`);
    if (shown.safetyNumber !== read.safetyNumber) throw new Error('safety numbers differ');
    const { draft } = await house.desk.post<{ draft: { draft: string } | null }>(
      `/parties/${theirs.party}/confirm`,
      { number: read.safetyNumber },
    );
    if (draft !== null) await house.desk.approve(draft.draft);
  }
  await until('the pairing stands on both sides', pairedTimeoutMs, async () => {
    const states = [await stateOf(one, other), await stateOf(other, one)];
    return states.every((state) => state === 'confirmed');
  });
}

async function agreeTerms(one: House, other: House): Promise<void> {
  const body = { terms: secondsTerms() as never, replaces: null };
  const inForce = async (house: House): Promise<boolean> => {
    const dockets = await house.desk.dockets();
    const parties = [one.party, other.party];
    const channel = dockets.find(
      ({ type, counterparts }) =>
        type === 'channel' && counterparts.some(({ party }) => parties.includes(party)),
    );
    if (channel === undefined) return false;
    const { statements } = await house.desk.docket(channel.docket);
    const agreed = statements.filter(
      ({ kind, act }) => kind === 'channel.terms' && act === 'effective',
    );
    return agreed.length >= 2;
  };
  if (await inForce(one)) return;
  await one.desk.say({ kind: 'channel.terms', to: [other.party], docket: null, body });
  await other.desk.say({ kind: 'channel.terms', to: [one.party], docket: null, body });
  await until('the terms are in force on both sides', pairedTimeoutMs, async () => {
    return (await inForce(one)) && (await inForce(other));
  });
}
