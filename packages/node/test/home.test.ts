import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Decrypter, Encrypter, Stanza } from 'age-encryption';
import { statementId } from '@comity/record';
import { systemClock } from '../src/context.ts';
import { checkConfig, formatProblem, parseListenAddress } from '../src/home/config.ts';
import { initHome } from '../src/home/init.ts';
import type { InitOptions } from '../src/home/init.ts';
import { homeLayout } from '../src/home/layout.ts';
import { acquireLock, lockOwner } from '../src/home/lock.ts';
import { readNodeKeys } from '../src/home/node-keys.ts';
import { openProtected, protectBytes } from '../src/home/protect.ts';
import { startNode } from '../src/node.ts';
import { readPartyFile } from '../src/home/party-file.ts';
import { listOfficerKeys, unlockOfficerKey } from '../src/officers/key-files.ts';
import { openStore } from '../src/store/open.ts';
import { loadChain } from '../src/parties/chains.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comity-home-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function options(more: Partial<InitOptions> = {}): InitOptions {
  return {
    home: join(folder, 'home'),
    name: 'Northland',
    functions: ['cert'],
    officers: 2,
    exercise: true,
    unprotectedKeys: true,
    passphrase: null,
    random: (n) => new Uint8Array(randomBytes(n)),
    clock: systemClock,
    environment: { COMITY_STATE_DIR: join(folder, 'state') },
    ...more,
  };
}

describe('initHome', () => {
  it('makes keys, credentials version 1 as entry 0, and a party file', async () => {
    const made = await initHome(options());
    if (!made.ok) throw new Error(JSON.stringify(made));
    expect(made.value.origin.startsWith('exercise.northland-')).toBe(true);
    expect(made.value.vkey.startsWith(`${made.value.origin}+`)).toBe(true);
    expect(made.value.officers.map((one) => one.office)).toEqual([
      'Duty officer 1',
      'Duty officer 2',
    ]);
    const layout = homeLayout(join(folder, 'home'));
    const party = await readPartyFile(layout);
    expect(party.ok && party.value.id).toBe(made.value.party);
    const store = await openStore({ kind: 'sqlite', path: layout.store });
    try {
      const chain = await loadChain(store.reader, made.value.party);
      expect(chain?.versions).toHaveLength(1);
      const version = chain?.versions[0];
      if (version === undefined) throw new Error('no version');
      expect(version.index).toBe(0);
      expect(version.body.authority.solemn.threshold).toBe(2);
      expect(version.body.onePerson).toBe(false);
      expect(statementId(version.envelope.payloadType, version.envelope.payload)).toBe(
        made.value.party,
      );
    } finally {
      await store.close();
    }
    expect((await stat(layout.nodeKeysPlain)).mode & 0o077).toBe(0);
    expect(await lockOwner(layout.lock)).toBeNull();
  });

  it('never overwrites a home', async () => {
    expect((await initHome(options())).ok).toBe(true);
    expect(await initHome(options())).toMatchObject({ ok: false, code: 'home-exists' });
  });

  it('encrypts every key under the passphrase, and the wrong one opens nothing', async () => {
    const made = await initHome(
      options({ unprotectedKeys: false, passphrase: 'correct horse', workFactor: 4, officers: 1 }),
    );
    expect(made.ok).toBe(true);
    const layout = homeLayout(join(folder, 'home'));
    expect(await readNodeKeys(layout, null)).toMatchObject({ code: 'passphrase-needed' });
    expect(await readNodeKeys(layout, 'wrong')).toMatchObject({ code: 'wrong-passphrase' });
    const keys = await readNodeKeys(layout, 'correct horse');
    expect(keys.ok && keys.value.keys.party).toBe(made.ok && made.value.party);
    expect(keys.ok && keys.value.unprotected).toBe(false);
    const [file] = await listOfficerKeys(layout);
    if (file === undefined) throw new Error('no key file');
    expect(file.unprotected).toBe(false);
    expect(await unlockOfficerKey(file.path, 'wrong')).toMatchObject({ code: 'wrong-passphrase' });
    const secret = await unlockOfficerKey(file.path, 'correct horse');
    expect(secret.ok && secret.value.office).toBe('Duty officer 1');
    const bytes = await readFile(file.path, 'utf8');
    expect(bytes.startsWith('age-encryption.org/v1')).toBe(true);
    for (const name of await readdir(join(layout.home, 'keys'))) {
      expect(name.endsWith('.json')).toBe(false);
    }
  });

  it('writes what age opens, and opens what age wrote', async () => {
    const plain = new Uint8Array(100).fill(7);
    const decrypter = new Decrypter();
    decrypter.addPassphrase('correct horse');
    expect(await decrypter.decrypt(await protectBytes(plain, 'correct horse', 4))).toEqual(plain);
    const encrypter = new Encrypter();
    encrypter.setPassphrase('correct horse');
    encrypter.setScryptWorkFactor(4);
    const file = await encrypter.encrypt(plain);
    expect(await openProtected(file, 'correct horse')).toEqual({ ok: true, value: plain });
    expect(await openProtected(file, 'correct hors')).toMatchObject({ code: 'wrong-passphrase' });
  });

  it.each<[string, string[][]]>([
    ['asks for a gigabyte and more', [['scrypt', 'A'.repeat(22), '21']]],
    ['asks for no number', [['scrypt', 'A'.repeat(22), '4e1']]],
    ['has a short salt', [['scrypt', 'A'.repeat(20), '4']]],
    ['has a further argument', [['scrypt', 'A'.repeat(22), '4', 'x']]],
    [
      'hides a second recipient',
      [
        ['scrypt', 'A'.repeat(22), '4'],
        ['X25519', 'AAAA'],
      ],
    ],
    ['is for a key', [['X25519', 'A'.repeat(43)]]],
  ])('does not open a file that %s', async (_, headers) => {
    const encrypter = new Encrypter();
    const stanzas = headers.map((header) => new Stanza(header, new Uint8Array(32)));
    encrypter.addRecipient({ wrapFileKey: () => stanzas });
    const file = await encrypter.encrypt(new Uint8Array(8));
    expect(await openProtected(file, 'correct horse')).toMatchObject({ code: 'wrong-passphrase' });
  });

  it('is read with its keys locked, and nothing can be signed there', async () => {
    const passphrase = 'correct horse';
    await initHome(options({ unprotectedKeys: false, passphrase, workFactor: 4 }));
    const home = join(folder, 'home');
    const { environment = {} } = options();
    const node = await startNode({ home, environment, offline: true, locked: true });
    try {
      for (const path of ['/status', '/dockets', '/parties', '/officers', '/credentials']) {
        expect((await node.call({ method: 'GET', path })).status, path).toBe(200);
      }
      const reply = await node.call({ method: 'POST', path: '/drafts' });
      expect([reply.status, JSON.parse(Buffer.from(reply.body).toString())]).toMatchObject([
        403,
        { code: 'keys-locked' },
      ]);
    } finally {
      await node.close();
    }
  });

  it.each([
    ['passphrase-needed', { unprotectedKeys: false }],
    ['bad-officers', { officers: 0 }],
    ['bad-officers', { officers: 17 }],
    ['bad-name', { name: ' ' }],
    ['bad-name', { name: 'North\u202eland' }],
    ['bad-function', { functions: ['emperor'] }],
    ['bad-config', { config: { exchagne: '127.0.0.1:1' } }],
  ] as const)('refuses with %s: %j', async (code, more) => {
    const result = await initHome(options(more as Partial<InitOptions>));
    expect(result).toMatchObject({ ok: false, code });
  });

  it('a damaged key file is an error and not a fresh key', async () => {
    expect((await initHome(options())).ok).toBe(true);
    const layout = homeLayout(join(folder, 'home'));
    await writeFile(layout.nodeKeysPlain, '{"comityNodeKeys":1}');
    expect(await readNodeKeys(layout, null)).toMatchObject({ code: 'bad-key-file' });
  });
});

describe('the lock of a home', () => {
  it('is held by one process at a time', async () => {
    const path = join(folder, 'lock');
    const first = await acquireLock(path);
    expect(first.ok).toBe(true);
    expect(await acquireLock(path)).toMatchObject({ code: 'locked', detail: String(process.pid) });
    if (first.ok) await first.value.release();
    const again = await acquireLock(path);
    expect(again.ok).toBe(true);
    if (again.ok) await again.value.release();
  });

  it('is taken over when its process is gone, and when its number was reused', async () => {
    const path = join(folder, 'lock');
    for (const owner of [
      '{"pid":2147483646,"started":null}',
      `{"pid":${process.ppid},"started":"another-boot:1"}`,
      'half a lo',
    ]) {
      await writeFile(path, owner);
      const taken = await acquireLock(path);
      expect(taken.ok, owner).toBe(true);
      if (taken.ok) await taken.value.release();
    }
  });

  it('is not taken from a living process', async () => {
    const path = join(folder, 'lock');
    await writeFile(path, `{"pid":${process.ppid},"started":null}`);
    expect(await acquireLock(path)).toMatchObject({ code: 'locked', detail: String(process.ppid) });
  });
});

describe('checkConfig', () => {
  const layout = () => homeLayout(folder);
  const problemsOf = async (file: string | null, environment = {}, flags = {}) => {
    if (file !== null) await writeFile(layout().config, file);
    const { problems } = await checkConfig(layout(), environment, flags);
    return problems.map(formatProblem);
  };

  it('takes flags over environment over file over what is built in', async () => {
    await writeFile(layout().config, '{"exchange":"127.0.0.1:1","api":"127.0.0.1:2"}');
    const { config, problems } = await checkConfig(
      layout(),
      { COMITY_API: '127.0.0.1:3', COMITY_HEARTBEAT_SECONDS: '60', COMITY_TEST_POSTGRES: 'x' },
      { heartbeatSeconds: 5 },
    );
    expect(problems).toEqual([]);
    expect(config.exchange).toEqual({ host: '127.0.0.1', port: 1 });
    expect(config.api).toEqual({ host: '127.0.0.1', port: 3 });
    expect(config.heartbeatSeconds).toBe(5);
    expect(config.database).toBeNull();
  });

  it.each([
    ['not JSON', '{', ['is not JSON']],
    ['a misspelt key', '{"exchagne":"127.0.0.1:1"}', ['exchagne is not a known key', 'exchange']],
    ['a port too many', '{"api":"127.0.0.1:70000"}', ['api is not HOST:PORT', '127.0.0.1:7301']],
    ['a number for an address', '{"exchange":7300}', ['exchange must be text']],
    [
      'a bad vkey',
      '{"witnesses":[{"vkey":"x","url":"https://w"}]}',
      ['witnesses[0].vkey is not a vkey'],
    ],
    ['a witness without url', '{"witnesses":[{"vkey":"x"}]}', ['witnesses[0].url']],
    [
      'an unknown key inside',
      '{"witnessFor":[{"vkey":"x","color":1}]}',
      ['witnessFor[0].color is not a known key'],
    ],
    ['a fraction', '{"heartbeatSeconds":1.5}', ['heartbeatSeconds must be a whole number']],
    [
      'another database',
      '{"database":"mysql://x"}',
      ['database is not a PostgreSQL address', 'postgres://'],
    ],
    ['a list', '[]', ['config.json']],
  ])('explains %s', async (_name, file, words) => {
    const problems = await problemsOf(file);
    expect(problems.length).toBeGreaterThan(0);
    for (const word of words) expect(problems.join('\n')).toContain(word);
  });

  it('names variables and flags as they are written', async () => {
    const problems = await problemsOf(
      null,
      { COMITY_API: 'nowhere', COMITY_APPI: '1' },
      { exchange: 'x', heartbeatSeconds: 'soon' },
    );
    const text = problems.join('\n');
    expect(text).toContain('environment: COMITY_API is not HOST:PORT');
    expect(text).toContain('environment: COMITY_APPI is not known');
    expect(text).toContain('flags: --exchange is not HOST:PORT');
    expect(text).toContain('flags: --heartbeat-seconds must be a whole number');
  });

  it('listens on IPv6 and refuses what is no address', () => {
    expect(parseListenAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
    expect(parseListenAddress('localhost:0')).toEqual({ host: 'localhost', port: 0 });
    for (const text of [
      '',
      ':80',
      '80',
      '::1:80',
      'a b:1',
      'host:',
      'host:+1',
      'host:01',
      '[::1:80',
    ]) {
      expect(parseListenAddress(text), text).toBeNull();
    }
  });
});
