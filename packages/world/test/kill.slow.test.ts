import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../src/index.ts';
import { databaseKinds } from './databases.ts';
import { TestPlace, notification, pair, problemsOf, untilEqual, update } from './parties.ts';
import type { TestParty } from './parties.ts';

const kills = Number(process.env['COMITY_KILLS'] ?? 10);
const seed = Number(process.env['COMITY_SEED'] ?? 1);
/** The longest time that both talk before the next kill. */
const talkMsMax = 1_500;

let place: TestPlace;

beforeEach(async () => {
  place = await TestPlace.make();
});
afterEach(async () => {
  await place.remove();
}, 120_000);

/** mulberry32: the same moments for the same seed, as far as the machine lets them be the same. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Talk {
  /** Ids that a node has answered to with "logged". */
  acknowledged: { by: TestParty; id: string }[];
  /** Checkpoints that a node has shown to the world, by origin. */
  published: Map<string, Set<string>>;
}

/** Says one act after another until told to stop or until its node is gone. */
async function talk(
  own: TestParty,
  other: TestParty,
  docket: string,
  round: string,
  into: Talk,
  stop: { asked: boolean },
): Promise<void> {
  for (let count = 0; !stop.asked; count += 1) {
    try {
      const act = update(`${own.name} ${round}.${count}`);
      const id =
        count % 2 === 0
          ? await own.message(other, `${round}.${count}`)
          : await own.desk.say({
              kind: 'incident.update',
              to: [other.party],
              docket,
              body: act,
            });
      into.acknowledged.push({ by: own, id });
      const checkpoint = await fetch(`${own.url}/log/checkpoint`).then((reply) => reply.text());
      into.published.get(own.origin)?.add(checkpoint.split('\n').slice(1, 3).join(' '));
    } catch (error) {
      // Its node was killed under it; what was not answered may or may not be there.
      if (stop.asked) return;
      await pause(50);
      if (count > 10_000) throw error;
    }
  }
}

describe.each(databaseKinds)('a node killed while two exchange, on $name', (kind) => {
  it(`loses nothing acknowledged and forks nothing, over ${kills} kills with seed ${seed}`, async () => {
    const random = randomFrom(seed);
    const north = await place.party({ name: 'Northland', kind });
    const south = await place.party({ name: 'Southmark', kind });
    await Promise.all([north.start(), south.start()]);
    await pair(north, south);
    const docket = await north.desk.say({
      kind: 'incident.notify',
      to: [south.party],
      docket: null,
      body: notification('Under fire'),
    });
    await north.untilReceived(docket);
    const said: Talk = {
      acknowledged: [{ by: north, id: docket }],
      published: new Map([north, south].map(({ origin }) => [origin, new Set<string>()])),
    };

    for (let kill = 1; kill <= kills; kill += 1) {
      const victim = random() < 0.5 ? north : south;
      const stop = { asked: false };
      const talking = Promise.all([
        talk(north, south, docket, `${kill}`, said, stop),
        talk(south, north, docket, `${kill}`, said, stop),
      ]);
      await pause(random() * talkMsMax);
      stop.asked = true;
      await victim.kill();
      await talking;
      await victim.start();
      expect((await victim.desk.status()).log.blocked).toBeNull();
    }
    // Without these the test could not fail.
    expect(said.acknowledged.length).toBeGreaterThan(kills);

    for (const { by, id } of said.acknowledged) await by.untilReceived(id);
    await untilEqual(north, south, docket);
    await expectSound(north, south, said);
    await expectSound(south, north, said);
  }, 900_000);
});

/** One log, of which the counterpart has the beginning; everything answered and shown is in it. */
async function expectSound(own: TestParty, other: TestParty, said: Talk): Promise<void> {
  const copy = await other.entries(own.origin);
  const entries = await own.entries(own.origin);
  expect(entries.slice(0, copy.length)).toEqual(copy);
  const ids = new Set((await own.rows('select id from statements')).map((row) => row['id']));
  const missing = said.acknowledged.filter(({ by, id }) => by === own && !ids.has(id));
  expect(missing).toEqual([]);
  const roots = await own.rows(`select size, root from checkpoints where origin = '${own.origin}'`);
  const known = new Set(
    roots.map(({ size, root }) => {
      return `${Number(size)} ${Buffer.from(String(root), 'hex').toString('base64')}`;
    }),
  );
  const shown = [...(said.published.get(own.origin) ?? [])];
  expect(shown.filter((checkpoint) => !known.has(checkpoint))).toEqual([]);
  expect(shown.length).toBeGreaterThan(0);
  expect(await own.rows('select kind from evidence')).toEqual([]);
  expect(await problemsOf(own)).toEqual([]);
}
