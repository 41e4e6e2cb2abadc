/** What a stranger sees of dockets of two running nodes: export, then verify. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Place } from './command.ts';
import type { StartedNode } from './command.ts';

let place: Place;
let southmark = '';
const nodes: StartedNode[] = [];

beforeAll(async () => {
  place = await Place.make();
  for (const [home, name] of [
    ['north', 'Northland'],
    ['south', 'Southmark'],
  ] as const) {
    await place.done(['init', '--home', home, '--name', name, '--exercise', '--unprotected-keys']);
    nodes.push(await place.start(home));
    await place.done(['credentials', '--home', home, '-o', `${home}.comity`]);
  }
  await place.done(['pair', 'add', 'north.comity', '--home', 'south']);
  const added = await place.done(['pair', 'add', 'south.comity', '--home', 'north', '--json']);
  southmark = String(added.json()['party']);
  const number = String(added.json()['safetyNumber']);
  await place.done(['pair', 'confirm', 'Southmark', '--number', number, '--home', 'north']);
  await place.done(['pair', 'confirm', 'Northland', '--number', number, '--home', 'south']);
  await place.done(['wait', 'Southmark', '--for', 'confirmed', '--home', 'north']);
  await place.done(['wait', 'Northland', '--for', 'confirmed', '--home', 'south']);
}, 120_000);
afterAll(async () => {
  for (const node of nodes) node.child.kill('SIGTERM');
  await Promise.all(nodes.map((node) => node.ended));
  await place.remove();
});

const other = { north: 'Southmark', south: 'Northland' } as const;

/** Says a kind with its example body, made to fit; gives the statement's id. */
async function say(home: 'north' | 'south', kind: string, docket?: string): Promise<string> {
  const example = JSON.parse((await place.done(['kinds', kind])).stdout) as object;
  // What stands for "replace this" in the examples: the respondent, and the text by its digest, which
  // the command fills in where it is left out.
  const fitted = kind === 'allegation.raise' ? { respondent: southmark } : {};
  const left = kind === 'assurance.reciprocate' ? { text: undefined } : {};
  const stdin = JSON.stringify({ ...example, ...fitted, ...left });
  const where = docket === undefined ? ['--to', other[home]] : ['--docket', docket];
  const officers = ['--officer', 'Duty officer 1', '--officer', 'Duty officer 2'];
  const words = ['say', kind, ...where, ...officers, '--body', '-', '--home', home, '--json'];
  const said = (await place.done(words, { stdin })).json();
  expect(said['state']).toBe('logged');
  return String(said['id']);
}

async function exported(docket: string, file: string): Promise<Record<string, unknown>> {
  const ran = await place.done(['export', docket, '-o', file, '--home', 'north', '--json']);
  expect(ran.stderr).toContain('Waiting up to 10 s');
  return ran.json();
}

async function verify(file: string): Promise<[number | null, unknown]> {
  const ran = await place.run(['verify', file, '--home', 'north', '--json']);
  return [ran.code, ran.json()['verdict']];
}

/** A statement of the other side, once it has come here. */
async function arrived(id: string): Promise<void> {
  await place.done(['wait', id, '--home', 'south']);
}

describe('a bundle of two running nodes', () => {
  it('of an incident is valid right after its last word, and not after one byte changed', async () => {
    const docket = await say('north', 'incident.notify');
    await place.done(['wait', docket, '--home', 'north']);
    await arrived(await say('south', 'incident.acknowledge', docket));
    expect(await exported(docket, 'incident.comity')).toMatchObject({
      confirmed: true,
      confirmedBy: [expect.any(String), expect.any(String)],
      notConfirmedBy: [],
    });
    expect(await verify('incident.comity')).toEqual([0, 'valid']);
    const words = await place.run(['verify', 'incident.comity', '--home', 'north', '--show']);
    expect(words.stdout).toContain('incident · Scanning of the national results portal');
    expect(words.stdout).toContain('Northland (');
    expect(words.stdout).toContain('text: Since 02:10 UTC sustained scanning');
    await place.done(['proof', docket, '--at', 'Southmark', '-o', 'r.proof', '--home', 'north']);
    const alone = await place.run(['verify', 'r.proof', '--json']);
    expect([alone.code, alone.json()]).toMatchObject([9, { error: { code: 'not-a-bundle' } }]);
    const held = ['verify', 'r.proof', '--in', 'incident.comity', '--home', 'north', '--json'];
    expect((await place.done(held)).json()).toMatchObject({
      verdict: 'valid',
      docket: { docket, type: 'incident' },
      proof: { ok: true, statement: docket, role: 'held', party: southmark },
    });
    const text = await readFile(place.path('r.proof'), 'utf8');
    await writeFile(place.path('r.proof'), text.replace(/^index \d+/mu, 'index 0'));
    const wrong = await place.run(held);
    expect([wrong.code, wrong.json()]).toMatchObject([1, { proof: { ok: false } }]);
    const bytes = await readFile(place.path('incident.comity'));
    for (const part of [0.25, 0.5, 0.75]) {
      const changed = Buffer.from(bytes);
      const at = Math.floor(bytes.length * part);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(place.path('changed.comity'), changed);
      expect(await verify('changed.comity')).toEqual([1, 'invalid']);
    }
  }, 120_000);

  it('of an assurance is valid', async () => {
    const docket = await say('north', 'assurance.offer');
    await place.done(['wait', docket, '--home', 'north']);
    await arrived(await say('south', 'assurance.reciprocate', docket));
    expect(await exported(docket, 'assurance.comity')).toMatchObject({ confirmed: true });
    expect(await verify('assurance.comity')).toEqual([0, 'valid']);
  }, 120_000);

  it('of an allegation is incomplete without the reply, and valid with it', async () => {
    const docket = await say('north', 'allegation.raise');
    await place.done(['wait', docket, '--home', 'north']);
    expect(await exported(docket, 'raised.comity')).toMatchObject({ confirmed: true });
    const silent = await place.run(['verify', 'raised.comity', '--home', 'north', '--json']);
    expect([silent.code, silent.json()]).toMatchObject([
      7,
      { verdict: 'incomplete', completeness: expect.stringContaining('no reply in this bundle') },
    ]);
    await arrived(await say('south', 'allegation.answer', docket));
    expect(await exported(docket, 'answered.comity')).toMatchObject({ confirmed: true });
    expect(await verify('answered.comity')).toEqual([0, 'valid']);
  }, 120_000);

  it('is valid although other dockets change all the while', async () => {
    const docket = await say('north', 'incident.notify');
    await place.done(['wait', docket, '--home', 'north']);
    let over = false;
    const busy = (async () => {
      while (!over) await say('south', 'incident.notify');
    })();
    const answer = await exported(docket, 'busy.comity').finally(() => (over = true));
    await busy;
    expect(answer).toMatchObject({ confirmed: true });
    expect(await verify('busy.comity')).toEqual([0, 'valid']);
  }, 120_000);

  it('asks nobody with --confirm-seconds 0, and refuses more than 30', async () => {
    const docket = await say('north', 'incident.notify');
    const words = ['export', docket, '-o', 'quick.comity', '--home', 'north', '--json'];
    const quick = await place.done([...words, '--confirm-seconds', '0']);
    expect(quick.json()).toMatchObject({ confirmed: null, confirmedBy: [], notConfirmedBy: [] });
    expect(quick.stderr).not.toContain('Waiting');
    const long = await place.run([...words, '--force', '--confirm-seconds', '31']);
    expect([long.code, long.json()]).toMatchObject([2, { error: { code: 'usage' } }]);
  }, 60_000);
});
