/** Random histories of two or three parties: honest acts and acts that break rules. */
import fc from 'fast-check';
import type { JsonValue } from '@comity/record';
import { assuranceDigest, obligationId, type FoldParty, type OfferBody } from '../src/index.ts';
import { bodies, contactPoints, History, idOf, makeParty } from './history.ts';

export type Operation = {
  who: number;
  what: number;
  refer: number;
  /** How `after` is made: all heads, one earlier statement, or nothing. */
  after: 'heads' | 'one' | 'none';
  prior: 'honest' | 'stale' | 'none';
  receipt: number | null;
  witnessed: boolean;
  offices: 'enough' | 'none' | 'too-few';
  /** Seconds until the next act: 0 makes ties. */
  pause: number;
};

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { arbitrary: fc.constant(usual), weight: 30 },
    ...others.map((other) => ({ arbitrary: fc.constant(other), weight: 1 })),
  );

export const operation: fc.Arbitrary<Operation> = fc.record({
  who: fc.nat(2),
  what: fc.nat(1_000),
  refer: fc.nat(20),
  after: fc.constantFrom<Operation['after']>('heads', 'heads', 'heads', 'one', 'one', 'none'),
  prior: often<Operation['prior']>('honest', 'stale', 'none'),
  receipt: often<number | null>(10, null, 4000, 10_000_000),
  witnessed: often(true, false),
  offices: often<Operation['offices']>('enough', 'none', 'too-few'),
  pause: fc.constantFrom(0, 60),
});

export type Plan = {
  type: 'incident' | 'assurance' | 'allegation' | 'channel';
  three: boolean;
  operations: Operation[];
};

export const plan: fc.Arbitrary<Plan> = fc.record({
  type: fc.constantFrom<Plan['type']>('incident', 'assurance', 'allegation', 'channel'),
  three: fc.boolean(),
  operations: fc.array(operation, { minLength: 1, maxLength: 14 }),
});

type Choice = { kind: string; body: { [member: string]: JsonValue } };
const words = { en: 'x' };

/** Builds the history. `seed` changes every id and nothing else. */
export function build({ type, three, operations }: Plan, seed: string): History {
  const names = three && type !== 'channel' ? ['a', 'b', 'c'] : ['a', 'b'];
  const h = new History(
    names.map((name) => makeParty(name)),
    type === 'channel',
    seed,
  );
  const [a, b] = h.parties as [FoldParty, FoldParty];
  if (type === 'incident') h.say({ from: a, kind: 'incident.notify', body: bodies.notify });
  if (type === 'assurance') h.say({ from: a, kind: 'assurance.offer', body: bodies.offer });
  if (type === 'allegation') {
    h.say({ from: a, kind: 'allegation.raise', body: bodies.raise(b.party) });
  }
  operations.forEach((one, step) => perform(h, type, one, step));
  return h;
}

function perform(h: History, type: Plan['type'], one: Operation, step: number): void {
  const from = h.parties[one.who % h.parties.length] as FoldParty;
  const choices = choicesFor(h, type, one, step, from);
  const choice = choices[one.what % choices.length] as Choice;
  const earlier = h.statements[one.refer % Math.max(1, h.statements.length)]?.id;
  const after =
    one.after === 'heads' ? h.heads : one.after === 'one' && earlier !== undefined ? [earlier] : [];
  const now = h.now;
  h.say({
    from,
    ...choice,
    after,
    receipt: one.receipt,
    witnessed: one.witnessed,
    ...(one.prior === 'honest' ? {} : { prior: one.prior === 'none' ? null : (earlier ?? null) }),
    ...(one.offices === 'enough' ? {} : { offices: one.offices === 'none' ? [] : ['duty'] }),
  });
  h.now = now + one.pause;
}

function choicesFor(
  h: History,
  type: Plan['type'],
  one: Operation,
  step: number,
  from: FoldParty,
): Choice[] {
  const some = (kind: string): string => {
    const of = h.statements.filter(({ statement }) => statement.kind === kind);
    return of[one.refer % Math.max(1, of.length)]?.id ?? idOf('nothing');
  };
  const any = h.statements[one.refer % Math.max(1, h.statements.length)]?.id ?? idOf('nothing');
  const common: Choice[] = [
    { kind: 'channel.refuse', body: { refused: any, code: 'rate-limited' } },
    { kind: 'channel.refuse', body: { refused: any, code: 'bad-schema' } },
    { kind: 'made.up', body: {} },
  ];
  const own = choicesOf(h, type, step, from, some);
  // Kinds of the type three times, so that most acts do something.
  return [...own, ...own, ...own, ...moves(h, type), ...common];
}

function moves(h: History, type: Plan['type']): Choice[] {
  const opening = h.statements[0];
  const [a, b] = h.parties.map(({ party }) => party);
  if (opening === undefined || a === undefined || b === undefined) return [];
  const rule = type === 'allegation' ? 'answer-allegation' : 'acknowledge-notification';
  const obligation = obligationId(opening.id, rule, b, a);
  return [
    { kind: 'obligation.extend', body: { obligation, due: '2027-06-15T08:00:00Z' } },
    { kind: 'obligation.waive', body: { obligation } },
  ];
}

function choicesOf(
  h: History,
  type: Plan['type'],
  step: number,
  from: FoldParty,
  some: (kind: string) => string,
): Choice[] {
  if (type === 'incident') {
    const request = some('incident.request');
    const resolution = some('incident.resolve');
    return [
      { kind: 'incident.acknowledge', body: bodies.acknowledge },
      { kind: 'incident.acknowledge', body: { reach: 1 } },
      { kind: 'incident.request', body: bodies.request },
      { kind: 'incident.inform', body: { request, result: 'provided', text: 'x' } },
      { kind: 'incident.update', body: { stage: 'findings', text: 'x', severity: 'low' } },
      { kind: 'incident.assist', body: { text: 'x' } },
      { kind: 'incident.retract', body: { reason: 'mistaken' } },
      { kind: 'incident.resolve', body: bodies.resolve },
      { kind: 'incident.close', body: { resolution } },
      { kind: 'incident.dispute', body: { resolution, reasons: 'x' } },
    ];
  }
  if (type === 'assurance') {
    const text = assuranceDigest(bodies.offer as unknown as OfferBody);
    return [
      { kind: 'assurance.reciprocate', body: { text } },
      { kind: 'assurance.reciprocate', body: { text, understanding: words } },
      { kind: 'assurance.reciprocate', body: { text: idOf('another text') } },
      { kind: 'assurance.decline', body: { answer: 'declines' } },
      { kind: 'assurance.decline', body: { answer: 'takes-note' } },
      { kind: 'assurance.affirm', body: {} },
      { kind: 'assurance.suspend', body: {} },
      { kind: 'assurance.resume', body: {} },
      { kind: 'assurance.withdraw', body: {} },
    ];
  }
  if (type === 'allegation') {
    return [
      { kind: 'allegation.answer', body: { answer: 'deny' } },
      { kind: 'allegation.answer', body: { answer: 'accept-facts' } },
      { kind: 'allegation.answer', body: { answer: 'holding', until: '2027-02-15T08:00:00Z' } },
      { kind: 'allegation.withdraw', body: { reason: 'settled' } },
      { kind: 'allegation.conclude', body: { text: words } },
      { kind: 'allegation.conclude', body: { text: { en: 'y' } } },
    ];
  }
  const other = h.parties.find((party) => party !== from) as FoldParty;
  const terms = (name: string) => ({ ...contactPoints, name }) as unknown as JsonValue;
  return [
    { kind: 'channel.pair', body: { own: idOfFirst(from), theirs: idOfFirst(other) } },
    { kind: 'channel.pair', body: { own: idOfFirst(from), theirs: idOf('another') } },
    { kind: 'channel.terms', body: { terms: terms('one'), replaces: null } },
    { kind: 'channel.terms', body: { terms: terms('two'), replaces: null } },
    { kind: 'channel.test', body: { salt: '00'.repeat(16), count: step, root: idOf('root') } },
    {
      kind: 'channel.message',
      body: {
        marker: 'question',
        priority: 'flash',
        standing: 'official',
        text: 'x',
        language: 'en',
      },
    },
  ];
}

function idOfFirst(party: FoldParty): string {
  return party.versions[0]?.id ?? '';
}
