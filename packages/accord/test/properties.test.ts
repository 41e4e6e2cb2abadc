/** Properties of the fold over random histories, valid and void. fast-check prints its seed. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson, type JsonValue } from '@comity/record';
import {
  fold,
  inputDigest,
  stateDigest,
  waitingIn,
  type DocketState,
  type FoldInput,
  type FoldStatement,
} from '../src/index.ts';
import { bodies, type History } from './history.ts';
import { build, operation, plan } from './random-history.ts';

const runs = process.env['SLOW'] === '1' ? 5_000 : 250;
const holds = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void =>
  fc.assert(fc.property(arbitrary, property), { numRuns: runs });

const digests = (input: FoldInput): string[] => [inputDigest(input), stateDigest(fold(input))];

const shuffled = <T>(values: readonly T[], random: number): T[] => {
  const result = [...values];
  let state = random + 1;
  for (let at = result.length - 1; at > 0; at -= 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = state % (at + 1);
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
};

it('gives the same digests in any order of arrival, and with duplicates', () => {
  holds(fc.tuple(plan, fc.nat(1_000_000)), ([one, random]) => {
    const h = build(one, '');
    const twice = [...h.statements, ...h.statements.slice(0, random % 5)];
    const statements = shuffled(twice, random).map((s) => structuredClone(s));
    const again = h.input({ statements, parties: shuffled(h.parties, random) });
    expect(digests(again)).toEqual(digests(h.input()));
  });
});

it('gives the same digests after a partition has healed', () => {
  holds(fc.tuple(plan, fc.nat(1_000_000)), ([one, random]) => {
    const h = build(one, '');
    // Each side holds some statements, with its own proofs; then each passes on what it has.
    const parts = [0, 1].map((side) =>
      h.statements.map((s) => partOf(s, (at) => (at + random) % 2 === side)),
    );
    const early = parts.map((part, side) => part.filter((_s, at) => (random >> at) % 3 !== side));
    const statements = [...early.flat(), ...parts.flat()];
    expect(digests(h.input({ statements }))).toEqual(digests(h.input()));
  });
});

/** Keeps some receipts and some cosignatures; each receipt, with one half of its cosignatures. */
function partOf(s: FoldStatement, keeps: (at: number) => boolean): FoldStatement {
  const some = (fact: FoldStatement['said']) => ({
    ...fact,
    witnessTimes: fact.witnessTimes.filter((_w, at) => keeps(at)),
  });
  const held = Object.entries(s.held).map(([party, fact]) => [party, some(fact)] as const);
  return { ...s, said: some(s.said), held: Object.fromEntries(held) };
}

it('judges concurrent acts alike whichever came first', () => {
  const two = fc.tuple(operation, operation);
  holds(fc.tuple(plan, two), ([one, [left, right]]) => {
    const usual = { after: 'heads', prior: 'honest', offices: 'enough', receipt: 10 } as const;
    const operations = one.operations.slice(0, 5).map((o) => ({ ...o, ...usual }));
    const fork = build({ ...one, operations }, '');
    const heads = fork.heads;
    const count = fork.statements.length;
    const [x, y] = [
      { ...left, ...usual, who: 0 },
      { ...right, ...usual, who: 1 },
    ];
    const h = build({ ...one, operations: [...operations, x, y] }, '');
    for (const s of h.statements.slice(count)) s.statement.after = heads;
    const last = h.statements.slice(count).toReversed();
    const swapped = h.input({ statements: [...last, ...h.statements.slice(0, count)] });
    expect(digests(swapped)).toEqual(digests(h.input()));
  });
});

it('gives the same state for other nonces, after every id is renamed', () => {
  holds(plan, (one) => {
    const [first, second] = [build(one, 'one'), build(one, 'two')];
    expect(renamed(fold(first.input()), first)).toBe(renamed(fold(second.input()), second));
  });
});

/** Replaces ids by their place in the plan and sorts what is sorted by id. */
function renamed(state: DocketState, h: History): string {
  const names = new Map(h.statements.map(({ id }, at) => [id, `statement ${at}`]));
  for (const one of Object.values(state.obligations)) {
    const by = names.get(one.createdBy) ?? '';
    names.set(one.id, `${one.rule} ${by} ${one.owedBy} ${one.owedTo}`);
  }
  const rename = (value: unknown): JsonValue => {
    if (typeof value === 'string') return names.get(value) ?? value;
    if (Array.isArray(value)) {
      const list = value.map(rename);
      return list.every((item) => typeof item === 'string') ? list.sort() : list;
    }
    if (typeof value !== 'object' || value === null) return value as JsonValue;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [names.get(key) ?? key, rename(item)]),
    );
  };
  return canonicalJson(rename(state));
}

it('lets a void act change nothing else', () => {
  holds(fc.tuple(plan, fc.nat(5), fc.boolean()), ([one, how, heads]) => {
    const h = build(one, '');
    const before = fold(h.input());
    const from = h.parties[how % h.parties.length];
    if (from === undefined) return;
    const fault = [
      { kind: 'made.up', body: {} },
      { kind: 'incident.acknowledge', body: { wrong: 1 } },
      { kind: 'incident.notify', body: bodies.notify },
      { kind: 'obligation.waive', body: { obligation: '00'.repeat(32) } },
      { kind: 'incident.retract', body: { reason: 'mistaken' }, offices: [] },
      { kind: 'allegation.withdraw', body: { reason: 'settled' }, to: [] },
    ][how] ?? { kind: 'made.up', body: {} };
    const id = h.say({ from, ...fault, ...(heads ? {} : { after: [] }) });
    const after = structuredClone(fold(h.input({ statements: [...h.statements] })));
    const waits = waitingIn(h.input()).some((waiting) => waiting.id === id);
    if (!waits) expect(after.acts[id]?.effect).toBe('void');
    const { [id]: _void, ...acts } = after.acts;
    expect({ ...after, acts }).toEqual(before);
  });
});

it('lets better proofs only correct what was provisional, and times only become earlier', () => {
  holds(fc.tuple(plan, fc.nat(1_000_000), fc.nat(7200)), ([one, random, earlier]) => {
    const h = build(one, '');
    const worse = h.statements.map((s, at) =>
      withoutWitnesses(s, (random >> at) % 2 === 0, earlier),
    );
    const before = fold(h.input({ statements: worse }));
    const after = fold(h.input({ statements: [...h.statements] }));
    for (const [id, act] of Object.entries(before.acts)) {
      const now = after.acts[id];
      expect(now?.effect === 'waiting').toBe(act.effect === 'waiting');
      if (!act.said.provisional) {
        expect(now?.said.provisional).toBe(false);
        expect(now?.said.at ?? 0).toBeLessThanOrEqual(act.said.at ?? 0);
      }
      for (const [party, towards] of Object.entries(act.towards)) {
        if (towards.provisional || towards.at === null) continue;
        const then = now?.towards[party];
        expect(then?.provisional).toBe(false);
        expect(then?.at ?? 0).toBeLessThanOrEqual(towards.at);
      }
    }
  });
});

/** Takes witnesses away, or makes their times later. */
function withoutWitnesses(s: FoldStatement, all: boolean, later: number): FoldStatement {
  const worse = (fact: FoldStatement['said']) => ({
    ...fact,
    witnessTimes: all ? [] : fact.witnessTimes.map((w) => ({ ...w, time: w.time + later })),
  });
  const held = Object.entries(s.held).map(([party, fact]) => [party, worse(fact)] as const);
  return { ...s, said: worse(s.said), held: Object.fromEntries(held) };
}
