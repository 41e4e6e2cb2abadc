import { describe, expect, it } from 'vitest';
import type { JsonValue } from '@comity/record';
import { chainOf, isActKind, kinds, levelOf, parseBody, type ActKind } from '../src/index.ts';
import { bodies, contactPoints, idOf } from './history.ts';

const text = { en: 'x' };
const samples: { [K in ActKind]?: { [member: string]: JsonValue } } = {
  'channel.pair': { own: idOf('a'), theirs: idOf('b') },
  'channel.terms': { terms: contactPoints as unknown as JsonValue, replaces: null },
  'channel.test': { salt: '00'.repeat(16), count: 1, root: idOf('root') },
  'channel.refuse': { refused: idOf('a'), code: 'bad-schema' },
  'channel.message': {
    marker: 'question',
    priority: 'flash',
    standing: 'working',
    text: 'x',
    language: 'en',
  },
  'obligation.extend': { obligation: idOf('o'), due: '2027-02-15T08:00:00Z' },
  'obligation.waive': { obligation: idOf('o') },
  'assurance.offer': bodies.offer,
  'assurance.reciprocate': { text: idOf('text'), understanding: text },
  'assurance.decline': { answer: 'will-revert' },
  'assurance.affirm': {},
  'assurance.suspend': { reasons: text },
  'assurance.resume': {},
  'assurance.withdraw': {},
  'incident.notify': bodies.notify,
  'incident.acknowledge': bodies.acknowledge,
  'incident.request': bodies.request,
  'incident.inform': { request: null, result: 'provided', text: 'x' },
  'incident.update': { stage: 'progress', text: 'x' },
  'incident.assist': { text: 'x' },
  'incident.retract': { reason: 'mistaken' },
  'incident.resolve': bodies.resolve,
  'incident.close': { resolution: idOf('r') },
  'incident.dispute': { resolution: idOf('r'), reasons: 'x' },
  'allegation.raise': bodies.raise(idOf('b')),
  'allegation.quote': {
    title: 'x',
    text: null,
    allegations: [
      {
        by: 'A newspaper',
        byKind: null,
        byAffiliation: null,
        byNation: null,
        on: { original: '6/15/2020', date: '2020-06-15' },
        manner: null,
        basis: null,
        where: [],
        respondents: [{ name: 'Somebody', nation: null, category: null }],
      },
    ],
    contradictions: [],
    period: { from: null, until: null },
    methods: [],
    evidence: [{ role: 'archive', link: 'https://example.org/' }],
    answers: [{ question: 'x', met: null }],
    details: [{ name: 'x', value: { encoding: 'utf-8', base64: 'AA==', readable: 'x' } }],
    source: {
      key: idOf('k'),
      dataset: 'x',
      record: '1',
      coder: 'x',
      coded: null,
      rows: [{ table: 'x', sha256: idOf('row'), base64: 'AAAA' }],
    },
  },
  'allegation.answer': { answer: 'deny' },
  'allegation.evidence': {
    items: [{ digest: idOf('e'), bytes: 1, mediaType: 'text/plain', name: 'x', custody: [] }],
  },
  'allegation.withdraw': { reason: 'settled' },
  'allegation.conclude': { text },
};

describe.each(Object.entries(samples))('%s', (kind, body) => {
  it('takes a whole body and says it in one sentence', () => {
    expect(parseBody(kind, body)).toMatchObject({ ok: true });
    if (!isActKind(kind)) throw new Error(kind);
    const words = kinds[kind].words(body);
    expect(words).not.toMatch(/undefined|\[object|\n/);
    expect(words.length).toBeGreaterThan(8);
  });

  it('refuses an unknown member', () => {
    expect(parseBody(kind, { ...body, surprise: 1 })).toMatchObject({ code: 'bad-schema' });
  });

  it('refuses a body without any one of its required members', () => {
    for (const member of Object.keys(body)) {
      const { [member]: _gone, ...rest } = body;
      const parsed = parseBody(kind, rest);
      const optional =
        ['understanding', 'reasons'].includes(member) && kind.startsWith('assurance');
      expect(parsed.ok).toBe(optional);
    }
  });

  it('refuses texts past every bound', () => {
    const long = JSON.parse(
      JSON.stringify(body, (_key, value: unknown) =>
        typeof value === 'string' ? 'a'.repeat(300_000) : value,
      ),
    ) as JsonValue;
    const hasText = JSON.stringify(body) !== JSON.stringify(long);
    expect(parseBody(kind, long).ok).toBe(!hasText);
  });
});

it('every kind but party.* has a sample', () => {
  const named = Object.keys(kinds).filter((kind) => !kind.startsWith('party.'));
  expect(Object.keys(samples).sort()).toEqual(named.sort());
});

it('levels follow accord.md: what speaks of responsibility is solemn', () => {
  const levels = Object.fromEntries(
    Object.entries(samples).map(([kind, body]) => [kind, levelOf(kind, body)]),
  );
  expect(levels).toEqual({
    'channel.pair': 'duty',
    'channel.terms': 'solemn',
    'channel.test': 'automatic',
    'channel.refuse': 'automatic',
    'channel.message': 'duty',
    'obligation.extend': 'duty',
    'obligation.waive': 'duty',
    'assurance.offer': 'solemn',
    'assurance.reciprocate': 'solemn',
    'assurance.decline': 'solemn',
    'assurance.affirm': 'duty',
    'assurance.suspend': 'solemn',
    'assurance.resume': 'solemn',
    'assurance.withdraw': 'solemn',
    'incident.notify': 'duty',
    'incident.acknowledge': 'duty',
    'incident.request': 'duty',
    'incident.inform': 'duty',
    'incident.update': 'duty',
    'incident.assist': 'duty',
    'incident.retract': 'duty',
    'incident.resolve': 'duty',
    'incident.close': 'duty',
    'incident.dispute': 'duty',
    'allegation.raise': 'solemn',
    'allegation.quote': 'duty',
    'allegation.answer': 'solemn',
    'allegation.evidence': 'duty',
    'allegation.withdraw': 'solemn',
    'allegation.conclude': 'solemn',
  });
  expect(kinds['party.credentials'].level({})).toBe('root');
  expect(kinds['party.delegate'].level({})).toBe('solemn');
});

it('an unknown kind passes unchanged, has no level and chains with duty', () => {
  expect(parseBody('made.up', { x: 1 })).toMatchObject({ ok: true });
  expect(levelOf('made.up', {})).toBeNull();
  expect(levelOf('toString', {})).toBeNull();
  expect(chainOf('made.up', {})).toBe('duty');
  expect(chainOf('assurance.affirm', { bad: 1 })).toBe('duty');
  expect(chainOf('assurance.withdraw', {})).toBe('solemn');
  expect(chainOf('channel.refuse', { refused: idOf('a'), code: 'too-large' })).toBe('automatic');
});

it('holding answers say until when, and no others do', () => {
  const until = '2027-02-15T08:00:00Z';
  expect(parseBody('allegation.answer', { answer: 'holding' }).ok).toBe(false);
  expect(parseBody('allegation.answer', { answer: 'holding', until }).ok).toBe(true);
  expect(parseBody('allegation.answer', { answer: 'deny', until }).ok).toBe(false);
  const inform = { request: null, text: 'x', result: 'holding' };
  expect(parseBody('incident.inform', inform).ok).toBe(false);
  expect(parseBody('incident.inform', { ...inform, until }).ok).toBe(true);
});

it('times are real dates in one form', () => {
  const due = (text: string) =>
    parseBody('obligation.extend', { obligation: idOf('o'), due: text }).ok;
  expect(due('2027-02-28T08:00:00Z')).toBe(true);
  expect(due('2027-02-29T08:00:00Z')).toBe(false);
  expect(due('2027-02-28T24:00:00Z')).toBe(false);
  expect(due('2027-02-28T08:00:00+00:00')).toBe(false);
});

it('messages say their marker with the article it takes', () => {
  const words = (marker: string, priority: string) =>
    kinds['channel.message'].words({
      ...(samples['channel.message'] ?? {}),
      marker,
      priority,
      text: 'x',
    });
  expect(words('answer', 'ordinary')).toBe('sends an answer: x');
  expect(words('warning', 'ordinary')).toBe('sends a warning: x');
  expect(words('warning', 'urgent')).toBe('sends an urgent warning: x');
  expect(words('answer', 'flash')).toBe('sends a flash answer: x');
  expect(words('information', 'ordinary')).toBe('sends information: x');
  expect(words('advice', 'urgent')).toBe('sends urgent advice: x');
});
