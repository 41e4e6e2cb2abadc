/** Incident and allegation dockets and their concurrent acts. */
import { describe, expect, it } from 'vitest';
import { builtInTerms, fold, stateDigest, termsDigest, type DocketState } from '../src/index.ts';
import { agreedTermsCitations, bodies, History, idOf, makeParty, second } from './history.ts';

const [a, b, c] = [makeParty('a'), makeParty('b'), makeParty('c')];
const stateOf = (h: History): DocketState => fold(h.input({ statements: [...h.statements] }));

describe('incident', () => {
  const notified = (parties = [a, b]) => {
    const h = new History(parties);
    h.say({ from: a, kind: 'incident.notify', body: bodies.notify });
    return h;
  };
  const resolve = { kind: 'incident.resolve', body: bodies.resolve };
  const close = (resolution: string) => ({ kind: 'incident.close', body: { resolution } });
  const dispute = (resolution: string) => ({
    kind: 'incident.dispute',
    body: { resolution, reasons: 'x' },
  });

  it('closes when the other agrees to the proposed closure', () => {
    const h = notified();
    h.say({ from: b, kind: 'incident.acknowledge', body: bodies.acknowledge });
    const id = h.say({ from: a, ...resolve });
    expect(stateOf(h).state).toBe('resolution-proposed');
    h.say({ from: b, ...close(id) });
    expect(stateOf(h).state).toBe('closed');
    const after = h.say({ from: a, kind: 'incident.request', body: bodies.request });
    expect(stateOf(h).acts[after]?.reason).toBe('ended');
  });

  it('with three participants both others must close', () => {
    const h = notified([a, b, c]);
    const id = h.say({ from: a, ...resolve });
    h.say({ from: b, ...close(id) });
    expect(stateOf(h).state).toBe('resolution-proposed');
    h.say({ from: c, ...dispute(id) });
    expect(stateOf(h).state).toBe('disputed');
    h.say({ from: c, ...close(id) });
    expect(stateOf(h).state).toBe('closed');
  });

  it('a dispute stands until a newer proposal of the same author', () => {
    const h = notified();
    h.say({ from: b, ...dispute(h.say({ from: a, ...resolve })) });
    expect(stateOf(h).state).toBe('disputed');
    h.say({ from: a, ...resolve });
    expect(stateOf(h).state).toBe('resolution-proposed');
  });

  it('a dispute of an earlier proposal leaves the newer one undisputed', () => {
    const h = notified();
    const earlier = h.say({ from: a, ...resolve });
    h.say({ from: b, ...dispute(earlier) });
    h.say({ from: a, ...resolve });
    const again = h.say({ from: b, ...dispute(earlier) });
    expect(stateOf(h).state).toBe('resolution-proposed');
    expect(stateOf(h).acts[again]?.effect).not.toBe('void');
  });

  it('no-such-act: closing what was not proposed; not-yours: closing one’s own', () => {
    const h = notified();
    const none = h.say({ from: b, ...close(idOf('none')) });
    const id = h.say({ from: a, ...resolve });
    const own = h.say({ from: a, ...close(id) });
    const { acts } = stateOf(h);
    expect([acts[none]?.reason, acts[own]?.reason]).toEqual(['no-such-act', 'not-yours']);
  });

  it('a retraction beats a concurrent closure', () => {
    const h = notified();
    const id = h.say({ from: a, ...resolve });
    h.say({ from: b, ...close(id), after: [id] });
    h.say({ from: a, kind: 'incident.retract', body: { reason: 'mistaken' }, after: [id] });
    expect(stateOf(h).state).toBe('retracted');
  });

  it('a closing concurrent with a request closes, and what was asked falls', () => {
    const h = notified();
    const id = h.say({ from: a, ...resolve });
    h.say({ from: a, kind: 'incident.request', body: bodies.request, after: [id] });
    h.say({ from: b, ...close(id), after: [id] });
    const state = stateOf(h);
    expect(state.state).toBe('closed');
    expect(
      Object.values(state.obligations).find(({ rule }) => rule === 'answer-request')?.state,
    ).toBe('fallen');
  });

  it('the first acknowledgement starts the clocks; a second changes nothing', () => {
    const h = new History([a, b]);
    const ict = builtInTerms['incidents-ict'];
    h.citations = agreedTermsCitations(a, b, ict);
    const cites = h.citations.map(({ id }) => id).sort();
    h.say({
      from: a,
      kind: 'incident.notify',
      body: bodies.notify,
      terms: termsDigest(ict),
      cites,
    });
    const first = h.say({ from: b, kind: 'incident.acknowledge', body: bodies.acknowledge });
    const again = h.say({ from: b, kind: 'incident.acknowledge', body: bodies.acknowledge });
    const state = stateOf(h);
    expect(state.acts[again]?.effect).toBe('none');
    const created = Object.values(state.obligations).filter(({ createdBy }) => createdBy === first);
    expect(created.map(({ rule, owedBy }) => [rule, owedBy]).sort()).toEqual([
      ['enquiry', b.party],
      ['findings', a.party],
      ['first-information', b.party],
    ]);
  });

  it('declining to answer is an answer; holding is none', () => {
    const h = notified();
    const request = h.say({ from: a, kind: 'incident.request', body: bodies.request });
    const answer = (result: string, more = {}) =>
      h.say({ from: b, kind: 'incident.inform', body: { request, result, text: 'x', ...more } });
    const status = () =>
      Object.values(stateOf(h).obligations).find(({ rule }) => rule === 'answer-request');
    answer('holding', { until: '2027-02-01T00:00:00Z' });
    expect(status()?.state).toBe('running');
    const declined = answer('declined', { ground: 'law' });
    expect(status()).toMatchObject({ state: 'met', dischargedBy: declined });
  });

  it('not-yours: the notifier’s acknowledgement, the addressee’s retraction', () => {
    const h = notified();
    const one = h.say({ from: a, kind: 'incident.acknowledge', body: bodies.acknowledge });
    const two = h.say({ from: b, kind: 'incident.retract', body: { reason: 'mistaken' } });
    const { acts } = stateOf(h);
    expect([acts[one]?.reason, acts[two]?.reason]).toEqual(['not-yours', 'not-yours']);
  });

  it('report-incident runs from awareness by own account, bounded by the logged time', () => {
    const ict = builtInTerms['incidents-ict'];
    const report = (aware: string) => {
      const h = new History([a, b]);
      h.citations = agreedTermsCitations(a, b, ict);
      const cites = h.citations.map(({ id }) => id).sort();
      const times = [{ what: 'aware', at: aware, basis: 'observed' }];
      const body = { ...bodies.notify, times };
      h.say({ from: a, kind: 'incident.notify', body, terms: termsDigest(ict), cites });
      return Object.values(stateOf(h).obligations).find(({ rule }) => rule === 'report-incident');
    };
    expect(report('2027-01-10T08:00:00Z')).toMatchObject({ state: 'met', owedBy: a.party });
    expect(report('2026-12-10T08:00:00Z')?.state).toBe('late');
    expect(report('2030-01-01T00:00:00Z')?.start).toEqual([second, second]);
  });
});

describe('allegation', () => {
  const raised = () => {
    const h = new History([a, b]);
    h.say({ from: a, kind: 'allegation.raise', body: bodies.raise(b.party) });
    return h;
  };
  const answer = (word: string, more = {}) => ({
    kind: 'allegation.answer',
    body: { answer: word, ...more },
  });
  const until = '2027-02-01T00:00:00Z';

  it('stands unanswered, then holding, then answered; a later holding changes nothing', () => {
    const h = raised();
    expect(stateOf(h).state).toBe('unanswered');
    h.say({ from: b, ...answer('holding', { until }) });
    expect(stateOf(h).state).toBe('holding');
    const deny = h.say({ from: b, ...answer('deny') });
    const late = h.say({ from: b, ...answer('holding', { until }) });
    expect(stateOf(h)).toMatchObject({
      state: 'answered',
      detail: { answer: { statement: deny, answer: 'deny' } },
      acts: { [late]: { effect: 'none' } },
    });
  });

  it('not-yours: an answer by the raiser', () => {
    const h = raised();
    const id = h.say({ from: a, ...answer('deny') });
    expect(stateOf(h)).toMatchObject({
      state: 'unanswered',
      acts: { [id]: { reason: 'not-yours' } },
    });
  });

  it('a withdrawal beats a concurrent answer, and what was owed falls', () => {
    const h = raised();
    h.say({ from: b, ...answer('deny'), after: [h.docket] });
    h.say({ from: a, kind: 'allegation.withdraw', body: { reason: 'settled' }, after: [h.docket] });
    expect(stateOf(h).state).toBe('withdrawn');
  });

  it('concluded when both signed one text; contested without', () => {
    const h = raised();
    const conclude = (text: string) => ({
      kind: 'allegation.conclude',
      body: { text: { en: text } },
    });
    h.say({ from: a, ...conclude('one') });
    h.say({ from: b, ...conclude('two') });
    expect(stateOf(h).state).toBe('unanswered');
    h.say({ from: b, ...conclude('one') });
    expect(stateOf(h).state).toBe('concluded');
  });

  it('answers are owed in two steps: holding, then the answer', () => {
    const ict = builtInTerms['incidents-ict'];
    const h = new History([a, b]);
    h.citations = agreedTermsCitations(a, b, ict);
    const cites = h.citations.map(({ id }) => id).sort();
    h.say({
      from: a,
      kind: 'allegation.raise',
      body: bodies.raise(b.party),
      terms: termsDigest(ict),
      cites,
    });
    const states = () =>
      Object.fromEntries(Object.values(stateOf(h).obligations).map((one) => [one.rule, one.state]));
    expect(states()).toEqual({ 'holding-answer': 'running', 'answer-allegation': 'running' });
    h.say({ from: b, ...answer('holding', { until }) });
    expect(states()).toEqual({ 'holding-answer': 'met', 'answer-allegation': 'running' });
    h.say({ from: b, ...answer('declines') });
    expect(states()).toEqual({ 'holding-answer': 'met', 'answer-allegation': 'met' });
  });

  it.each([
    ['who takes no part', 'allegation.raise', bodies.raise(c.party)],
    ['who is the raiser', 'allegation.raise', bodies.raise(a.party)],
    ['of a quotation, who takes no part', 'allegation.quote', bodies.quote(c.party)],
    ['of a quotation, who is its author', 'allegation.quote', bodies.quote(a.party)],
  ])('bad-respondent: one %s', (_, kind, body) => {
    const h = new History([a, b]);
    h.say({ from: a, kind, body });
    const answered = h.say({ from: b, ...answer('deny') });
    expect(stateOf(h)).toMatchObject({
      state: 'void',
      acts: { [h.docket]: { reason: 'bad-respondent' }, [answered]: { reason: 'opening-void' } },
      obligations: {},
    });
  });

  it('a quotation may name nobody as respondent, and then nobody answers it', () => {
    const h = new History([a, b]);
    h.say({ from: a, kind: 'allegation.quote', body: bodies.quote() });
    const answered = h.say({ from: b, ...answer('deny') });
    expect(stateOf(h)).toMatchObject({
      state: 'quoted',
      acts: { [answered]: { reason: 'not-yours' } },
    });
  });

  it('a void opening digests like any state', () => {
    const h = new History([a, b]);
    h.say({ from: a, kind: 'allegation.raise', body: bodies.raise(c.party) });
    expect(stateDigest(stateOf(h))).toMatch(/^[0-9a-f]{64}$/);
  });
});
