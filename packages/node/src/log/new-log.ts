/**
 * Beginning another log where one has ended: our next credentials are its entry 0 and state the old
 * log's final size (rulings.md, 8). From then on everything is logged there.
 */
import {
  failure,
  formatVkey,
  InvariantError,
  parseCredentialsBody,
  success,
  type NoteSigner,
  type Result,
} from '@comity/record';
import type { Clock } from '../context.ts';
import type { Store } from '../store/store.ts';
import { clearAlarm } from '../alarms.ts';
import { writeBatch, type FollowUp } from './batch.ts';
import type { EndedLog } from './ended-log.ts';
import { writeHighWater } from './high-water.ts';
import type { Logged, SaidJob } from './jobs.ts';
import { highWaterOf, loadLogState, type LogState } from './log-state.ts';
import { emptyEdge } from './tree.ts';

interface BeginDeps {
  store: Store;
  clock: Clock;
  ownAccountSigner: NoteSigner;
  highWaterPath: string;
  nextLogSigner?: () => NoteSigner | null;
  follow?: FollowUp;
}

/** `lastTime`: newest own-account time; it never goes back, whatever log it is in. */
interface LogBefore {
  ended: EndedLog;
  lastTime: number;
}

interface Begun {
  signer: NoteSigner;
  state: LogState;
  logged: Logged;
}

/** Whether these are credentials that move our log from the one that ended to `next`. */
function beginsLog(job: SaidJob, ended: EndedLog, next: NoteSigner): boolean {
  if (job.statement.kind !== 'party.credentials') return false;
  const body = parseCredentialsBody(job.statement.body);
  if (!body.ok) return false;
  const { origin, keys, previous } = body.value.log;
  return (
    origin === next.key.name &&
    keys.includes(formatVkey(next.key)) &&
    previous?.origin === ended.origin &&
    previous.size === ended.size
  );
}

/**
 * Logs the credentials as entry 0 of the new log. Crash windows: before the commit nothing happened,
 * and the same signatures begin it again; between commit and high-water record the database names
 * the new log and has one entry in it, which is where the next start goes on.
 */
export async function beginLog(
  deps: BeginDeps,
  { ended, lastTime }: LogBefore,
  job: SaidJob,
): Promise<Result<Begun, 'stale-draft' | 'double-said' | 'statements-awaited' | 'log-ended'>> {
  const { store, ownAccountSigner } = deps;
  const signer = deps.nextLogSigner?.() ?? null;
  if (signer === null || !beginsLog(job, ended, signer)) return failure('log-ended', ended.origin);
  const now = deps.clock.now();
  const time = Math.max(now, lastTime, 1);
  const waiting = { adopted: false, awaited: 0, parked: false, follow: deps.follow ?? null };
  const context = { edge: emptyEdge, logSigner: signer, ownAccountSigner, now, time, ...waiting };
  const logged = await store.transact(async (tx) => {
    // In the first lane: without it counterparts cannot read what else is in our pouches.
    const { results } = await writeBatch(tx, context, [{ role: 'said', job: { ...job, lane: 0 } }]);
    const [result] = results;
    if (result?.ok !== true) return result;
    // What others confirmed was of the log that ended.
    await tx.updateTable('channels').set({ our_size_confirmed: 0 }).execute();
    await clearAlarm(tx, { code: 'log-ended', party: null, about: ended.origin }, now);
    return result;
  });
  if (logged === undefined) throw new InvariantError('a batch without a result');
  if (!logged.ok) return logged;
  const state = await loadLogState(store.reader, signer.key, ownAccountSigner.key);
  if (state.newest !== null) {
    await writeHighWater(deps.highWaterPath, highWaterOf(state.newest));
  }
  return success({ signer, state, logged: logged.value });
}
