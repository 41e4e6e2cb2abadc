/** What is shown, compared and asked from outside: view, previews, heartbeats, meaning, the index. */
import { describe, expect, it } from 'vitest';
import { encodeHex, leafHash, nodeHash, sha256, type JsonValue } from '@comity/record';
import * as accord from '../src/index.ts';
import {
  builtInTerms,
  effectOf,
  fold,
  heartbeatLeaf,
  heartbeatRoot,
  meaning,
  stateDigest,
  termsDigest,
  view,
} from '../src/index.ts';
import { agreedTermsCitations, bodies, History, idOf, makeParty, second } from './history.ts';

const [a, b] = [makeParty('a'), makeParty('b')];
const ict = builtInTerms['incidents-ict'];

function incident(): History {
  const h = new History([a, b]);
  h.citations = agreedTermsCitations(a, b, ict);
  const cites = h.citations.map(({ id }) => id).sort();
  h.say({ from: a, kind: 'incident.notify', body: bodies.notify, terms: termsDigest(ict), cites });
  return h;
}

describe('view', () => {
  it('now decides between running and overdue and changes nothing else; due is inclusive', () => {
    const state = fold(incident().input());
    const before = stateDigest(state);
    const due = second + 10 + 7200;
    expect(view(state, due).obligations[0]).toMatchObject({ overdue: false, secondsLeft: 0 });
    expect(view(state, due + 1).obligations[0]).toMatchObject({ overdue: true, secondsLeft: -1 });
    expect(view(state, due + 1).sentence).toContain('(overdue)');
    expect(stateDigest(state)).toBe(before);
  });

  it('an offer that nobody answered reads lapsed, without another state', () => {
    const h = new History([a, b]);
    h.say({ from: a, kind: 'assurance.offer', body: bodies.offer });
    const state = fold(h.input());
    const until = Date.parse(bodies.offer.openUntil) / 1000;
    expect(view(state, until).sentence).toBe('Offered.');
    expect(view(state, until + 1).sentence).toBe('Lapsed, not answered.');
  });

  it('a proposed closure that nobody disputes reads closed, not answered, after 30 days', () => {
    const h = incident();
    h.say({ from: b, kind: 'incident.resolve', body: bodies.resolve });
    const state = fold(h.input());
    expect(view(state, second + 40 * 86_400).sentence).toContain('Closed, not answered.');
    expect(view(state, second + 20 * 86_400).sentence).toContain('Closure proposed.');
  });

  it('orders by the smallest id whose parents are all taken', () => {
    const h = incident();
    const left = h.say({
      from: b,
      kind: 'incident.assist',
      body: { text: 'x' },
      after: [h.docket],
    });
    const right = h.say({
      from: a,
      kind: 'incident.assist',
      body: { text: 'x' },
      after: [h.docket],
    });
    const last = h.say({ from: a, kind: 'incident.assist', body: { text: 'x' } });
    expect(view(fold(h.input()), 0).order).toEqual([h.docket, ...[left, right].sort(), last]);
  });

  it('silence is not admission: beside every empty slot', () => {
    const h = new History([a, b]);
    h.say({ from: a, kind: 'allegation.raise', body: bodies.raise(b.party) });
    expect(view(fold(h.input()), 0).sentence).toContain('Silence is not admission.');
  });
});

describe('effectOf', () => {
  const draft = (h: History, id: string) => {
    const { statement } = h.statement(id);
    h.statements.splice(
      h.statements.findIndex((one) => one.id === id),
      1,
    );
    return { id, statement, at: second + 600 };
  };

  it('says what a draft would create and meet, without changing the docket', () => {
    const h = incident();
    const id = h.say({ from: b, kind: 'incident.acknowledge', body: bodies.acknowledge });
    const one = draft(h, id);
    const before = stateDigest(fold(h.input()));
    const effect = effectOf(h.input(), one);
    expect(effect).toMatchObject({
      effect: 'effective',
      before: 'notified',
      after: 'acknowledged',
    });
    expect(effect.creates.map(({ rule }) => rule).sort()).toEqual([
      'enquiry',
      'findings',
      'first-information',
    ]);
    expect(effect.changes).toMatchObject([{ rule: 'acknowledge-notification', state: 'met' }]);
    expect(effect.words).toContain('acknowledges');
    expect(stateDigest(fold(h.input()))).toBe(before);
  });

  it('says that a draft would be void, and why', () => {
    const h = incident();
    const id = h.say({ from: b, kind: 'incident.retract', body: { reason: 'mistaken' } });
    expect(effectOf(h.input(), draft(h, id))).toMatchObject({
      effect: 'void',
      reason: 'not-yours',
    });
  });

  it('previews an opening', () => {
    const h = incident();
    const one = draft(h, h.docket);
    const effect = effectOf({ ...h.input(), statements: [] }, one);
    expect(effect).toMatchObject({ effect: 'effective', before: null, after: 'notified' });
    expect(effect.creates).toHaveLength(1);
  });
});

describe('heartbeat (ruling 26)', () => {
  const salt = new Uint8Array(16).fill(5);
  const leaf = (name: string) => ({
    docket: idOf(name),
    heads: [idOf(`${name} 2`), idOf(`${name} 1`)],
    inputDigest: idOf(`${name} in`),
    stateDigest: idOf(`${name} state`),
  });

  it('a leaf is SHA-256(salt ‖ RFC 8785 of the four values), heads sorted', () => {
    const one = leaf('one');
    const text = JSON.stringify([
      one.docket,
      [...one.heads].sort(),
      one.inputDigest,
      one.stateDigest,
    ]);
    const bytes = new Uint8Array([...salt, ...new TextEncoder().encode(text)]);
    expect(encodeHex(heartbeatLeaf(salt, one))).toBe(encodeHex(sha256(bytes)));
  });

  it('the root is RFC 6962 over the leaves sorted by docket', () => {
    const leaves = ['one', 'two', 'three'].map(leaf);
    const [x, y, z] = leaves
      .sort((p, q) => (p.docket < q.docket ? -1 : 1))
      .map((one) => leafHash(heartbeatLeaf(salt, one)));
    if (x === undefined || y === undefined || z === undefined) throw new Error('three leaves');
    expect(heartbeatRoot(salt, leaves.toReversed())).toEqual(nodeHash(nodeHash(x, y), z));
    expect(heartbeatRoot(salt, leaves.slice(0, 1))).toEqual(x);
    expect(encodeHex(heartbeatRoot(salt, []))).toBe(encodeHex(sha256(new Uint8Array(0))));
  });
});

describe('meaning', () => {
  it('an allegation without an answer, or with a holding one, is unanswered', () => {
    const h = new History([a, b]);
    h.say({ from: a, kind: 'allegation.raise', body: bodies.raise(b.party) });
    const answer = (body: { [member: string]: JsonValue }) =>
      h.say({ from: b, kind: 'allegation.answer', body });
    expect(meaning.unanswered(h.statements)).toEqual([b.party]);
    answer({ answer: 'holding', until: '2027-02-01T00:00:00Z' });
    expect(meaning.unanswered(h.statements)).toEqual([b.party]);
    answer({ answer: 'declines' });
    expect(meaning.unanswered(h.statements)).toEqual([]);
  });

  it('knows what opens, what level a kind needs, and what is refused', () => {
    expect(meaning.opens('incident.notify')).toBe(true);
    expect(meaning.opens('incident.update')).toBe(false);
    expect(meaning.opens('made.up')).toBe(false);
    expect(meaning.levelOf('allegation.raise', bodies.raise(b.party))).toBe('solemn');
    const h = incident();
    h.say({ from: b, kind: 'channel.refuse', body: { refused: idOf('x'), code: 'too-large' } });
    h.say({ from: b, kind: 'channel.refuse', body: { refused: idOf('y'), code: 'unreadable' } });
    expect(meaning.refused(h.statements)).toEqual([idOf('x')]);
  });
});

it('the index names what it exports', () => {
  expect(Object.keys(accord).sort()).toMatchInlineSnapshot(`
    [
      "assuranceDigest",
      "builtInTerms",
      "chainOf",
      "dueAt",
      "effectOf",
      "exerciseTerms",
      "fold",
      "headsOf",
      "heartbeatLeaf",
      "heartbeatRoot",
      "inputDigest",
      "isActKind",
      "kinds",
      "levelOf",
      "meaning",
      "misnamedParty",
      "nominalSeconds",
      "obligationId",
      "obligationRules",
      "parseBody",
      "parseTerms",
      "refusalCodes",
      "stateDigest",
      "termsDigest",
      "termsSchema",
      "view",
      "voidReasons",
      "voidWords",
      "waitingIn",
    ]
  `);
});
