import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeBase64,
  formatVkey,
  generateSealingIdentity,
  parseCredentialsBody,
  parseDelegationBody,
  sealingRecipient,
} from '../src/index.ts';
import type { CredentialsBody, JsonValue, OfficerKey } from '../src/index.ts';
import { officerKeysMax, officesMax } from '../src/document-limits.ts';
import { edKey, noteSigner, pqKey, TestParty, testSealingIdentity } from './test-party.ts';

const recipient = await sealingRecipient(testSealingIdentity);
const hybrid = await sealingRecipient(await generateSealingIdentity());
const party = new TestParty('north', recipient);
const body = party.body();
const passkey: OfficerKey = {
  type: 'webauthn',
  algorithm: 'ES256',
  key: encodeBase64(Uint8Array.of(2, ...new Uint8Array(32).fill(7))),
  rpId: 'desk.example',
  origins: ['https://desk.example'],
};

function answer(changes: object): string {
  const result = parseCredentialsBody({ ...body, ...changes });
  return result.ok ? 'ok' : `${result.code} ${result.path}`;
}
const officers = (extra: object) => ({ officers: { ...body.officers, ...extra } });
const authority = (extra: object) => ({ authority: { ...body.authority, ...extra } });
const log = (extra: object) => ({ log: { ...body.log, ...extra } });
const vkey = (name: string, type: 0x01 | 0x04 | 0x06, label: string) =>
  formatVkey(noteSigner(name, type, label).key);

describe('credentials body', () => {
  it('is taken as it is', () => {
    expect(answer({})).toBe('ok');
    expect(parseCredentialsBody(body as unknown as JsonValue)).toEqual({ ok: true, value: body });
  });

  it('has every member and no other', () => {
    for (const name of Object.keys(body)) {
      const { [name as keyof CredentialsBody]: _gone, ...rest } = body;
      expect(parseCredentialsBody(rest as unknown as JsonValue)).toMatchObject({ path: '' });
    }
    expect(answer({ extra: 1 })).toBe('bad-schema ');
  });

  it.each([
    ['version', 0],
    ['version', '1'],
    ['previous', 'ab'.repeat(32)],
    ['exercise', 0],
    ['name', {}],
    ['name', { en: '' }],
    ['name', { en: 'two\nlines' }],
    ['name', { 'no language': 'x' }],
    ['functions', ['king']],
    ['functions', ['cert', 'cert']],
    ['officers', {}],
    ['onePerson', 1],
    ['witnessKey', 'x'],
    ['ownAccountKey', null],
    ['sealing', []],
    ['sealing', ['age1nothing']],
    ['sealing', [testSealingIdentity]],
    ['sealing', [recipient, recipient]],
    ['sealing', [recipient, hybrid]],
    ['routes', [{ kind: 'direct', url: 'ftp://north.example' }]],
    ['routes', [{ kind: 'pigeon', url: 'https://north.example' }]],
    ['routes', [{ kind: 'direct', url: 'https://a b' }]],
    ['contacts', { press: { languages: ['en'], hours: 'always', timeZone: 'UTC' } }],
    ['contacts', { duty: { languages: ['en'], hours: 'always' } }],
    ['kinds', { protocol: 2, folds: [1] }],
    ['kinds', { protocol: 1, folds: [0] }],
    ['kinds', { protocol: 1, folds: [1, 1] }],
    ['delegations', ['x']],
    ['expires', '2028-01-01'],
  ])('refuses %s = %j', (name, value) => {
    expect(answer({ [name]: value })).toBe(`bad-schema /${name}`);
  });

  it('takes hybrid recipients, a telephone, every function', () => {
    const duty = { languages: ['en', 'ar'], hours: 'always', timeZone: 'UTC', telephone: '+1 2' };
    expect(answer({ sealing: [hybrid], contacts: { duty }, routes: [] })).toBe('ok');
    expect(answer({ contacts: { duty: { ...duty, telephone: '' } } })).toBe('bad-schema /contacts');
    expect(answer({ contacts: { duty: { ...duty, fax: '1' } } })).toBe('bad-schema /contacts');
  });

  it('a version after the first names the one before it', () => {
    expect(answer({ version: 2, previous: 'ab'.repeat(32) })).toBe('ok');
    expect(answer({ version: 2 })).toBe('bad-schema /previous');
  });

  it('a raw public key stands in a document once, whatever its purpose', () => {
    const again = (label: string): string => answer(officers({ Third: { keys: [edKey(label)] } }));
    expect(again('third')).toBe('ok');
    expect(again('north 1')).toBe('bad-schema /officers/Third');
    expect(again('north automatic')).toBe('bad-schema /authority/automatic');
    expect(again('north log')).toBe('bad-schema /log/keys');
    expect(again('north witness')).toBe('bad-schema /witnessKey');
    expect(again('north own account')).toBe('bad-schema /ownAccountKey');
    expect(answer({ ownAccountKey: body.witnessKey })).toBe('bad-schema /ownAccountKey');
    const asPasskey = { ...passkey, algorithm: 'EdDSA', key: edKey('north 1').key };
    expect(answer(officers({ Third: { keys: [asPasskey] } }))).toBe('bad-schema /officers/Third');
    const twice = { keys: [edKey('third'), edKey('third')] };
    expect(answer(officers({ Third: twice }))).toBe('bad-schema /officers/Third');
  });

  it('an officer has a classical key and at most one ML-DSA-44 key', () => {
    const of = (keys: OfficerKey[]): string => answer(officers({ Third: { keys } }));
    expect(of([edKey('third'), pqKey('third pq')])).toBe('ok');
    expect(of([edKey('third'), passkey])).toBe('ok');
    expect(of([])).toBe('bad-schema /officers');
    expect(of([pqKey('third pq')])).toBe('bad-schema /officers');
    expect(of([edKey('third'), pqKey('a'), pqKey('b')])).toBe('bad-schema /officers');
    const many = Array.from({ length: officerKeysMax + 1 }, (_, i) => edKey(`key ${i}`));
    expect(of(many.slice(1))).toBe('ok');
    expect(of(many)).toBe('bad-schema /officers');
  });

  it.each([
    { key: 'AAAA' },
    { key: encodeBase64(new Uint8Array(33)) },
    { algorithm: 'RS256' },
    { rpId: '' },
    { origins: [] },
    { origins: ['desk.example'] },
    { origins: ['http://desk.example'] },
    { origins: ['https://desk.example/'] },
    { origins: ['https://desk.example', 'https://desk.example'] },
    { extra: true },
  ])('refuses a passkey with %j', (change) => {
    expect(answer(officers({ Third: { keys: [{ ...passkey, ...change }] } }))).toBe(
      'bad-schema /officers',
    );
  });

  it('no office is called automatic, or by a name that programs trip over', () => {
    const third = { keys: [edKey('third')] };
    expect(answer(officers({ automatic: third }))).toBe('bad-schema /officers');
    expect(answer(officers({ '': third }))).toBe('bad-schema /officers');
    const proto = JSON.parse('{"__proto__":{"keys":[]}}') as object;
    expect(answer({ officers: proto })).toBe('bad-schema /officers');
  });

  it('takes 64 offices and not one more', () => {
    const of = (count: number): object =>
      officers(
        Object.fromEntries(
          Array.from({ length: count - 2 }, (_, i) => [`Office ${i}`, { keys: [edKey(`o${i}`)] }]),
        ),
      );
    expect(answer(of(officesMax))).toBe('ok');
    expect(answer(of(officesMax + 1))).toBe('bad-schema /officers');
  });

  it('thresholds can be met by the officers they name', () => {
    const [one, two] = ['Duty officer 1', 'Duty officer 2'];
    const solemn = (threshold: unknown, offices: unknown): string =>
      answer(authority({ solemn: { threshold, offices } }));
    expect(solemn(2, [one, two])).toBe('ok');
    expect(solemn(3, [one, two])).toBe('bad-schema /authority/solemn/threshold');
    expect(solemn(2, [one, one])).toBe('bad-schema /authority');
    expect(solemn(2, [one, 'Nobody'])).toBe('bad-schema /authority/solemn/offices');
    expect(solemn(2, [one, 'toString'])).toBe('bad-schema /authority/solemn/offices');
    expect(solemn(0, [one, two])).toBe('bad-schema /authority');
    expect(solemn(1.5, [one, two])).toBe('bad-schema /authority');
  });

  it('solemn and root need two officers unless it is a one-person organisation', () => {
    const offices = ['Duty officer 1', 'Duty officer 2'];
    const alone = { threshold: 1, offices };
    expect(answer(authority({ solemn: alone }))).toBe('bad-schema /authority/solemn/threshold');
    expect(answer(authority({ root: alone }))).toBe('bad-schema /authority/root/threshold');
    expect(answer({ ...authority({ root: alone, solemn: alone }), onePerson: true })).toBe('ok');
  });

  it('log keys bear the name of the log; one 0x06 key beside 0x01 keys', () => {
    const { origin } = body.log;
    const first = body.log.keys[0] ?? '';
    expect(answer(log({ keys: [first, vkey(origin, 0x06, 'pq log')] }))).toBe('ok');
    expect(answer(log({ keys: [vkey(origin, 0x06, 'pq log')] }))).toBe('bad-schema /log/keys');
    const three = [first, vkey(origin, 0x06, 'a'), vkey(origin, 0x06, 'b')];
    expect(answer(log({ keys: three }))).toBe('bad-schema /log/keys');
    expect(answer(log({ keys: [vkey('other.example', 0x01, 'x')] }))).toBe('bad-schema /log/keys');
    expect(answer(log({ keys: [vkey(origin, 0x04, 'x')] }))).toBe('bad-schema /log');
    expect(answer(log({ keys: [] }))).toBe('bad-schema /log/keys');
    expect(answer(log({ origin: 'two words' }))).toBe('bad-schema /log');
  });

  it('keys of other types than cosignature are no witness keys', () => {
    expect(answer({ witnessKey: vkey('w.example', 0x01, 'w') })).toBe('bad-schema /witnessKey');
    expect(answer({ ownAccountKey: vkey('w.example', 0x06, 'w') })).toBe(
      'bad-schema /ownAccountKey',
    );
  });

  it('origins of exercise parties, and of no others, begin with exercise.', () => {
    expect(answer({ exercise: true })).toBe('bad-schema /log/origin');
    const origin = 'exercise.north.example/log';
    const rehearsal = { origin, keys: [vkey(origin, 0x01, 'x')] };
    expect(answer({ exercise: true, ...log(rehearsal) })).toBe('ok');
    expect(answer(log(rehearsal))).toBe('bad-schema /log/origin');
  });

  it('version 1 has no earlier log', () => {
    expect(answer(log({ previous: { origin: 'old.example/log', size: 9 } }))).toBe(
      'bad-schema /log/previous',
    );
    const second = { version: 2, previous: 'ab'.repeat(32) };
    const old = { origin: 'old.example/log', size: 9 };
    expect(answer({ ...second, ...log({ previous: old }) })).toBe('ok');
    expect(answer({ ...second, ...log({ previous: { ...old, origin: body.log.origin } }) })).toBe(
      'bad-schema /log/previous',
    );
    expect(answer({ ...second, ...log({ previous: { ...old, size: -1 } }) })).toBe(
      'bad-schema /log',
    );
  });

  it('any JSON anywhere: never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(body)),
        fc.jsonValue({ maxDepth: 4 }),
        (name, value) => {
          answer({ [name]: value });
          answer(officers({ x: value as object }));
          answer(authority({ [name]: value, solemn: value as object }));
          parseCredentialsBody(value as JsonValue);
          parseDelegationBody(value as JsonValue);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('delegation body', () => {
  const grant = {
    office: 'Roster 7',
    key: edKey('roster 7'),
    kinds: ['incident.acknowledge'],
    until: '2027-01-01T00:00:00Z',
  };
  const read = (value: object): string => {
    const result = parseDelegationBody(value as JsonValue);
    return result.ok ? 'ok' : `${result.code} ${result.path}`;
  };

  it('grants a key, or ends a delegation', () => {
    expect(read(grant)).toBe('ok');
    expect(read({ ...grant, actingFor: 'Duty officer 1' })).toBe('ok');
    expect(read({ ends: 'ab'.repeat(32) })).toBe('ok');
  });

  it.each([
    [{ ...grant, kinds: [] }, '/kinds'],
    [{ ...grant, kinds: ['x'] }, '/kinds'],
    [{ ...grant, kinds: ['a.b', 'a.b'] }, '/kinds'],
    [{ ...grant, office: 'automatic' }, '/office'],
    [{ ...grant, actingFor: '' }, '/actingFor'],
    [{ ...grant, key: pqKey('x') }, '/key'],
    [{ ...grant, until: 'tomorrow' }, '/until'],
    [{ ...grant, extra: 1 }, ''],
    [{ ends: 'x' }, '/ends'],
    [{ ends: 'ab'.repeat(32), ...grant }, ''],
    [{}, ''],
  ])('refuses %j', (value, path) => {
    expect(read(value)).toBe(`bad-schema ${path}`);
  });
});
