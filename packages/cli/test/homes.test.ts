import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exerciseLine } from '../src/output/output.ts';
import { Place } from './command.ts';
import type { Ran } from './command.ts';

const identifier = /^[0-9a-f]{64}$/u;
let place: Place;
let one: Ran;
let madeEast: Ran;
const protectedKeys = ['--home', 'east', '--passphrase-file', 'pass'];

beforeAll(async () => {
  place = await Place.make();
  await writeFile(place.path('pass'), 'correct horse battery\n', { mode: 0o600 });
  await writeFile(place.path('wrong'), 'wrong horse battery\n', { mode: 0o600 });
  madeEast = await place.done(['init', '--name', 'Eastland', ...protectedKeys]);
  await place.done([
    'init',
    '--home',
    'drill',
    '--name',
    'Drill',
    '--exercise',
    '--unprotected-keys',
  ]);
  const single = ['--officers', '1', '--unprotected-keys', '--json'];
  one = await place.done(['init', '--home', 'one', '--name', 'One', ...single]);
}, 60_000);
afterAll(() => place.remove());

describe('init', () => {
  it('answers party, origin, vkey and officers', () => {
    const ran = one;
    expect(ran.json()).toEqual({
      party: expect.stringMatching(identifier),
      origin: expect.stringMatching(/^one-[0-9a-f]{8}\.comity\/log$/u),
      vkey: expect.stringContaining('.comity/log+'),
      officers: [
        {
          office: 'Duty officer 1',
          keyFile: expect.stringContaining('duty-officer-1.json'),
          keyid: expect.stringMatching(identifier),
        },
      ],
    });
    expect(ran.stderr).toContain('not protected by a passphrase');
  });
  it('never overwrites a home', async () => {
    const ran = await place.run([
      'init',
      '--home',
      'drill',
      '--name',
      'Again',
      '--unprotected-keys',
      '--json',
    ]);
    expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'home-exists' } }]);
  });
  it('asks for a passphrase file where nobody can be asked', async () => {
    const ran = await place.run(['init', '--home', 'none', '--name', 'None', '--json']);
    expect([ran.code, ran.json()]).toMatchObject([5, { error: { code: 'passphrase-needed' } }]);
    expect(ran.stderr).toContain('--passphrase-file');
  });
  it('lists the functions when one is unknown', async () => {
    const ran = await place.run([
      'init',
      '--home',
      'none',
      '--name',
      'N',
      '--function',
      'empire',
      '--unprotected-keys',
      '--json',
    ]);
    expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'bad-function' } }]);
    expect(ran.stderr).toContain('sector-centre');
  });
  it('refuses a number of officers that is none', async () => {
    const ran = await place.run([
      'init',
      '--home',
      'none',
      '--name',
      'N',
      '--officers',
      'two',
      '--unprotected-keys',
    ]);
    expect(ran.code).toBe(2);
  });
  it('marks an exercise in every form of output', async () => {
    expect((await place.done(['status', '--home', 'drill', '--json'])).json()['exercise']).toBe(
      true,
    );
    expect((await place.done(['dockets', '--home', 'drill'])).stdout).toContain(exerciseLine);
    expect(
      (await place.done(['parties', '--home', 'drill', '--json'])).list()[0]?.['exercise'],
    ).toBe(true);
  });
  it('does not mark a real party', async () => {
    const ran = await place.done(['parties', '--home', 'one', '--json']);
    expect(ran.list()[0]).not.toHaveProperty('exercise');
  });
});

describe('wrong paths', { timeout: 90_000 }, () => {
  it.each([
    [['init', '--home', 'wrong', '--name', 'X', '--unprotected-keys'], 1, 'cannot-access'],
    [['config', 'check', '--home', 'nowhere'], 3, 'unreachable'],
    [['show', '', '--home', 'east'], 2, 'usage'],
    [['verify', 'east'], 1, 'not-a-file'],
    [['status', '--home', 'wrong'], 3, 'unreachable'],
  ])('%j ends with %i %s, as JSON too, and says what to do', async (words, code, error) => {
    const ran = await place.run([...words, '--json']);
    const what = expect.stringMatching(/./u) as unknown;
    expect([ran.code, ran.json()]).toMatchObject([code, { error: { code: error, what } }]);
    expect(ran.stderr).not.toMatch(/^\s+at /mu);
  });
});

describe('passphrases', { timeout: 90_000 }, () => {
  const delegate = async (more: string[], environment: Record<string, string> = {}) => {
    const stdin = (await place.done(['kinds', 'party.delegate'])).stdout;
    const words = ['say', 'party.delegate', '--body', '-', '--draft-only', '--json'];
    return await place.run([...words, '--home', 'east', ...more], { stdin, environment });
  };
  it('are not needed to read', async () => {
    for (const command of ['status', 'dockets']) {
      const ran = await place.done([command, '--home', 'east', '--json']);
      expect(ran.stderr, command).not.toContain('passphrase');
    }
  });
  it('without one ends with 5 and says how to give it', async () => {
    const ran = await delegate([]);
    expect([ran.code, ran.json()]).toMatchObject([5, { error: { code: 'passphrase-needed' } }]);
    expect(ran.stderr).toContain('--passphrase-file');
  });
  it('a wrong one ends with 5', async () => {
    const ran = await delegate(['--passphrase-file', 'wrong']);
    expect([ran.code, ran.json()]).toMatchObject([5, { error: { code: 'wrong-passphrase' } }]);
  });
  it('comes from COMITY_PASSPHRASE_FILE too', async () => {
    const ran = await delegate([], { COMITY_PASSPHRASE_FILE: 'pass' });
    expect([ran.code, ran.json()]).toMatchObject([0, { state: 'waiting' }]);
    const { draft } = ran.json();
    await place.done(['discard', String(draft), ...protectedKeys]);
  });
  it('warns of a file that others can read', async () => {
    await writeFile(place.path('open'), 'correct horse battery\n');
    await chmod(place.path('open'), 0o644);
    const file = ['--passphrase-file', 'open'];
    const ran = await delegate(file);
    expect(ran.stderr).toContain('chmod 600');
    await place.done(['discard', String(ran.json()['draft']), '--home', 'east', ...file]);
  });
  it('protects node keys and officers’ keys', async () => {
    for (const name of ['node.json.age', 'officers/duty-officer-1.age']) {
      const text = await readFile(join(place.path('east'), 'keys', name), 'latin1');
      expect(text.startsWith('age-encryption.org/v1')).toBe(true);
    }
  });
});

describe('officers’ passphrases', { timeout: 90_000 }, () => {
  it('init warns of one for all, doctor finds it, and it can be changed', async () => {
    const shared = await place.run(['doctor', ...protectedKeys, '--json']);
    expect(shared.code).toBe(1);
    expect(shared.stdout).toContain('opens the keys of duty-officer-1 and duty-officer-2');
    expect(madeEast.stderr).toContain('whoever knows it can make solemn acts alone');
    await writeFile(place.path('own'), 'a second officer’s own\n', { mode: 0o600 });
    const change = ['officers', 'passphrase', 'Duty officer 2', ...protectedKeys];
    await place.done([...change, '--new-passphrase-file', 'own']);
    const after = await place.run(['doctor', ...protectedKeys, '--json']);
    expect(after.stdout).toContain('opens the keys of no two officers');
    const again = await place.run([...change, '--new-passphrase-file', 'own', '--json']);
    expect([again.code, again.json()]).toMatchObject([5, { error: { code: 'wrong-passphrase' } }]);
    const back = ['officers', 'passphrase', 'Duty officer 2', '--home', 'east'];
    await place.done([...back, '--passphrase-file', 'own', '--new-passphrase-file', 'pass']);
  });
  it('refuses a file for an officer who is not there', async () => {
    const init = ['init', '--home', 'none', '--name', 'N', '--passphrase-file', 'pass', '--json'];
    const ran = await place.run([...init, '--officer-passphrase-file', 'Chief=pass']);
    expect([ran.code, ran.json()]).toMatchObject([2, { error: { code: 'usage' } }]);
  });
  it('a home has its credentials file before its node ever ran', async () => {
    const file = place.path('east/credentials.comity');
    await place.done(['pair', 'add', file, '--home', 'one']);
  });
});

describe('a solemn act', () => {
  it('waits for its second officer, who signs on another device without node or home', async () => {
    const body = (await place.done(['kinds', 'party.delegate'])).stdout;
    const said = await place.done(
      [
        'say',
        'party.delegate',
        '--body',
        '-',
        '--officer',
        'Duty officer 1',
        '--json',
        ...protectedKeys,
      ],
      { stdin: body },
    );
    expect(said.json()).toEqual({
      draft: expect.stringMatching(identifier),
      state: 'waiting',
      missingSignatures: 1,
      maySign: ['Duty officer 2'],
    });
    const draft = String(said.json()['draft']);
    const drafts = (await place.done(['drafts', '--json', ...protectedKeys])).list();
    expect(drafts).toMatchObject([
      { draft, kind: 'party.delegate', level: 'solemn', missingSignatures: 1 },
    ]);

    await place.done([
      'draft',
      'export',
      draft.slice(0, 10),
      '-o',
      'draft.comity',
      ...protectedKeys,
    ]);
    const key = join('east', 'keys', 'officers', 'duty-officer-2.age');
    const signed = await place.done([
      'sign',
      'draft.comity',
      '--key',
      key,
      '--passphrase-file',
      'pass',
    ]);
    expect(signed.stdout).toContain('delegates a duty key');
    expect(signed.stdout).toContain(draft.slice(0, 4));
    expect(signed.stdout).toContain('2 signatures in draft.comity');

    const imported = await place.done([
      'draft',
      'import',
      'draft.comity',
      '--json',
      ...protectedKeys,
    ]);
    expect(imported.json()).toMatchObject({ id: draft, state: 'logged', missingSignatures: 0 });
    const again = await place.done(['approve', draft, '--json', ...protectedKeys]);
    expect(again.json()).toEqual({ id: draft, state: 'logged', missingSignatures: 0 });
  }, 60_000);

  it('is not signed by a key of another party', { timeout: 90_000 }, async () => {
    const body = (await place.done(['kinds', 'party.delegate'])).stdout;
    await writeFile(place.path('delegate.json'), body);
    const said = await place.done([
      'say',
      'party.delegate',
      '--body',
      'delegate.json',
      '--draft-only',
      '--json',
      '--home',
      'drill',
    ]);
    const draft = String(said.json()['draft']);
    await place.done(['draft', 'export', draft, '-o', 'drill.comity', '--home', 'drill']);
    const key = join('one', 'keys', 'officers', 'duty-officer-1.json');
    const ran = await place.run(['sign', 'drill.comity', '--key', key, '--json']);
    expect([ran.code, ran.json()]).toMatchObject([
      1,
      { error: { code: 'wrong-party' }, exercise: true },
    ]);
    await place.done(['discard', draft, '--home', 'drill']);
    expect((await place.done(['drafts', '--home', 'drill', '--json'])).list()).toEqual([]);
  });

  it('is not signed from a damaged draft file', async () => {
    await writeFile(place.path('damaged.comity'), '{"comityDraft":1}');
    const key = join('one', 'keys', 'officers', 'duty-officer-1.json');
    const ran = await place.run(['sign', 'damaged.comity', '--key', key, '--json']);
    expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'bad-draft-file' } }]);
  });

  it('is not signed by an officer who is not there', async () => {
    const ran = await place.run([
      'say',
      'party.delegate',
      '--body',
      'delegate.json',
      '--officer',
      'Nobody',
      '--json',
      '--home',
      'drill',
    ]);
    expect([ran.code, ran.json()]).toMatchObject([5, { error: { code: 'unknown-officer' } }]);
    expect(ran.stderr).toContain('duty-officer-1, duty-officer-2');
  });
});

describe('bad input to say', () => {
  it.each([
    [['say', 'incident.frob', '--to', 'X'], 'unknown'],
    [['say', 'channel.message', '--to', 'Nowhere', '--text', 'x'], 'unknown-party'],
    [['say', 'channel.message', '--to', 'self', '--body', 'missing.json'], 'no-file'],
    [['say', 'incident.update', '--docket', 'ffffff', '--body', 'update.json'], 'unknown-docket'],
    [['say', 'party.delegate', '--body', 'empty.json'], 'bad-schema'],
  ])('%j is refused', async (words, code) => {
    await writeFile(place.path('empty.json'), '{}');
    await writeFile(
      place.path('update.json'),
      (await place.done(['kinds', 'incident.update'])).stdout,
    );
    const ran = await place.run([...words, '--json', '--home', 'drill']);
    const { error } = ran.json() as { error: { code: string } };
    expect([ran.code, error.code]).toEqual([1, expect.stringContaining(code)]);
  });
  it('takes --body or --text, not both', async () => {
    const ran = await place.run([
      'say',
      'channel.message',
      '--text',
      'x',
      '--body',
      'y',
      '--home',
      'drill',
    ]);
    expect(ran.code).toBe(2);
  });
});

describe('credentials', () => {
  it('are written once and not over a file', async () => {
    const first = await place.done([
      'credentials',
      '-o',
      'drill.credentials',
      '--home',
      'drill',
      '--json',
    ]);
    expect(first.json()).toMatchObject({
      file: 'drill.credentials',
      party: expect.stringMatching(identifier),
    });
    const second = await place.run([
      'credentials',
      '-o',
      'drill.credentials',
      '--home',
      'drill',
      '--json',
    ]);
    expect([second.code, second.json()]).toMatchObject([1, { error: { code: 'file-exists' } }]);
  });
  it('of an exercise are refused by a real party', async () => {
    const ran = await place.run(['pair', 'add', 'drill.credentials', '--home', 'one', '--json']);
    expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'wrong-exercise' } }]);
  });
  it('of our own are refused', async () => {
    const ran = await place.run(['pair', 'add', 'drill.credentials', '--home', 'drill', '--json']);
    expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'own-party' } }]);
  });
  it('get a new officer by rotation, signed by the root threshold', async () => {
    const both = ['--officer', 'Duty officer 1', '--officer', 'Duty officer 2'];
    const ran = await place.run([
      'credentials',
      'rotate',
      '--add-officer',
      'Duty officer 3',
      ...both,
      '--home',
      'drill',
      '--json',
    ]);
    expect(ran.json()).toMatchObject({ state: 'logged', missingSignatures: 0 });
    const roster = (await place.done(['officers', '--home', 'drill', '--json'])).json();
    expect(roster).toMatchObject({ thresholds: { root: 2, solemn: 2, duty: 1 }, exercise: true });
    const officers = roster['officers'] as { office: string; keyFile: string }[];
    expect(officers.map((one) => one.office)).toContain('Duty officer 3');
    expect((await stat(place.path('drill/keys/officers/duty-officer-3.json'))).mode & 0o077).toBe(
      0,
    );
  });
  it('are not rotated for nothing', async () => {
    expect((await place.run(['credentials', 'rotate', '--home', 'drill'])).code).toBe(2);
  });
});
