/** Channel and assurance dockets and their concurrent acts. */
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '@comity/record';
import {
  assuranceDigest,
  fold,
  termsDigest,
  type DocketState,
  type FoldParty,
  type OfferBody,
} from '../src/index.ts';
import { bodies, contactPoints, History, idOf, makeParty, second } from './history.ts';

const [a, b, c] = [makeParty('a'), makeParty('b'), makeParty('c')];
const stateOf = (h: History): DocketState => fold(h.input({ statements: [...h.statements] }));
const promise = assuranceDigest(bodies.offer as unknown as OfferBody);

describe('channel', () => {
  const open = () => new History([a, b], true);
  const pair = (own: FoldParty, other: FoldParty) => ({
    kind: 'channel.pair',
    body: { own: own.versions[0]?.id ?? '', theirs: other.versions[0]?.id ?? '' },
  });

  it('is paired when the newest pairing of each names the same two credentials', () => {
    const h = open();
    expect(stateOf(h).state).toBe('unpaired');
    h.say({ from: a, ...pair(a, b) });
    expect(stateOf(h).state).toBe('pairing');
    h.say({ from: b, ...pair(b, a), after: [] });
    expect(stateOf(h)).toMatchObject({ state: 'paired', type: 'channel', docket: h.docket });
  });

  it('numbers-differ until both compare again', () => {
    const h = open();
    h.say({ from: a, ...pair(a, b) });
    h.say({
      from: b,
      kind: 'channel.pair',
      body: { own: b.versions[0]?.id ?? '', theirs: idOf('old') },
    });
    expect(stateOf(h).state).toBe('numbers-differ');
    h.say({ from: b, ...pair(b, a) });
    expect(stateOf(h).state).toBe('paired');
  });

  it('other-credentials: a pairing by credentials that are not the author’s', () => {
    const h = open();
    const id = h.say({
      from: a,
      kind: 'channel.pair',
      body: { own: idOf('x'), theirs: idOf('y') },
    });
    expect(stateOf(h).acts[id]?.reason).toBe('other-credentials');
  });

  const named = (name: string) => ({ ...contactPoints, name });
  const terms = (name: string, replaces: string | null, settles?: string[]) => ({
    kind: 'channel.terms',
    body: {
      terms: named(name) as unknown as JsonValue,
      replaces,
      ...(settles === undefined ? {} : { settles: settles.sort() }),
    },
  });
  const digest = (name: string) => termsDigest(named(name));
  const inForce = (h: History) => {
    const { detail } = stateOf(h);
    return detail.type === 'channel' ? detail : null;
  };

  it('terms are in force from the later service when both signed one digest', () => {
    const h = open();
    expect(inForce(h)?.terms).toMatchObject({ digest: termsDigest(contactPoints), agreed: false });
    h.say({ from: a, ...terms('one', null) });
    expect(inForce(h)).toMatchObject({
      terms: { agreed: false },
      proposed: { [digest('one')]: [a.party] },
    });
    h.say({ from: b, ...terms('one', null), at: second + 500 });
    expect(inForce(h)?.terms).toEqual({
      digest: digest('one'),
      since: [second + 510, second + 510],
      provisional: false,
      agreed: true,
    });
  });

  it('successors replace what is in force; another base does not', () => {
    const h = open();
    for (const from of [a, b]) h.say({ from, ...terms('one', null) });
    for (const from of [a, b]) h.say({ from, ...terms('three', digest('two')) });
    expect(inForce(h)?.terms.digest).toBe(digest('one'));
    for (const from of [a, b]) h.say({ from, ...terms('two', digest('one')) });
    expect(inForce(h)?.terms.digest).toBe(digest('three'));
  });

  it('of rival successors neither is in force until a third settles', () => {
    const h = open();
    for (const from of [a, b]) h.say({ from, ...terms('one', null) });
    for (const from of [a, b]) h.say({ from, ...terms('two', digest('one')) });
    for (const from of [a, b]) h.say({ from, ...terms('three', digest('one')) });
    expect(inForce(h)).toMatchObject({
      terms: { digest: digest('one') },
      rivals: [digest('two'), digest('three')].sort(),
    });
    const both = [digest('two'), digest('three')];
    for (const from of [a, b]) h.say({ from, ...terms('four', digest('one'), both) });
    expect(inForce(h)).toMatchObject({ terms: { digest: digest('four') }, rivals: [] });
  });

  it('terms that replace each other in a circle do not hang', () => {
    const h = open();
    for (const from of [a, b]) h.say({ from, ...terms('one', null) });
    for (const from of [a, b]) h.say({ from, ...terms('two', digest('one')) });
    for (const from of [a, b]) h.say({ from, ...terms('one', digest('two')) });
    expect(inForce(h)?.terms.digest).toBe(digest('one'));
  });

  it('bad-terms: exercise terms between real parties', () => {
    const h = open();
    const body = {
      terms: { ...contactPoints, exercise: true } as unknown as JsonValue,
      replaces: null,
    };
    const id = h.say({ from: a, kind: 'channel.terms', body });
    h.say({ from: b, kind: 'channel.terms', body });
    expect(stateOf(h).acts[id]?.reason).toBe('bad-terms');
    expect(inForce(h)?.terms.agreed).toBe(false);
  });

  it('no state refuses a message, a test or a pairing', () => {
    const h = open();
    h.say({
      from: a,
      kind: 'channel.test',
      body: { salt: '00'.repeat(16), count: 2, root: idOf('r') },
    });
    const body = {
      marker: 'question',
      priority: 'ordinary',
      standing: 'working',
      text: 'x',
      language: 'en',
    };
    h.say({ from: a, kind: 'channel.message', body });
    expect(inForce(h)).toMatchObject({ messages: 1, tests: { [a.party]: { count: 2 } } });
    expect(Object.values(stateOf(h).acts).every(({ effect }) => effect === 'effective')).toBe(true);
  });
});

describe('assurance', () => {
  const offered = () => {
    const h = new History([a, b]);
    h.say({ from: a, kind: 'assurance.offer', body: bodies.offer });
    return h;
  };
  const reciprocate = { kind: 'assurance.reciprocate', body: { text: promise } };
  const detail = (h: History) => {
    const state = stateOf(h);
    if (state.detail.type !== 'assurance') throw new Error(state.detail.type);
    return state.detail;
  };

  it('takes effect when the addressee gives the same text, at the later service', () => {
    const h = offered();
    expect(stateOf(h).state).toBe('offered');
    h.say({ from: b, ...reciprocate, at: second + 100 });
    expect(stateOf(h).state).toBe('in-force');
    expect(detail(h)).toMatchObject({
      givers: [a.party, b.party].sort(),
      since: [second + 110, second + 110],
    });
  });

  it('other-text, not-yours, too-late', () => {
    const h = offered();
    const other = h.say({ from: b, kind: 'assurance.reciprocate', body: { text: idOf('other') } });
    const own = h.say({ from: a, ...reciprocate });
    const late = h.say({
      from: b,
      ...reciprocate,
      at: Date.parse(bodies.offer.openUntil) / 1000 + 1,
    });
    const { acts, state } = stateOf(h);
    expect([other, own, late].map((id) => acts[id]?.reason)).toEqual([
      'other-text',
      'not-yours',
      'too-late',
    ]);
    expect(state).toBe('offered');
  });

  it('in-force-disputed: in time by one reckoning of the service only', () => {
    const h = offered();
    const until = Date.parse(bodies.offer.openUntil) / 1000;
    h.say({ from: b, ...reciprocate, at: until - 3000, receipt: 4000 });
    expect(stateOf(h).state).toBe('in-force-disputed');
  });

  it('declined can still become reciprocated; a reciprocation beats a concurrent decline', () => {
    const h = offered();
    const no = h.say({ from: b, kind: 'assurance.decline', body: { answer: 'declines' } });
    expect(stateOf(h).state).toBe('declined');
    h.say({ from: b, ...reciprocate, after: [h.docket], prior: no });
    expect(stateOf(h).state).toBe('in-force');
  });

  it('suspension and resumption by each giver; a suspension beats a concurrent affirmation', () => {
    const h = offered();
    const given = h.say({ from: b, ...reciprocate });
    const suspended = h.say({ from: a, kind: 'assurance.suspend', body: {}, after: [given] });
    const affirmed = h.say({ from: a, kind: 'assurance.affirm', body: {}, after: [given] });
    expect(stateOf(h)).toMatchObject({
      state: 'suspended',
      acts: { [affirmed]: { effect: 'effective' } },
    });
    h.say({ from: a, kind: 'assurance.resume', body: {}, after: [suspended] });
    expect(stateOf(h).state).toBe('in-force');
  });

  it('not-in-force: nothing to suspend before; not-yours: who has given nothing', () => {
    const h = offered();
    const id = h.say({ from: a, kind: 'assurance.suspend', body: {} });
    expect(stateOf(h).acts[id]?.reason).toBe('not-in-force');
    const other = h.say({ from: b, kind: 'assurance.affirm', body: {} });
    expect(stateOf(h).acts[other]?.reason).toBe('not-yours');
  });

  it('irrevocable: an offer cannot be withdrawn before its days are over', () => {
    const h = offered();
    const day = 86_400;
    const early = h.say({
      from: a,
      kind: 'assurance.withdraw',
      body: {},
      at: second + 14 * day - 10,
    });
    expect(stateOf(h).acts[early]?.reason).toBe('irrevocable');
    h.say({ from: a, kind: 'assurance.withdraw', body: {}, at: second + 14 * day + 20 });
    expect(stateOf(h).state).toBe('withdrawn');
  });

  it('a withdrawal beats a concurrent affirmation and runs its notice first', () => {
    const h = offered();
    const given = h.say({ from: b, ...reciprocate });
    h.say({ from: a, kind: 'assurance.affirm', body: {}, after: [given] });
    h.say({ from: b, kind: 'assurance.withdraw', body: {}, after: [given], at: second + 1000 });
    expect(stateOf(h).state).toBe('withdrawn');
    const ends = second + 1010 + 30 * 86_400;
    expect(detail(h)).toMatchObject({ ends: [ends, ends], withdrawnBy: [b.party] });
  });

  it('a unilateral assurance stands from service and cannot be reciprocated', () => {
    const h = new History([a, b]);
    h.say({
      from: a,
      kind: 'assurance.offer',
      body: { ...bodies.offer, reciprocity: 'unilateral' },
    });
    expect(stateOf(h).state).toBe('in-force');
    const noted = h.say({ from: b, kind: 'assurance.decline', body: { answer: 'takes-note' } });
    expect(stateOf(h)).toMatchObject({
      state: 'in-force',
      acts: { [noted]: { effect: 'effective' } },
    });
  });

  it('with three participants it needs both addressees', () => {
    const h = new History([a, b, c]);
    h.say({ from: a, kind: 'assurance.offer', body: bodies.offer });
    h.say({ from: b, ...reciprocate });
    expect(stateOf(h).state).toBe('offered');
    h.say({ from: c, ...reciprocate });
    expect(stateOf(h).state).toBe('in-force');
  });

  describe('crossing offers (ruling 20)', () => {
    const crossing = () => {
      const one = offered();
      const two = new History([a, b]);
      two.now = second + 200;
      two.say({ from: b, kind: 'assurance.offer', body: bodies.offer, label: 'theirs' });
      // The docket with the smaller opening id is where they meet.
      const [small, large] = one.docket < two.docket ? [one, two] : [two, one];
      const cite = (h: History) => {
        const { id, statement, offices, said, held } = h.statement(h.docket);
        return { id, statement, offices, said, held };
      };
      small.citations = [cite(large)];
      large.citations = [cite(small)];
      const giver = (h: History) => (h === one ? a : b);
      return { small, large, giver };
    };

    it.each(['its own offer', 'the other’s'])(
      'either giver may say it, citing the later offer: %s',
      (whose) => {
        const { small, large, giver } = crossing();
        const from = whose === 'its own offer' ? giver(large) : giver(small);
        small.say({ from, ...reciprocate, cites: [large.docket], at: second + 5000 });
        expect(stateOf(small).state).toBe('in-force');
        expect(detail(small).since).toEqual([second + 210, second + 210]);
      },
    );

    it('does not meet in the docket with the larger id', () => {
      const { small, large, giver } = crossing();
      const id = large.say({ from: giver(large), ...reciprocate, cites: [small.docket] });
      expect(stateOf(large).acts[id]?.reason).toBe('not-yours');
    });

    it('the other docket ends when its giver withdraws citing this one, without notice', () => {
      const { small, large, giver } = crossing();
      large.say({
        from: giver(large),
        kind: 'assurance.withdraw',
        body: {},
        cites: [small.docket],
      });
      expect(stateOf(large).state).toBe('superseded');
      const wrong = small.say({
        from: giver(small),
        kind: 'assurance.withdraw',
        body: {},
        cites: [large.docket],
      });
      expect(stateOf(small).acts[wrong]?.reason).toBe('irrevocable');
    });
  });
});
