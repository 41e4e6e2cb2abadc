import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  channelDocket,
  decodeText,
  encodeText,
  exercisePayloadType,
  formatStatement,
  formatTime,
  parseStatement,
  parseTime,
  partyOf,
  pouchPayloadType,
  statementPayloadType,
} from '../src/index.ts';
import type { JsonValue, Statement } from '../src/index.ts';
import { afterMax, anchorsMax, citesMax, payloadBytesMax, recipientsMax } from '../src/limits.ts';

const id = (n: number): string => n.toString(16).padStart(64, '0');
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => id(i + 100));
const anchor = {
  origin: 'south.example/log',
  size: 3,
  root: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  cosignatures: id(9),
};

const statement: Statement = {
  comity: 1,
  kind: 'incident.update',
  from: id(1),
  to: [id(2), id(3)],
  docket: id(4),
  after: [id(5)],
  prior: id(6),
  anchor: [anchor],
  terms: null,
  cites: [id(7)],
  made: '2026-11-24T03:00:00Z',
  credentials: id(8),
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
  body: { text: 'what happened' },
};
const opening: Statement = { ...statement, docket: null, after: [], prior: null, terms: id(9) };

const answer = (value: unknown, type = statementPayloadType): string => {
  const result = parseStatement(encodeText(canonicalJson(value as JsonValue)), type);
  return result.ok ? 'ok' : `${result.code} ${result.path}`;
};
const changed = (change: object, base = statement): string => answer({ ...base, ...change });
const textAnswer = (text: string): string => {
  const result = parseStatement(encodeText(text), statementPayloadType);
  return result.ok ? 'ok' : result.code;
};

describe('statement', () => {
  it('is read as it was written', () => {
    const parsed = parseStatement(formatStatement(statement), statementPayloadType);
    expect(parsed).toMatchObject({ ok: true, value: { statement, exercise: false } });
    expect(answer(opening)).toBe('ok');
  });

  it('puts the sets in their order when it is written', () => {
    const mixed = { ...statement, to: statement.to.toReversed() };
    expect(formatStatement(mixed)).toEqual(formatStatement(statement));
  });

  it('of an exercise has another payload type, and so another name', () => {
    const payload = formatStatement(statement);
    const real = parseStatement(payload, statementPayloadType);
    const exercise = parseStatement(payload, exercisePayloadType);
    if (!real.ok || !exercise.ok) throw new Error();
    expect(exercise.value.exercise).toBe(true);
    expect(exercise.value.id).not.toBe(real.value.id);
    expect(answer(statement, pouchPayloadType)).toBe('bad-schema ');
  });

  it('has every member and no other', () => {
    for (const name of Object.keys(statement)) {
      const { [name as keyof Statement]: _gone, ...rest } = statement;
      expect(answer(rest)).toBe('bad-schema ');
    }
    expect(changed({ extra: 1 })).toBe('bad-schema ');
    expect(answer([])).toBe('bad-schema ');
    expect(answer(null)).toBe('bad-schema ');
  });

  it.each([
    ['comity', 2],
    ['comity', '1'],
    ['kind', 'Incident.update'],
    ['kind', 'incident'],
    ['kind', 'incident.'],
    ['kind', '.update'],
    ['kind', 'incident..update'],
    ['kind', `a.${'b'.repeat(63)}`],
    ['from', 'AB'.repeat(32)],
    ['from', id(1).slice(1)],
    ['to', id(2)],
    ['docket', 1],
    ['prior', ''],
    ['terms', true],
    ['made', '2026-11-24T03:00:00.000Z'],
    ['made', '2026-11-24T03:00:00+00:00'],
    ['made', '2026-02-29T03:00:00Z'],
    ['made', 1_790_000_000],
    ['credentials', 'x'],
    ['nonce', 'AAAAAAAAAAAAAAAAAAAAAB'],
    ['nonce', 'AAAAAAAAAAAAAAAAAAAAAA=='],
    ['nonce', ''],
    ['body', []],
    ['body', null],
    ['body', 'text'],
    ['cites', [id(7), id(7)]],
    ['anchor', {}],
  ])('refuses %s = %j', (name, value) => {
    expect(changed({ [name]: value })).toBe(`bad-schema /${name}`);
  });

  it('to is sorted, unique and without from', () => {
    expect(changed({ to: [id(3), id(2)] })).toBe('bad-schema /to');
    expect(changed({ to: [id(2), id(2)] })).toBe('bad-schema /to');
    expect(changed({ to: [id(1), id(2)] })).toBe('bad-schema /to');
  });

  it('after is sorted, unique and at most 64', () => {
    expect(changed({ after: [id(6), id(5)] })).toBe('bad-schema /after');
    expect(changed({ after: [id(5), id(5)] })).toBe('bad-schema /after');
    expect(changed({ after: ids(afterMax) })).toBe('ok');
    expect(changed({ after: ids(afterMax + 1) })).toBe('bad-schema /after');
  });

  it('the other lists have their limits', () => {
    expect(changed({ cites: ids(citesMax) })).toBe('ok');
    expect(changed({ cites: ids(citesMax + 1) })).toBe('bad-schema /cites');
    expect(changed({ to: ids(recipientsMax) })).toBe('ok');
    expect(changed({ to: ids(recipientsMax + 1) })).toBe('bad-schema /to');
    const anchors = (count: number) =>
      ids(count).map((name) => ({ ...anchor, origin: `log.example/${name}` }));
    expect(changed({ anchor: anchors(anchorsMax) })).toBe('ok');
    expect(changed({ anchor: anchors(anchorsMax + 1) })).toBe('bad-schema /anchor');
  });

  it('an opening has no parents, and it alone may pin terms', () => {
    expect(changed({ after: [id(5)] }, opening)).toBe('bad-schema /after');
    expect(changed({ prior: id(6) }, opening)).toBe('bad-schema /prior');
    expect(changed({ terms: null }, opening)).toBe('ok');
    expect(changed({ terms: id(9) })).toBe('bad-schema /terms');
  });

  it('only version 1 of credentials comes from nobody', () => {
    const first = { ...opening, kind: 'party.credentials', from: null, to: [], credentials: null };
    expect(answer(first)).toBe('ok');
    expect(answer({ ...first, kind: 'party.delegate' })).toBe('bad-schema /from');
    expect(answer({ ...first, credentials: id(8) })).toBe('bad-schema /credentials');
    expect(answer({ ...first, from: id(1) })).toBe('bad-schema /credentials');
    expect(answer({ ...first, docket: id(4), terms: null })).toBe('bad-schema /docket');
  });

  it('an anchor names one checkpoint of each log, in order', () => {
    const second = { ...anchor, origin: 'a.example/log' };
    expect(changed({ anchor: [second, anchor] })).toBe('ok');
    expect(changed({ anchor: [anchor, second] })).toBe('bad-schema /anchor');
    expect(changed({ anchor: [anchor, anchor] })).toBe('bad-schema /anchor');
    for (const wrong of [
      { size: -1 },
      { size: '3' },
      { root: 'AAAA' },
      { cosignatures: 'x' },
      { origin: '' },
      { origin: 'two words' },
      { origin: 'a+b' },
      { origin: 'é' },
      { extra: 1 },
    ]) {
      expect(changed({ anchor: [{ ...anchor, ...wrong }] })).toBe('bad-schema /anchor');
    }
  });

  it('is canonical JSON: other forms of it are bad-text', () => {
    const text = decodeText(formatStatement(statement)) ?? '';
    expect(textAnswer(text)).toBe('ok');
    expect(textAnswer(`${text} `)).toBe('bad-text');
    expect(textAnswer(text.replace('"comity":1', '"comity":1.0'))).toBe('bad-text');
    expect(textAnswer(text.replace('"comity":1', '"comity":1e0'))).toBe('bad-text');
    expect(textAnswer(text.replace('"comity":1', '"comity":1,"comity":1'))).toBe('bad-text');
    expect(textAnswer('{')).toBe('bad-text');
  });

  it('text is of assigned characters in NFC, without controls and overrides', () => {
    const body = (text: string): string =>
      textAnswer(decodeText(formatStatement({ ...statement, body: { text } })) ?? '');
    expect(body('line\nline')).toBe('ok');
    expect(body('cafe\u0301')).toBe('bad-text');
    expect(body('tab\t')).toBe('bad-text');
    expect(body('\u202Ereversed')).toBe('bad-text');
    expect(body('\u2066isolated')).toBe('bad-text');
    expect(body('\u0378')).toBe('bad-text');
    const members = decodeText(formatStatement({ ...statement, body: { 'e\u0301': 1 } })) ?? '';
    expect(textAnswer(members)).toBe('bad-text');
  });

  it('takes 256 KiB and not one byte more', () => {
    const rest = formatStatement({ ...statement, body: { text: '' } }).length;
    const of = (bytes: number): string => {
      const text = 'x'.repeat(bytes - rest);
      const payload = formatStatement({ ...statement, body: { text } });
      const result = parseStatement(payload, statementPayloadType);
      return result.ok ? 'ok' : result.code;
    };
    expect(of(payloadBytesMax)).toBe('ok');
    expect(of(payloadBytesMax + 1)).toBe('too-large');
  });

  it('any JSON in any member: never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(statement)),
        fc.jsonValue({ maxDepth: 3 }),
        (name, value) => {
          const payload = encodeText(JSON.stringify({ ...statement, [name]: value }));
          parseStatement(payload, statementPayloadType);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is by its author; version 1 of credentials by itself', () => {
    expect(partyOf(id(50), statement)).toBe(id(1));
    expect(partyOf(id(50), { ...statement, from: null })).toBe(id(50));
  });
});

describe('channel docket', () => {
  it('is one for two parties, from both sides', () => {
    expect(channelDocket(id(1), id(2))).toBe(channelDocket(id(2), id(1)));
    expect(channelDocket(id(1), id(2))).not.toBe(channelDocket(id(1), id(3)));
  });
});

describe('time', () => {
  it('has one form', () => {
    for (const text of [
      '2026-11-24T03:00:00Z',
      '1970-01-01T00:00:00Z',
      '2024-02-29T23:59:59Z',
      '2000-02-29T00:00:00Z',
      '9999-12-31T23:59:59Z',
    ]) {
      const seconds = parseTime(text);
      expect(seconds).toBe(Date.parse(text) / 1000);
      expect(formatTime(seconds ?? 0)).toBe(text);
    }
    for (const text of [
      '2026-11-24t03:00:00Z',
      '2026-11-24T03:00:00z',
      '2026-11-24 03:00:00Z',
      '2026-11-24T24:00:00Z',
      '2026-11-24T03:60:00Z',
      '2026-12-31T23:59:60Z',
      '2026-13-01T00:00:00Z',
      '2026-00-01T00:00:00Z',
      '2026-04-31T00:00:00Z',
      '2100-02-29T00:00:00Z',
      '1969-12-31T23:59:59Z',
      '+2026-1-24T03:00:00Z',
      '2026-11-24T03:00:00',
    ]) {
      expect(parseTime(text)).toBe(null);
    }
  });

  it('any second of four centuries is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseTime(formatTime(seconds))).toBe(seconds);
      }),
      { numRuns: 300 },
    );
  });
});
