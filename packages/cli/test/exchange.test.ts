/** Two real homes: once with their nodes running, once with pouches carried by hand. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Place } from './command.ts';
import type { StartedNode } from './command.ts';

const identifier = /^[0-9a-f]{64}$/u;
let place: Place;

beforeAll(async () => {
  place = await Place.make();
});
afterAll(() => place.remove());

async function makeHomes(north: string, south: string): Promise<void> {
  for (const [home, name] of [
    [north, 'Northland'],
    [south, 'Southmark'],
  ] as const) {
    await place.done(['init', '--home', home, '--name', name, '--exercise', '--unprotected-keys']);
  }
}

/** Credentials both ways, the number, and both confirmations. */
async function pair(north: string, south: string): Promise<string> {
  await place.done(['credentials', '--home', north, '-o', `${north}.comity`]);
  await place.done(['credentials', '--home', south, '-o', `${south}.comity`]);
  await place.done(['pair', 'add', `${north}.comity`, '--home', south]);
  const added = await place.done(['pair', 'add', `${south}.comity`, '--home', north, '--json']);
  expect(added.json()).toEqual({
    party: expect.stringMatching(identifier),
    safetyNumber: expect.stringMatching(/^(\d{5} ){11}\d{5}$/u),
    state: 'added',
    exercise: true,
  });
  const number = String(added.json()['safetyNumber']);
  const theirs = await place.done(['pair', 'number', 'Northland', '--home', south, '--json']);
  expect(theirs.json()['safetyNumber']).toBe(number);
  const wrong = number.replace(/^./u, (digit) => (digit === '0' ? '1' : '0'));
  const refused = await place.run([
    'pair',
    'confirm',
    'Southmark',
    '--number',
    wrong,
    '--home',
    north,
    '--json',
  ]);
  expect([refused.code, refused.json()]).toMatchObject([1, { error: { code: 'wrong-number' } }]);
  const say = ['say', 'channel.message', '--to', 'Southmark', '--text', 'x', '--home', north];
  const confirm = ['pair', 'confirm', 'Southmark', '--number', number, '--home', north];
  const early = await place.run(say);
  expect(early.stderr).toContain('neither you nor Southmark has confirmed (not-paired)');
  const ours = await place.done(confirm);
  expect(ours.stdout).toContain(`Wait for it: comity wait Southmark --home ${north}`);
  const alone = await place.run([...say, '--json']);
  expect([alone.code, alone.json()]).toMatchObject([1, { error: { code: 'not-paired' } }]);
  expect(alone.stderr).toContain('you have confirmed; the confirmation by Southmark has not come');
  expect(alone.stderr).toContain(`Next: comity wait Southmark --home ${north}`);
  await place.done(['pair', 'confirm', 'Northland', '--number', number, '--home', south]);
  return number;
}

async function show(home: string, docket: string): Promise<Record<string, unknown>> {
  return (await place.done(['show', docket, '--home', home, '--json'])).json();
}

/** Both sides' view once they are equal: equality is promised when both hold all facts. */
async function settledOn(
  docket: string,
): Promise<[Record<string, unknown>, Record<string, unknown>]> {
  for (let attempt = 0; ; attempt += 1) {
    const [north, south] = [await show('north', docket), await show('south', docket)];
    if (north['stateDigest'] === south['stateDigest'] || attempt === 12) return [north, south];
  }
}

describe('two running nodes', () => {
  const nodes: StartedNode[] = [];
  let docket = '';

  beforeAll(async () => {
    await makeHomes('north', 'south');
    nodes.push(await place.start('north'), await place.start('south'));
    await pair('north', 'south');
  }, 120_000);
  afterAll(async () => {
    for (const node of nodes) node.child.kill('SIGTERM');
    expect(await Promise.all(nodes.map((node) => node.ended))).toEqual([0, 0]);
  });

  it('say --wait answers when the receipt is here, by name', async () => {
    const words = ['say', 'channel.message', '--to', 'Southmark', '--text', 'Wait.', '--wait'];
    const said = await place.done([...words, '--home', 'north']);
    expect(said.stdout).toMatch(/channel\.message [0-9a-f]{12}: received by Southmark/u);
  }, 60_000);

  it('a message is said, received and shown on both sides', async () => {
    const said = await place.done([
      'say',
      'channel.message',
      '--to',
      'Southmark',
      '--text',
      'We hear you.',
      '--home',
      'north',
      '--json',
    ]);
    expect(said.json()).toMatchObject({
      id: expect.stringMatching(identifier),
      state: 'logged',
      missingSignatures: 0,
    });
    const id = String(said.json()['id']);
    const waited = await place.done(['wait', id.slice(0, 12), '--home', 'north', '--json']);
    expect(waited.json()).toMatchObject({ id, state: 'received' });
    const words = await place.done(['show', 'Northland', '--home', 'south', '--body']);
    expect(words.stdout).toContain('We hear you.');
    expect(words.stdout).toContain('taken in here');
  }, 60_000);

  it('a notification makes an obligation, and its acknowledgement meets it', async () => {
    const body = (await place.done(['kinds', 'incident.notify'])).stdout;
    const said = await place.done(
      ['say', 'incident.notify', '--to', 'Southmark', '--body', '-', '--home', 'north', '--json'],
      { stdin: body },
    );
    docket = String(said.json()['id']);
    await place.done(['wait', docket, '--home', 'north']);
    const owed = (await place.done(['owe', '--home', 'south', '--json'])).list();
    expect(owed).toEqual([
      expect.objectContaining({
        owedBy: expect.stringMatching(identifier),
        owedTo: expect.stringMatching(identifier),
        what: expect.stringContaining('acknowledge'),
        docket,
        due: expect.any(Number),
        state: 'running',
        basis: expect.any(String),
        exercise: true,
      }),
    ]);
    const duty = (await place.done(['status', '--home', 'south'])).stdout;
    expect(duty).toMatch(/^1 new act not looked at in [0-9a-f]{12}; 1 owed by us, 0 overdue\.$/mu);
    expect(duty).toContain('  comity owe --home south\n');
    const printed = nodes[1]?.output() ?? '';
    expect(printed).toContain(`"kind":"incident.notify","docket":"${docket}"`);
    expect(printed).toContain('"node":"Southmark"');
    const words = (await place.done(['owe', '--home', 'south'])).stdout;
    expect(words).toMatch(/We owe 1 thing\.[^]*Southmark owes Northland: acknowledge[^]* left/u);
    const acknowledge = (await place.done(['kinds', 'incident.acknowledge'])).stdout;
    const reply = await place.done(
      [
        'say',
        'incident.acknowledge',
        '--docket',
        docket.slice(0, 12),
        '--body',
        '-',
        '--home',
        'south',
        '--json',
      ],
      { stdin: acknowledge },
    );
    await place.done(['wait', String(reply.json()['id']), '--home', 'south']);
    expect((await place.done(['owe', '--home', 'south', '--json'])).list()).toEqual([]);
  }, 60_000);

  it('dockets and show have the fields of the contract, with equal digests', async () => {
    const rows = (
      await place.done(['dockets', '--home', 'north', '--type', 'incident', '--json'])
    ).list();
    expect(rows).toEqual([
      expect.objectContaining({
        docket,
        type: 'incident',
        subject: expect.any(String),
        state: 'acknowledged',
        counterparts: [{ party: expect.stringMatching(identifier), name: 'Southmark' }],
        lastAct: expect.stringMatching(identifier),
        owed: 0,
      }),
    ]);
    const [north, south] = await settledOn(docket);
    expect(north).toMatchObject({
      docket,
      type: 'incident',
      state: 'acknowledged',
      obligations: expect.any(Array),
    });
    expect(north['stateDigest']).toBe(south['stateDigest']);
    const statements = north['statements'] as Record<string, unknown>[];
    expect(statements).toHaveLength(2);
    for (const statement of statements) {
      expect(Object.keys(statement)).toEqual(
        expect.arrayContaining(['id', 'kind', 'from', 'act', 'reason', 'delivery', 'witnessed']),
      );
    }
  }, 60_000);

  it('a bundle is never valid without trust, and invalid after any change', async () => {
    await place.done(['export', docket, '-o', 'case.comity', '--home', 'north']);
    const stranger = await place.run(['verify', 'case.comity', '--json']);
    expect([stranger.code, stranger.json()]).toMatchObject([
      6,
      {
        verdict: 'untrusted',
        completeness: expect.any(String),
        exercise: true,
        checks: expect.any(Array),
      },
    ]);
    const trusting = await place.run(['verify', 'case.comity', '--home', 'north', '--json']);
    expect([trusting.code, trusting.json()['verdict']]).toEqual([0, 'valid']);
    const bytes = await readFile(place.path('case.comity'));
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(place.path('changed.comity'), bytes);
    const changed = await place.run(['verify', 'changed.comity', '--home', 'north', '--json']);
    expect([changed.code, changed.json()]).toMatchObject([1, { verdict: 'invalid' }]);
  }, 60_000);

  it('never looks up a name to trust in the bundle itself', async () => {
    const ran = await place.run(['verify', 'case.comity', '--trust', 'Northland', '--json']);
    expect([ran.code, ran.json()]).toMatchObject([2, { error: { code: 'usage' } }]);
  });

  it('proofs are C2SP tlog-proofs from either log', async () => {
    for (const at of ['self', 'Southmark']) {
      await place.done(['proof', docket, '--at', at, '-o', `${at}.proof`, '--home', 'north']);
      const text = await readFile(place.path(`${at}.proof`), 'utf8');
      expect(text.startsWith('c2sp.org/tlog-proof@v1\n')).toBe(true);
    }
  }, 60_000);

  it('status, witnesses and fsck have their fields', async () => {
    const status = (await place.done(['status', '--home', 'north', '--json'])).json();
    expect(status).toMatchObject({
      counterparts: [{ name: 'Southmark', state: 'confirmed' }],
      log: { origin: expect.any(String), size: expect.any(Number), blocked: null },
      witnesses: expect.any(Array),
      alarms: [],
      running: true,
    });
    expect((await place.done(['status', '--home', 'north'])).stdout).toContain(
      'Southmark · paired · heard',
    );
    const checked = (await place.done(['fsck', '--home', 'north', '--json'])).json();
    expect(checked).toMatchObject({
      ok: true,
      statements: expect.any(Number),
      proofs: expect.any(Number),
      problems: [],
    });
  }, 60_000);
});

describe('two homes without nodes', () => {
  it('exchange everything by pouches, and an import twice does no harm', async () => {
    await makeHomes('n2', 's2');
    await pair('n2', 's2');
    const carry = async (from: string, to: string, name: string, round: number) => {
      const file = `${from}-${round}.pouch`;
      const out = await place.done([
        'pouch',
        'export',
        '--to',
        name,
        '-o',
        file,
        '--home',
        from,
        '--json',
      ]);
      expect(out.json()).toMatchObject({ records: expect.any(Number), taken: 0, refused: 0 });
      const taken = await place.done(['pouch', 'import', file, '--home', to, '--json']);
      expect(taken.json()).toMatchObject({
        records: expect.any(Number),
        taken: expect.any(Number),
        refused: 0,
      });
      return { file, taken: Number(taken.json()['taken']) };
    };
    const first = await carry('n2', 's2', 'Southmark', 1);
    expect(first.taken).toBe(1);
    await carry('s2', 'n2', 'Northland', 1);
    const again = await place.done(['pouch', 'import', first.file, '--home', 's2', '--json']);
    expect(again.json()).toMatchObject({ taken: 0, refused: 0 });
    const foreign = await place.run(['pouch', 'import', first.file, '--home', 'n2', '--json']);
    expect([foreign.code, foreign.json()]).toMatchObject([1, { error: { code: 'unreadable' } }]);
    const state = await place.done(['pair', 'number', 'Southmark', '--home', 'n2', '--json']);
    expect(state.json()['state']).toBe('confirmed');
  }, 120_000);
});
