/**
 * Taking in the statements of one pouch (protocol.md, Intake): those of parties first (credentials
 * decide whose signatures count), then all others with one batch of signature checks, one batch of
 * `held` entries, and one transaction for what follows from them.
 */
import { encodeHex, signatureListDigest, verifySignatures } from '@comity/record';
import type { HeldJob } from '../log/jobs.ts';
import type { StoreTransaction } from '../store/store.ts';
import type { ExchangeDeps } from './deps.ts';
import { conclude, othersIn, prepare, takesReserve } from './envelope-checks.ts';
import type {
  DueRefusal,
  EnvelopeContext,
  PendingEnvelope,
  ReadEnvelope,
} from './envelope-checks.ts';
import { completeAnchorLines } from './anchor-lines.ts';
import { markDirty } from '../dockets/dirty.ts';
import { keepDoubleSaid } from './double-said.ts';
import { docketsOf } from './follow-ups.ts';
import { queueItems } from './outbox.ts';
import type { RateLimits } from './rate-limits.ts';
import { statementsKnown } from './statements-known.ts';
import type { KnownStatement } from './statements-known.ts';

export type TakingDeps = Pick<
  ExchangeDeps,
  'store' | 'sequencer' | 'keys' | 'clock' | 'notify' | 'log'
> & { rate: RateLimits };

export interface StatementsTaken {
  taken: HeldJob[];
  duplicates: string[];
  refuse: DueRefusal[];
  /** Refused before and sent again: our refusal goes out again. */
  refusedBefore: string[];
  /** Credentials of authors whose statements cannot be judged yet. */
  ask: string[];
  ignored: number;
  dockets: string[];
  /** True while our log is blocked after a restore: what came is kept and logged later. */
  parked: boolean;
}

/** What has come of no statements. */
export function nothingTaken(): StatementsTaken {
  return {
    taken: [],
    duplicates: [],
    refuse: [],
    refusedBefore: [],
    ask: [],
    ignored: 0,
    dockets: [],
    parked: false,
  };
}

/** Judges and logs what came; receipts are then in the queues of those who get them. */
export async function takeStatements(
  deps: TakingDeps,
  context: EnvelopeContext,
  reads: readonly ReadEnvelope[],
): Promise<StatementsTaken> {
  const result = nothingTaken();
  const known = await statementsKnown(
    deps.store.reader,
    reads.map((read) => read.id),
  );
  const again: { read: ReadEnvelope; known: KnownStatement }[] = [];
  const pending: PendingEnvelope[] = [];
  const seen = new Set<string>();
  for (const read of reads) {
    if (seen.has(read.id)) continue;
    seen.add(read.id);
    const before = known.get(read.id);
    if (before !== undefined) {
      again.push({ read, known: before });
      continue;
    }
    const prepared = prepare(context, read);
    if (prepared.outcome === 'pending') pending.push(prepared);
    else if (prepared.outcome === 'refuse') result.refuse.push(prepared);
    else if (prepared.outcome === 'ask') result.ask.push(prepared.credentials);
    else result.ignored += 1;
  }
  const jobs = await concludeAll(deps, context, pending, result);
  await logHeld(deps, jobs, result);
  await afterHeld(deps, context, again, result);
  return result;
}

/** One batch of signature checks for the whole pouch, on the thread pool. */
async function concludeAll(
  deps: TakingDeps,
  context: EnvelopeContext,
  pending: readonly PendingEnvelope[],
  result: StatementsTaken,
): Promise<HeldJob[]> {
  const verified = await verifySignatures(pending.flatMap((each) => each.checks));
  const jobs: HeldJob[] = [];
  const askable = await counterparts(deps);
  let start = 0;
  for (const each of pending) {
    const end = start + each.checks.length;
    const concluded = conclude(context, each, verified.slice(start, end));
    start = end;
    if (concluded.outcome === 'ignore') result.ignored += 1;
    if (concluded.outcome === 'refuse') result.refuse.push(concluded);
    if (concluded.outcome !== 'take') continue;
    const { id, statement, coming, author, said } = each;
    if (!deps.rate.allow(author, takesReserve(statement))) {
      const code = 'rate-limited';
      result.refuse.push({ outcome: 'refuse', id, code, coming, statement, author, said });
      continue;
    }
    const others = othersIn(statement, author, context.self);
    const receiptTo = others.filter((party) => askable.has(party));
    // What was passed on by another is received towards that one too, or it would send it again.
    if (!receiptTo.includes(context.sender)) receiptTo.push(context.sender);
    jobs.push({ ...concluded.job, receiptTo });
  }
  return jobs;
}

async function counterparts(deps: TakingDeps): Promise<Set<string>> {
  const rows = await deps.store.reader
    .selectFrom('parties')
    .select('id')
    .where('state', 'in', ['added', 'confirmed', 'numbers-differ'])
    .execute();
  return new Set(rows.map((row) => row.id));
}

async function logHeld(deps: TakingDeps, jobs: HeldJob[], result: StatementsTaken): Promise<void> {
  if (jobs.length === 0) return;
  const logged = await deps.sequencer.held(jobs);
  if (logged.ok) {
    result.taken = jobs;
    return;
  }
  // Parked jobs are logged when the block ends; until then their authors send them again.
  result.parked = true;
}

/** What follows from what was logged, and the answers to what was there already. */
async function afterHeld(
  deps: TakingDeps,
  context: EnvelopeContext,
  again: readonly { read: ReadEnvelope; known: KnownStatement }[],
  result: StatementsTaken,
): Promise<void> {
  const dockets = new Set(result.taken.map((job) => job.docket));
  if (again.length > 0) {
    const now = deps.clock.now();
    await deps.store.transact(async (tx) => {
      const changed: string[] = [];
      for (const { read, known } of again) {
        changed.push((await answerAgain(tx, context, read, known, result, now)) ?? '');
      }
      await markDirty(tx, changed);
      for (const docket of changed) dockets.add(docket);
    });
  }
  const refused = result.taken.flatMap(({ statement: { kind, body } }) =>
    kind === 'channel.refuse' && typeof body['refused'] === 'string' ? [body['refused']] : [],
  );
  for (const docket of await docketsOf(deps.store.reader, refused)) dockets.add(docket);
  result.dockets = [...dockets].filter((docket) => docket !== '');
  for (const { id, docket, author, statement } of result.taken) {
    if (statement.kind === 'channel.pair') deps.notify({ type: 'channel', party: author });
    deps.notify({ type: 'statement', id, docket, own: false });
  }
}

/**
 * The same statement again: the same receipt or refusal; another signature list is evidence. Gives
 * the docket whose inputs it changed, or null.
 */
async function answerAgain(
  tx: StoreTransaction,
  context: EnvelopeContext,
  read: ReadEnvelope,
  known: KnownStatement,
  result: StatementsTaken,
  now: number,
): Promise<string | null> {
  const { id, coming } = read;
  if (known.own) {
    result.ignored += 1;
    return null;
  }
  if (known.refused !== null) result.refusedBefore.push(id);
  else result.duplicates.push(id);
  if (known.held) {
    await queueItems(tx, [{ party: context.sender, item: 'receipt', ref: id, lane: 0 }], now);
  }
  if (known.listDigest !== encodeHex(signatureListDigest(coming.envelope.signatures))) {
    return keepDoubleSaid(tx, context, read, known, now);
  }
  return completeAnchorLines(tx, read, known);
}
