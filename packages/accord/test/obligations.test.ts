/** Service, witnessed time and the clocks (rulings 15, 16, 21–24). */
import { describe, expect, it } from 'vitest';
import { formatVkey, noteKey } from '@comity/record';
import {
  builtInTerms,
  fold,
  inputDigest,
  obligationId,
  stateDigest,
  termsDigest,
  type FoldParty,
  type Obligation,
  type ObligationRule,
  type Terms,
} from '../src/index.ts';
import { agreedTermsCitations, bodies, History, makeParty, second } from './history.ts';

const ict = builtInTerms['incidents-ict'];
const hour = 3600;

/** An incident under incidents-ict, said at `second`; `receipt` in seconds, null for none. */
function incident(receipt: number | null, terms: Terms = ict, parties?: FoldParty[]) {
  const [a, b] = parties ?? [makeParty('a'), makeParty('b')];
  if (a === undefined || b === undefined) throw new Error('two parties');
  const h = new History([a, b]);
  h.citations = agreedTermsCitations(a, b, terms);
  const cites = h.citations.map(({ id }) => id).sort();
  const opening = { kind: 'incident.notify', body: bodies.notify };
  h.say({ from: a, ...opening, terms: termsDigest(terms), cites, receipt });
  const acknowledge = (at: number, answered: number | null = 10, after?: string[]) =>
    h.say({
      from: b,
      kind: 'incident.acknowledge',
      body: bodies.acknowledge,
      at: second + at,
      receipt: answered,
      ...(after === undefined ? {} : { after }),
    });
  const of = (rule: ObligationRule): Obligation => {
    const found = Object.values(fold(h.input()).obligations).find((one) => one.rule === rule);
    if (found === undefined) throw new Error(`no ${rule}`);
    return found;
  };
  return { h, a, b, acknowledge, of };
}

const at = (...times: (number | null)[]) =>
  times.map((time) => (time === null ? null : second + time));

describe('ruling 24, without a deposit party', () => {
  it('undisputed where receipt came within the interval: start and due at receipt', () => {
    const { of } = incident(600);
    expect(of('acknowledge-notification')).toMatchObject({
      start: at(600, 600),
      due: at(600 + 2 * hour, 600 + 2 * hour),
      end: [null, null],
      state: 'running',
      provisional: false,
    });
  });

  it('a receipt late by more than the interval gives an early and a late start', () => {
    const { of } = incident(5000);
    expect(of('acknowledge-notification')).toMatchObject({
      start: at(1800, 5000),
      state: 'running',
    });
  });

  it('met: the late end is not after the early due', () => {
    const { acknowledge, of } = incident(10);
    acknowledge(10 + 2 * hour - 10);
    expect(of('acknowledge-notification')).toMatchObject({ end: at(7210, 7210), state: 'met' });
  });

  it('late: the early end is after the late due, by one second', () => {
    const { acknowledge, of } = incident(10);
    acknowledge(10 + 2 * hour - 9);
    expect(of('acknowledge-notification').state).toBe('late');
  });

  it('start-disputed: late by the early start, in time by the late one', () => {
    const { acknowledge, of } = incident(5000);
    acknowledge(1800 + 2 * hour + 100);
    expect(of('acknowledge-notification')).toMatchObject({ state: 'start-disputed' });
  });

  it('met-disputed: the creditor’s receipt is late by more than the interval', () => {
    const { acknowledge, of } = incident(10);
    acknowledge(2 * hour - 3000, 6000);
    expect(of('acknowledge-notification')).toMatchObject({
      end: at(2 * hour - 3000 + 1800, 2 * hour - 3000 + 6000),
      state: 'met-disputed',
    });
  });

  it('not-served: no receipt of the act that starts it, no start and no due', () => {
    const { of } = incident(null);
    expect(of('acknowledge-notification')).toMatchObject({
      start: [null, null],
      due: [null, null],
      state: 'not-served',
    });
  });

  it('no receipt of the discharge: an early end, no late one', () => {
    const { acknowledge, of } = incident(10);
    acknowledge(100, null);
    expect(of('acknowledge-notification')).toMatchObject({
      end: at(1900, null),
      state: 'met-disputed',
    });
    const late = incident(10);
    late.acknowledge(3 * hour, null);
    expect(late.of('acknowledge-notification').state).toBe('late');
  });

  it('flash has an interval and a deadline of its own', () => {
    const h = new History([makeParty('a'), makeParty('b')]);
    const [a] = h.parties as [FoldParty];
    const body = { ...bodies.notify, priority: 'flash' };
    h.say({ from: a, kind: 'incident.notify', body, receipt: 1000 });
    const [obligation] = Object.values(fold(h.input()).obligations);
    expect(obligation).toMatchObject({ start: at(300, 1000), due: at(300 + 7200, 1000 + 7200) });
  });
});

describe('service', () => {
  it('effective at the latest service among the statement and its ancestors', () => {
    const { h, a, b } = incident(900);
    const id = h.say({
      from: a,
      kind: 'incident.assist',
      body: { text: 'x' },
      at: second + 60,
      receipt: 10,
    });
    expect(fold(h.input()).acts[id]?.towards[b.party]).toMatchObject({
      effect: 'effective',
      at: second + 900,
    });
  });

  it('waiting towards a recipient while an ancestor has no receipt', () => {
    const { h, a, b } = incident(null);
    const id = h.say({ from: a, kind: 'incident.assist', body: { text: 'x' } });
    expect(fold(h.input()).acts[id]?.towards[b.party]).toEqual({
      effect: 'waiting',
      at: null,
      provisional: false,
    });
  });

  it('the author’s time is never before what the statement is anchored to', () => {
    const c = makeParty('c');
    const [a, b] = [makeParty('a'), makeParty('b')];
    const h = new History([a, b, c]);
    h.say({ from: a, kind: 'incident.notify', body: bodies.notify });
    const line = (vkey: string, time: number) => ({
      origin: 'b.example/log',
      vkey,
      time: second + time,
    });
    const opening = h.statement(h.docket);
    opening.anchorTimes = [
      line('witness+a', 900),
      line('witness+c', 500),
      line('witness+nobody', 700),
    ];
    // The author's own line does not count; the witness before the anchor is ignored.
    const { said } = fold(h.input()).acts[h.docket] ?? {};
    expect(said).toEqual({ at: second + 500, provisional: true });
  });
});

describe('witnessed time (ruling 21)', () => {
  it('all other participants, each by any witness key of its chain', () => {
    const [a, b, c] = [makeParty('a'), makeParty('b'), makeParty('c')];
    const h = new History([a, b, c]);
    h.say({ from: a, kind: 'incident.notify', body: bodies.notify, witnessed: false });
    const { said } = h.statement(h.docket);
    const time = (party: FoldParty, vkey: string, seconds: number) =>
      said.witnessTimes.push({ party: party.party, vkey, time: second + seconds });
    const read = () =>
      fold(h.input({ statements: structuredClone(h.statements) })).acts[h.docket]?.said;
    expect(read()).toEqual({ at: second, provisional: true });
    time(b, 'witness+b', 40);
    expect(read()).toEqual({ at: second, provisional: true });
    time(c, 'witness+b', 50);
    expect(read()?.provisional).toBe(true);
    time(c, 'witness+c', 90);
    time(c, 'witness+c', 70);
    expect(read()).toEqual({ at: second + 70, provisional: false });
    c.frozen = true;
    h.parties[2] = { ...c };
    expect(read()?.provisional).toBe(true);
  });

  it('follows the timing policy of the terms for a log that has one', () => {
    const key = (name: string, type: 1 | 4, fill: number) =>
      formatVkey(noteKey(name, type, new Uint8Array(32).fill(fill)));
    const witness = key('witness.example', 4, 7);
    const log = key('a.example/log', 1, 9);
    const timing = [`log ${log}\nwitness w ${witness}\nquorum w\n`];
    const { h, of } = incident(10, { ...ict, timing });
    const { said } = h.statement(h.docket);
    expect(fold(h.input()).acts[h.docket]?.said.provisional).toBe(true);
    said.witnessTimes.push({ party: '', vkey: witness, time: second + 5 });
    const state = fold(h.input());
    expect(state.acts[h.docket]?.said).toEqual({ at: second + 5, provisional: false });
    expect(of('acknowledge-notification').provisional).toBe(false);
  });

  it('times that are no times are ignored and stop nothing', () => {
    const { h, b } = incident(10);
    const opening = h.statement(h.docket);
    for (const time of [2 ** 60, -1, 0.5, NaN]) {
      opening.said.witnessTimes = [{ party: b.party, vkey: 'witness+b', time }];
      opening.anchorTimes = [{ origin: 'b.example/log', vkey: 'witness+b', time }];
      const input = h.input();
      const state = fold(input);
      expect(state.acts[h.docket]?.said).toEqual({ at: second, provisional: true });
      expect([stateDigest(state), inputDigest(input)].join('')).toMatch(/^[0-9a-f]{128}$/);
    }
  });

  it('cosignatures that no policy counts do not enter the input digest', () => {
    const { h } = incident(10);
    const before = inputDigest(h.input());
    h.statement(h.docket).said.witnessTimes.push({ party: 'x', vkey: 'other', time: second });
    expect(inputDigest(h.input())).toBe(before);
  });
});

describe('ruling 23, the interested witness', () => {
  const cosignedAt = (seconds: number) => {
    const made = incident(10);
    const held = made.h.statement(made.h.docket).held[made.b.party];
    if (held === undefined) throw new Error('no receipt');
    held.witnessTimes = held.witnessTimes.map((one) => ({ ...one, time: second + seconds }));
    return made.of('acknowledge-notification').start;
  };

  it('its time stands where it differs from the owner’s by at most the interval', () => {
    expect(cosignedAt(10 + 1800)).toEqual(at(1800, 1810));
    expect(cosignedAt(1000)).toEqual(at(1000, 1000));
  });

  it('otherwise early uses the lower and late the higher', () => {
    expect(cosignedAt(10 + 1801)).toEqual(at(10, 1811));
  });
});

describe('refusals', () => {
  const refuse = (h: History, from: FoldParty, code: string, seconds = 300) =>
    h.say({
      from,
      kind: 'channel.refuse',
      body: { refused: h.docket, code },
      after: [],
      at: second + seconds,
    });

  it('a founded refusal leaves no effect and no obligation', () => {
    const { h, b } = incident(null);
    refuse(h, b, 'rate-limited');
    expect(fold(h.input())).toMatchObject({
      state: 'refused',
      obligations: {},
      acts: { [h.docket]: { effect: 'refused', reason: 'rate-limited' } },
      refusals: { [h.docket]: { [b.party]: { code: 'rate-limited', founded: null } } },
    });
  });

  it.each([
    'bad-signature',
    'insufficient-authority',
    'bad-schema',
    'not-addressed',
    'wrong-exercise',
    'bad-text',
    'too-large',
  ])('refusal-unfounded: %s does not reproduce and the clock runs from the refusal', (code) => {
    const { h, b, of } = incident(null);
    refuse(h, b, code);
    const state = fold(h.input());
    expect(state.refusals[h.docket]?.[b.party]).toEqual({ code, founded: false });
    expect(of('acknowledge-notification').start).toEqual(at(300, 300));
    expect(state.state).toBe('notified');
  });

  it('a code that reproduces is founded', () => {
    const { h, a, b } = incident(10);
    const bad = h.say({ from: a, kind: 'incident.request', body: { wrong: 1 }, receipt: null });
    h.say({
      from: b,
      kind: 'channel.refuse',
      body: { refused: bad, code: 'bad-schema' },
      after: [],
    });
    const state = fold(h.input());
    expect(state.refusals[bad]?.[b.party]).toEqual({ code: 'bad-schema', founded: true });
    expect(state.acts[bad]).toMatchObject({ effect: 'void', reason: 'bad-schema' });
  });

  it('a receipt shows that it was taken in after all', () => {
    const { h, b } = incident(10);
    refuse(h, b, 'rate-limited');
    expect(fold(h.input()).state).toBe('notified');
  });

  it('is kept per recipient', () => {
    const [a, b, c] = [makeParty('a'), makeParty('b'), makeParty('c')];
    const h = new History([a, b, c]);
    h.say({ from: a, kind: 'incident.notify', body: bodies.notify });
    const { held } = h.statement(h.docket);
    h.statement(h.docket).held = Object.fromEntries(
      Object.entries(held).filter(([party]) => party !== c.party),
    );
    refuse(h, c, 'rate-limited');
    const state = fold(h.input());
    expect(state.state).toBe('notified');
    expect(state.acts[h.docket]?.towards[c.party]?.effect).toBe('refused');
    expect(Object.values(state.obligations).map(({ owedBy }) => owedBy)).toEqual([b.party]);
  });
});

describe('extensions and waivers', () => {
  const obligation = (h: History, b: FoldParty, a: FoldParty) =>
    obligationId(h.docket, 'acknowledge-notification', b.party, a.party);
  const due = new Date((second + 86_400) * 1000).toISOString().slice(0, 19) + 'Z';

  it('an extension moves the due time when both have said it', () => {
    const { h, a, b, of } = incident(10);
    const body = { obligation: obligation(h, b, a), due };
    h.say({ from: b, kind: 'obligation.extend', body });
    expect(of('acknowledge-notification')).toMatchObject({ due: at(7210, 7210), extended: false });
    h.say({ from: a, kind: 'obligation.extend', body });
    const input = h.input();
    expect(Object.values(fold(input).obligations)[0]).toMatchObject({
      due: at(86_400, 86_400),
      extended: true,
    });
  });

  it('only the creditor waives; what is met stays met', () => {
    const { h, a, b, of, acknowledge } = incident(10);
    const body = { obligation: obligation(h, b, a) };
    const own = h.say({ from: b, kind: 'obligation.waive', body });
    expect(fold(h.input()).acts[own]?.reason).toBe('not-yours');
    expect(of('acknowledge-notification').state).toBe('running');
    h.say({ from: a, kind: 'obligation.waive', body });
    expect(of('acknowledge-notification').state).toBe('waived');
    acknowledge(400);
    expect(of('acknowledge-notification').state).toBe('met');
  });

  it('no-such-obligation', () => {
    const { h, a } = incident(10);
    const id = h.say({ from: a, kind: 'obligation.waive', body: { obligation: '00'.repeat(32) } });
    expect(fold(h.input()).acts[id]?.reason).toBe('no-such-obligation');
  });
});

it('of two discharges at one time the first in the log counts, whatever their ids', () => {
  for (let seed = 0; seed < 8; seed += 1) {
    const h = new History([makeParty('a'), makeParty('b')], false, `seed ${seed}`);
    const [one, two] = h.parties as [FoldParty, FoldParty];
    h.say({ from: one, kind: 'incident.notify', body: bodies.notify });
    const acknowledge = { kind: 'incident.acknowledge', body: bodies.acknowledge };
    const first = h.say({ from: two, ...acknowledge, at: second + 60 });
    h.say({ from: two, ...acknowledge, at: second + 60 });
    expect(Object.values(fold(h.input()).obligations)[0]?.dischargedBy).toBe(first);
  }
});

describe('what falls', () => {
  it('a retraction drops what still runs, and nothing that was already late', () => {
    const early = incident(10);
    early.h.say({
      from: early.a,
      kind: 'incident.retract',
      body: { reason: 'mistaken' },
      at: second + hour,
    });
    expect(early.of('acknowledge-notification').state).toBe('fallen');
    const late = incident(10);
    late.h.say({
      from: late.a,
      kind: 'incident.retract',
      body: { reason: 'mistaken' },
      at: second + 3 * hour,
    });
    expect(late.of('acknowledge-notification').state).toBe('late');
  });
});
