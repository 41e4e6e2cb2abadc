/** What came of the exercise: counted on both sides, compared docket by docket. */
import type { ShownDocket } from '@comity/node';
import { partyNames } from './cast.ts';
import type { PartyName } from './cast.ts';
import type { Houses } from './houses.ts';
import { until } from './until.ts';

export interface DocketReport {
  docket: string;
  type: string;
  subject: string;
  state: string;
  /** State digest by participant, of a channel when they were last seen equal. */
  digests: { [party: string]: string };
  equal: boolean;
}

export interface ExerciseReport {
  exercise: true;
  parties: { name: string; party: string; home: string; exchange: string; api: string | null }[];
  /** Addressed statements, heartbeats and credentials not counted. */
  statements: number;
  receipted: number;
  refused: number;
  void: number;
  dockets: DocketReport[];
  seconds: number;
}

const settleTimeoutMs = 60_000;
/** Machines' own acts are not counted as statements of the exercise. */
const uncounted = new Set(['channel.test', 'channel.refuse']);

interface Seen {
  name: PartyName;
  shown: ShownDocket;
}

/** Waits until every statement has its receipt or refusal and the digests agree, then counts. */
export async function report(houses: Houses, startedAtMs: number): Promise<ExerciseReport> {
  const equalBefore = new Map<string, DocketReport>();
  let last = withEqual(await look(houses, startedAtMs), equalBefore);
  await until('receipts and equal digests on all sides', settleTimeoutMs, async () => {
    last = withEqual(await look(houses, startedAtMs), equalBefore);
    return isSettled(last);
  }).catch(() => undefined);
  return last;
}

/**
 * Heartbeats move a channel while its sides are looked at one after another: what counts for it is
 * the last time that they were seen equal, with the digests of then.
 */
function withEqual(found: ExerciseReport, equalBefore: Map<string, DocketReport>): ExerciseReport {
  const dockets = found.dockets.map((one) => {
    if (one.type !== 'channel') return one;
    if (one.equal) equalBefore.set(one.docket, one);
    return equalBefore.get(one.docket) ?? one;
  });
  return { ...found, dockets };
}

/** Every addressed statement received or refused, and every docket equal. */
export function isSettled(found: ExerciseReport): boolean {
  return (
    found.receipted + found.refused === found.statements &&
    found.dockets.every(({ equal }) => equal)
  );
}

/** Counts as things stand now. */
async function look(houses: Houses, startedAtMs: number): Promise<ExerciseReport> {
  const seen: Seen[] = [];
  for (const name of partyNames) {
    const { desk } = houses[name];
    for (const { docket } of await desk.dockets()) {
      seen.push({ name, shown: await desk.docket(docket) });
    }
  }
  const byDocket = Map.groupBy(seen, ({ shown }) => shown.docket);
  const dockets = [...byDocket.values()].map(docketReport);
  dockets.sort((a, b) => (a.docket < b.docket ? -1 : 1));
  const own = seen
    .filter(({ shown }) => shown.state !== 'unfolded')
    .flatMap(({ shown }) => shown.statements)
    .filter((statement) => statement.own && !uncounted.has(statement.kind));
  return {
    exercise: true,
    parties: partyNames.map((name) => {
      const { displayName, party, home, process } = houses[name];
      return { name: displayName, party, home, exchange: process.exchange, api: process.api };
    }),
    statements: own.length,
    receipted: own.filter(({ delivery }) => delivery.every(({ state }) => state === 'received'))
      .length,
    refused: own.filter(({ delivery }) => isRefused(delivery)).length,
    void: own.filter(({ act, delivery }) => act === 'void' && !isRefused(delivery)).length,
    dockets,
    seconds: Math.round((Date.now() - startedAtMs) / 100) / 10,
  };
}

function isRefused(delivery: readonly { state: string }[]): boolean {
  return delivery.some(({ state }) => state === 'refused');
}

function docketReport(seen: readonly Seen[]): DocketReport {
  const digests = Object.fromEntries(seen.map(({ name, shown }) => [name, shown.stateDigest]));
  const first = seen[0]?.shown;
  if (first === undefined) throw new Error('a docket that nobody has');
  const { docket, type, subject, state, participants } = first;
  const equal = new Set(Object.values(digests)).size === 1 && seen.length === participants.length;
  return { docket, type, subject, state, digests, equal };
}
