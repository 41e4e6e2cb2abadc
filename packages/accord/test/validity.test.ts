/** What makes an act void by its form, its time or its agreement; one test a reason. */
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '@comity/record';
import { builtInTerms, fold, termsDigest, type FoldParty } from '../src/index.ts';
import {
  agreedTermsCitations,
  bodies,
  History,
  idOf,
  makeParty,
  makeVersion,
  second,
} from './history.ts';

const acknowledge = { kind: 'incident.acknowledge', body: bodies.acknowledge };
const assist = { kind: 'incident.assist', body: { text: 'x' } };

function incident(
  a = makeParty('a'),
  b = makeParty('b'),
): { h: History; a: FoldParty; b: FoldParty } {
  const h = new History([a, b]);
  h.say({ from: a, kind: 'incident.notify', body: bodies.notify });
  return { h, a, b };
}

function reason(h: History, id: string): string | null {
  const act = fold(h.input()).acts[id];
  expect(act?.effect).toBe(act?.reason === null ? 'effective' : 'void');
  return act?.reason ?? null;
}

describe('form', () => {
  it('not-a-participant', () => {
    const { h, a, b } = incident();
    const c = makeParty('c');
    h.parties.push(c);
    const id = h.say({ from: c, ...assist, to: [a.party, b.party].sort() });
    expect(reason(h, id)).toBe('not-a-participant');
  });

  it('wrong-exercise: exercise and real parties in one docket', () => {
    const { h } = incident(makeParty('a'), makeParty('b', { exercise: true }));
    expect(fold(h.input())).toMatchObject({
      state: 'void',
      acts: { [h.docket]: { reason: 'wrong-exercise' } },
    });
  });

  it('credentials-gap', () => {
    const { h, b } = incident();
    expect(reason(h, h.say({ from: b, ...assist, credentials: idOf('unknown') }))).toBe(
      'credentials-gap',
    );
  });

  it('bad-signature and insufficient-authority', () => {
    const { h, b } = incident();
    expect(reason(h, h.say({ from: b, ...assist, offices: [] }))).toBe('bad-signature');
    expect(reason(h, h.say({ from: b, ...assist, offices: ['automatic'] }))).toBe(
      'insufficient-authority',
    );
    expect(reason(h, h.say({ from: b, ...assist, offices: ['nobody'] }))).toBe(
      'insufficient-authority',
    );
  });

  it('unknown-kind, for ever, and bad-schema', () => {
    const { h, b } = incident();
    expect(reason(h, h.say({ from: b, kind: 'warning.give', body: {} }))).toBe('unknown-kind');
    expect(reason(h, h.say({ from: b, kind: 'incident.assist', body: {} }))).toBe('bad-schema');
  });

  it('wrong-docket: a kind of another type, an opening inside, a non-opening that opens', () => {
    const { h, b } = incident();
    expect(reason(h, h.say({ from: b, kind: 'assurance.affirm', body: {} }))).toBe('wrong-docket');
    expect(reason(h, h.say({ from: b, kind: 'incident.notify', body: bodies.notify }))).toBe(
      'wrong-docket',
    );
    const other = new History([makeParty('a'), makeParty('b')]);
    other.say({ from: other.parties[0] as FoldParty, ...assist });
    expect(fold(other.input())).toMatchObject({ type: 'other', state: 'void' });
  });

  it('wrong-participants: somebody besides the participants is addressed', () => {
    const { h, a, b } = incident();
    const to = [a.party, idOf('c')].sort();
    expect(reason(h, h.say({ from: b, ...assist, to }))).toBe('wrong-participants');
    const body = { refused: idOf('unheard'), code: 'rate-limited' };
    const refusal = h.say({ from: b, kind: 'channel.refuse', body, to });
    expect(reason(h, refusal)).toBe('wrong-participants');
  });

  it('terms-misplaced: only an opening pins terms', () => {
    const { h, b } = incident();
    const terms = termsDigest(builtInTerms['contact-points']);
    expect(reason(h, h.say({ from: b, ...assist, terms }))).toBe('terms-misplaced');
  });

  it('bad-parent: prior of another author, of another class, or logged later', () => {
    const { h, b } = incident();
    expect(reason(h, h.say({ from: b, ...assist, prior: h.docket }))).toBe('bad-parent');
    const refusal = h.say({
      from: b,
      kind: 'channel.refuse',
      body: { refused: idOf('unheard'), code: 'rate-limited' },
    });
    expect(reason(h, h.say({ from: b, ...assist, prior: refusal }))).toBe('bad-parent');
    const late = h.say({ from: b, ...assist, index: 900, prior: null });
    expect(reason(h, h.say({ from: b, ...assist, prior: late, index: 800 }))).toBe('bad-parent');
  });

  it('prior-fork: of two with one prior the lower log index stands, whichever came first', () => {
    const { h, b } = incident();
    const high = h.say({ from: b, ...assist, prior: null, index: 50 });
    const low = h.say({ from: b, ...acknowledge, prior: null, index: 40, after: [h.docket] });
    const { acts } = fold(h.input());
    expect(acts[high]).toMatchObject({ effect: 'void', reason: 'prior-fork' });
    expect(acts[low]).toMatchObject({ effect: 'effective' });
  });

  it('prior-fork does not run between classes', () => {
    const { h, a, b } = incident();
    const ids = [
      h.say({ from: b, ...assist, prior: null }),
      h.say({
        from: b,
        kind: 'channel.refuse',
        body: { refused: idOf('x'), code: 'rate-limited' },
        prior: null,
      }),
    ];
    expect(ids.map((id) => fold(h.input()).acts[id]?.reason)).toEqual([null, null]);
    expect(a.party).not.toBe(b.party);
  });
});

describe('credentials versions', () => {
  const rotated = (bound: number) => {
    const b = makeParty('b');
    b.versions.push(makeVersion('b', 2, bound));
    return b;
  };
  const first = makeVersion('b', 1, 0).id;

  it('retired-credentials: an entry counts strictly between its version and the next', () => {
    const b = rotated(30);
    const { h } = incident(makeParty('a'), b);
    const say = (index: number) => h.say({ from: b, ...assist, credentials: first, index });
    const [below, at, above] = [say(29), say(30), say(31)];
    expect(reason(h, below)).toBeNull();
    expect(reason(h, at)).toBe('retired-credentials');
    expect(reason(h, above)).toBe('retired-credentials');
    const early = h.say({ from: b, ...assist, index: 29, prior: below });
    expect(reason(h, early)).toBe('retired-credentials');
  });

  it('retired-credentials: a change of log ends the old one at the size that it states', () => {
    const b = makeParty('b');
    const origin = 'b.example/second';
    const log = { origin, keys: [], previous: { origin: 'b.example/log', size: 20 } };
    b.versions.push(makeVersion('b', 2, 0, { log }, origin));
    const { h } = incident(makeParty('a'), b);
    const old = (index: number, prior: string | null) => {
      const id = h.say({ from: b, ...assist, credentials: first, index, prior });
      h.statement(id).said.origin = 'b.example/log';
      return id;
    };
    const below = old(19, null);
    expect(reason(h, below)).toBeNull();
    expect(reason(h, old(20, below))).toBe('retired-credentials');
    expect(reason(h, h.say({ from: b, ...assist, index: 3, prior: below }))).toBeNull();
  });

  it('retired-credentials: of two successors the lower bound counts', () => {
    const b = makeParty('b', { frozen: true, bound: 25 });
    const { h } = incident(makeParty('a'), b);
    const below = h.say({ from: b, ...assist, index: 24 });
    expect(reason(h, below)).toBeNull();
    expect(reason(h, h.say({ from: b, ...assist, index: 25 }))).toBe('retired-credentials');
  });

  it('a rotation that touches no entry here leaves the input digest', async () => {
    const { inputDigest } = await import('../src/index.ts');
    const plain = incident();
    plain.h.say({ from: plain.b, ...assist });
    const later = makeParty('b');
    later.versions.push(makeVersion('b', 2, 1000));
    const parties = [plain.a, later];
    expect(inputDigest(plain.h.input({ parties }))).toBe(inputDigest(plain.h.input()));
  });
});

describe('delegations', () => {
  const delegated = (until: string, endsAtIndex: number | null = null) => {
    const b = makeParty('b');
    b.delegations.push({
      id: idOf('delegation'),
      party: b.party,
      credentials: b.versions[0]?.id ?? '',
      body: {
        office: 'Night watch',
        key: { type: 'ed25519', key: '' },
        kinds: ['incident.assist'],
        until,
      },
      origin: 'b.example/log',
      index: 5,
      endsAtIndex,
      endsAtOrigin: endsAtIndex === null ? null : 'b.example/log',
    });
    return b;
  };
  const offices = ['Night watch'];

  it('count for duty, for the kinds named', () => {
    const b = delegated('2030-01-01T00:00:00Z');
    const { h } = incident(makeParty('a'), b);
    expect(reason(h, h.say({ from: b, ...assist, offices }))).toBeNull();
    expect(reason(h, h.say({ from: b, ...acknowledge, offices }))).toBe('insufficient-authority');
  });

  it('end at the index of their ending', () => {
    const b = delegated('2030-01-01T00:00:00Z', 20);
    const { h } = incident(makeParty('a'), b);
    expect(reason(h, h.say({ from: b, ...assist, offices, index: 19 }))).toBeNull();
    expect(reason(h, h.say({ from: b, ...assist, offices, index: 20 }))).toBe(
      'insufficient-authority',
    );
  });

  it('delegation-ended: the witnessed time is after the end date', () => {
    const until = new Date((second + 100) * 1000).toISOString().slice(0, 19) + 'Z';
    const b = delegated(until);
    const { h } = incident(makeParty('a'), b);
    expect(reason(h, h.say({ from: b, ...assist, offices, at: second + 100 }))).toBeNull();
    expect(reason(h, h.say({ from: b, ...assist, offices, at: second + 101 }))).toBe(
      'delegation-ended',
    );
  });
});

describe('terms', () => {
  const ict = builtInTerms['incidents-ict'];
  const terms = termsDigest(ict);

  const opened = (change: (h: History) => void) => {
    const [a, b] = [makeParty('a'), makeParty('b')];
    const h = new History([a, b]);
    h.citations = agreedTermsCitations(a, b, ict);
    const cites = h.citations.map(({ id }) => id).sort();
    h.say({ from: a, kind: 'incident.notify', body: bodies.notify, terms, cites });
    h.say({ from: b, ...assist });
    change(h);
    return fold(h.input());
  };

  it('agreed by two cited channel.terms of one digest govern the docket', () => {
    const state = opened(() => undefined);
    expect(state).toMatchObject({ state: 'notified', terms });
    const [obligation] = Object.values(state.obligations);
    expect(obligation?.due[0]).toBe((obligation?.start[0] ?? 0) + 7200);
  });

  it('terms-not-agreed voids the opening and everything in the docket', () => {
    const state = opened((h) => {
      const opening = h.statement(h.docket);
      opening.statement.cites = opening.statement.cites.slice(0, 1);
    });
    expect(state.state).toBe('void');
    expect(Object.values(state.acts).map((act) => act.reason)).toEqual([
      'terms-not-agreed',
      'terms-not-agreed',
    ]);
    expect(state.obligations).toEqual({});
  });

  it('terms-not-agreed: built-in incidents-ict are not agreed by being built in', () => {
    const { h, a } = incident();
    const other = new History([a, makeParty('b')]);
    other.say({ from: a, kind: 'incident.notify', body: bodies.notify, terms });
    expect(fold(other.input()).state).toBe('void');
    expect(fold(h.input()).state).toBe('notified');
  });

  it('terms-not-agreed: cited terms signed by too few, or of exercise parties only', () => {
    const few = opened((h) => {
      h.citations = h.citations.map((one) => ({ ...one, offices: ['chief'] }));
    });
    expect(few.state).toBe('void');
    const replaces: JsonValue = idOf('others');
    const differ = opened((h) => {
      const [one, two] = h.citations;
      if (one === undefined || two === undefined) return;
      const body = { ...two.statement.body, replaces };
      h.citations = [one, { ...two, statement: { ...two.statement, body } }];
    });
    expect(differ.state).toBe('void');
  });

  it('an opening waits for the citations that its terms rest on', () => {
    const state = opened((h) => {
      h.citations = [];
    });
    expect(state).toMatchObject({ state: 'missing', acts: {} });
  });
});
