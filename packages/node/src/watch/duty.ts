/**
 * What a duty officer must not miss: obligations of ours that are overdue, as alarms. Whoever clears
 * such an alarm has seen it, so it is not raised again; one whose obligation is met, waived or
 * extended is over by itself, and comes again with the next due time that passes.
 */
import { sql } from 'kysely';
import { alarmId, raiseAlarm } from '../alarms.ts';
import type { AlarmName } from '../alarms.ts';
import type { EventHub } from '../api/events.ts';
import type { Clock, LogLine } from '../context.ts';
import type { After } from '../exchange/deps.ts';
import { sqlListMax } from '../exchange/limits.ts';
import type { Store, StoreReader } from '../store/store.ts';

export interface DutyDeps {
  store: Store;
  self: string;
  hub: Pick<EventHub, 'subscribe' | 'notify'>;
  clock: Clock;
  after: After;
  log: LogLine;
}

export interface Duty {
  /** Looks at due times from now on, again and again. */
  start(): void;
  /** Resolves when everything that changed was looked at. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

interface Finding extends AlarmName {
  detail: string;
}

const collectMilliseconds = 200;
const lookEveryMilliseconds = 15_000;
const findingsMax = 200;
/** Begins the detail of an alarm that was over before a person cleared it. */
const overWords = 'no longer overdue: ';

/**
 * Watches due times, and what folding changes of them. A change that is missed at close is found at
 * the next start, since due times are in the store.
 */
export function watchDuty(deps: DutyDeps): Duty {
  const timers = new Map<number, () => void>();
  let changed = false;
  let running: Promise<void> | null = null;
  let closed = false;
  let watching = false;

  const disarm = (): void => {
    for (const cancel of timers.values()) cancel();
    timers.clear();
  };
  const look = async (): Promise<void> => {
    changed = false;
    try {
      await lookAt(deps);
    } catch (error) {
      changed = true;
      throw error;
    }
  };
  const run = (): Promise<void> => {
    disarm();
    let wait = lookEveryMilliseconds;
    running ??= look()
      .then(() => {
        if (changed) wait = collectMilliseconds;
      })
      .finally(() => {
        running = null;
        if (changed || watching) schedule(wait);
      });
    return running;
  };
  // A timer that is armed stays as it is: under a steady flow of changes it would never come.
  const schedule = (milliseconds: number): void => {
    if (closed || timers.has(milliseconds)) return;
    const cancel = deps.after(milliseconds, () => {
      run().catch((error: unknown) => {
        deps.log('error', 'what is overdue could not be looked at', { error: String(error) });
      });
    });
    timers.set(milliseconds, cancel);
  };
  const stop = deps.hub.subscribe((event) => {
    if (event.type !== 'docket') return;
    changed = true;
    if (running === null) schedule(collectMilliseconds);
  });
  return {
    start() {
      watching = true;
      schedule(collectMilliseconds);
    },
    async settled() {
      while (running !== null || changed) await run();
    },
    async close() {
      closed = true;
      stop();
      disarm();
      await running?.catch(() => undefined);
    },
  };
}

async function lookAt({ store, self, clock, hub, log }: DutyDeps): Promise<void> {
  const now = clock.now();
  const overdue = await overdueNow(store.reader, self, now);
  const raised = await raiseNew(store, overdue, now);
  await takeBack(store, new Set(overdue.map(alarmId)), now);
  for (const finding of raised) {
    log('warn', 'OVERDUE', { what: finding.detail });
    hub.notify({ type: 'alarm', id: alarmId(finding) });
  }
}

async function overdueNow(reader: StoreReader, self: string, now: number): Promise<Finding[]> {
  const rows = await reader
    .selectFrom('obligations')
    .select(['id', 'docket', 'owed_to', 'what', 'due'])
    .where('state', '=', 'running')
    .where('due', '<', now)
    .where('owed_by', '=', self)
    .orderBy('due')
    .limit(findingsMax)
    .execute();
  return rows.map((row) => {
    const due = new Date(Number(row.due) * 1000).toISOString().slice(0, 19).replace('T', ' ');
    const detail = `we owe: ${row.what}, due ${due} UTC, docket ${row.docket.slice(0, 12)}`;
    // Another due time is another overdue, which nobody has cleared yet.
    return { code: 'overdue', about: `${row.id} ${row.due}`, party: row.owed_to, detail };
  });
}

/** Raises those that were never raised or that were over; what a person cleared stays cleared. */
async function raiseNew(
  store: Store,
  findings: readonly Finding[],
  now: number,
): Promise<Finding[]> {
  if (findings.length === 0) return [];
  const rows = await store.reader
    .selectFrom('alarms')
    .select(['id', 'detail', 'cleared_at'])
    .where('id', 'in', findings.map(alarmId))
    .execute();
  const kept = new Set(
    rows
      .filter((row) => row.cleared_at === null || !row.detail.startsWith(overWords))
      .map(({ id }) => id),
  );
  const fresh = findings.filter((finding) => !kept.has(alarmId(finding)));
  if (fresh.length === 0) return [];
  await store.transact(async (tx) => {
    for (const finding of fresh) await raiseAlarm(tx, finding, now);
  });
  return fresh;
}

/** An alarm whose obligation is not overdue any more is over, says so, and may come again. */
async function takeBack(store: Store, overdue: ReadonlySet<string>, now: number): Promise<void> {
  if (overdue.size >= findingsMax) return;
  const rows = await store.reader
    .selectFrom('alarms')
    .select('id')
    .where('code', '=', 'overdue')
    .where('cleared_at', 'is', null)
    .execute();
  const over = rows.map(({ id }) => id).filter((id) => !overdue.has(id));
  if (over.length === 0) return;
  await store.transact(async (tx) => {
    for (let start = 0; start < over.length; start += sqlListMax) {
      await tx
        .updateTable('alarms')
        .set({ cleared_at: now, detail: sql<string>`${overWords} || detail` })
        .where('id', 'in', over.slice(start, start + sqlListMax))
        .where('cleared_at', 'is', null)
        .execute();
    }
  });
}
