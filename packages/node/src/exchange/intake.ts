/**
 * Taking in a pouch, on whichever route it came (protocol.md, Intake).
 *
 * In this order: seal and manifest; credentials; delegations; all other statements; then, in one
 * transaction, what the pouch says of logs, receipts, cosignatures and requests. Everything is
 * idempotent: a pouch that comes twice, or was cut, leaves what it would have left once.
 */
import { decodeBase64, failure, success } from '@comity/record';
import type { PouchRecord, Result } from '@comity/record';
import type { EntryRun, HeldJob } from '../log/jobs.ts';
import type { PartyState } from '../store/schema.ts';
import type { ExchangeDeps } from './deps.ts';
import { docketsOfParties } from './docket-marks.ts';
import { readEnvelope } from './envelope-checks.ts';
import type { ReadEnvelope } from './envelope-checks.ts';
import type { HeartbeatHeard } from './heartbeats.ts';
import type { IdLocks } from './id-locks.ts';
import { contextFor, stateOf } from './intake-context.ts';
import type { IntakeContext } from './intake-context.ts';
import { openPouch } from './open-pouch.ts';
import type { OpenedPouch, OpenFailure } from './open-pouch.ts';
import type { Opening } from './opening.ts';
import { takeOwnStatements } from './own-statements.ts';
import type { OwnTaken } from './own-statements.ts';
import { makeProofChecks } from './proof-checks.ts';
import type { ProofChecks } from './proof-checks.ts';
import { digestsPerPouchMax, unaskedPerSenderMax } from './limits.ts';
import type { RateLimits } from './rate-limits.ts';
import type { DigestsRecord } from './reconcile.ts';
import { refuseAll, sendAgainAll } from './refusals.ts';
import type { Refused } from './refusals.ts';
import type { Sealing } from './sealing.ts';
import { takeSideRecords } from './side-records.ts';
import { makeSlots } from './slots.ts';
import { takeAllCredentials } from './take-credentials.ts';
import type { CredentialsTaken } from './take-credentials.ts';
import { nothingTaken, takeStatements } from './take-statements.ts';
import type { StatementsTaken } from './take-statements.ts';

export type IntakeDeps = Omit<ExchangeDeps, 'rate'> & {
  sealing: Sealing;
  rate: RateLimits;
  locks: IdLocks;
};

/** What came of a pouch. */
export interface IntakeReport {
  sender: string;
  /** How the pairing stands now, after what the pouch said. */
  state: PartyState;
  sequence: number;
  nonce: string;
  /** False for a pouch that was cut, or has more than is worked on: it is to come again. */
  complete: boolean;
  records: number;
  taken: string[];
  duplicates: string[];
  refused: Refused[];
  ignored: number;
  /** Our statements that the sender now provably holds. */
  receipts: string[];
  /** Sequence of the pouch of ours that this one answers, or null. */
  answers: number | null;
  /** Parties whose queues have something new. */
  kick: string[];
  /** Statements taken in that have recipients besides us. */
  manySided: { id: string; others: string[] }[];
  /** Heartbeats and digests to compare once dockets are folded, and what was said of our own log. */
  compare: { tests: HeartbeatHeard[]; digests: DigestsRecord[] };
  ownLog: { notes: string[]; entries: EntryRun[] };
}

export interface Intake {
  /**
   * `unasked` is the line in which a pouch that came unasked waits to be opened. A sender has only
   * so many of these taken in, or waiting for it, at a time; one more is `busy`.
   */
  takeIn(sealed: Uint8Array, unasked?: Opening): Promise<Result<IntakeReport, OpenFailure>>;
  /** Pouches that were turned away, by reason; strangers get nothing more than this. */
  counters(): ReadonlyMap<string, number>;
}

/** The intake of one node. */
export function makeIntake(deps: IntakeDeps): Intake {
  const counters = new Map<string, number>();
  const turns = makeTurns();
  const slots = makeSlots(Infinity, unaskedPerSenderMax);
  const count = (reason: string) => counters.set(reason, (counters.get(reason) ?? 0) + 1);
  return {
    counters: () => counters,
    async takeIn(sealed, unasked) {
      const opened = await openPouch({ ...deps, sealing: unasked ?? deps.sealing }, sealed);
      if (!opened.ok) {
        count(opened.code);
        return failure(opened.code, opened.path);
      }
      const { sender, pouch } = opened.value;
      const reads = pouch.records.flatMap((record) =>
        record.type === 'envelope' ? [readEnvelope(record)] : [],
      );
      const ids = [...new Set(reads.map((read) => read.id))].sort();
      const work = () => deps.locks.hold(ids, () => takeOpened(deps, opened.value, reads));
      const release = unasked === undefined ? () => undefined : slots.take(sender);
      if (release === null) {
        count('busy');
        return failure('busy', sender);
      }
      const report = await turns.take(sender, work).finally(release);
      if (report.ignored > 0) count('ignored-statement');
      return success(report);
    },
  };
}

/**
 * One pouch of a sender after another, in the order in which they were opened: a sender has several
 * in flight, and what one brings (parents, credentials) the next may rest on.
 */
function makeTurns(): { take<T>(sender: string, work: () => Promise<T>): Promise<T> } {
  const last = new Map<string, Promise<unknown>>();
  return {
    async take(sender, work) {
      const mine = (last.get(sender) ?? Promise.resolve()).then(work);
      const ended = mine.catch(() => undefined);
      last.set(sender, ended);
      try {
        return await mine;
      } finally {
        if (last.get(sender) === ended) last.delete(sender);
      }
    },
  };
}

/** What the statements of a pouch came to, kind by kind. */
interface AllTaken {
  own: OwnTaken;
  parties: CredentialsTaken;
  delegations: StatementsTaken;
  others: StatementsTaken;
  context: IntakeContext;
  proofs: ProofChecks;
  /** Dockets of parties whose credentials or delegations changed. */
  dockets: string[];
}

async function takeOpened(
  deps: IntakeDeps,
  opened: OpenedPouch,
  reads: readonly ReadEnvelope[],
): Promise<IntakeReport> {
  const { sender } = opened;
  const all = await takeAll(deps, opened, reads);
  const { own, parties, delegations, others } = all;
  const ask = [...delegations.ask, ...others.ask];
  const side = await takeSideRecords(deps, opened, { ...all, ask });
  const state = await stateOf(deps, sender);
  const refused = state === 'confirmed' ? await refuseEverything(deps, opened, all) : [];
  const dockets = new Set([...all.dockets, ...own.dockets, ...others.dockets, ...side.dockets]);
  for (const { docket } of refused) dockets.add(docket);
  dockets.delete('');
  if (dockets.size > 0) deps.docketsChanged([...dockets]);
  for (const id of side.receipts) deps.notify({ type: 'receipt', id, by: sender });
  const jobs = [...delegations.taken, ...others.taken];
  return {
    ...reportOf(deps.keys.party, opened, state, others.taken),
    complete: opened.pouch.complete && !side.overfull,
    taken: [...own.recovered, ...parties.taken, ...jobs.map((job) => job.id)],
    duplicates: [...parties.duplicates, ...delegations.duplicates, ...others.duplicates],
    refused,
    ignored: own.ignored + parties.ignored + delegations.ignored + others.ignored,
    receipts: side.receipts,
    answers: side.answers,
    kick: [...new Set([sender, ...side.kick, ...jobs.flatMap((job) => job.receiptTo)])],
  };
}

/** Credentials, delegations and then everything else: the first decide whose signatures count. */
async function takeAll(
  deps: IntakeDeps,
  opened: OpenedPouch,
  reads: readonly ReadEnvelope[],
): Promise<AllTaken> {
  const { sender } = opened;
  const self = { party: deps.keys.party, exercise: deps.keys.exercise };
  const confirmed = opened.state === 'confirmed';
  const { mine, ofParties, delegating, rest } = sortReads(self.party, reads);
  const from = { party: sender, confirmed };
  const parties = await takeAllCredentials({ ...deps, self }, from, ofParties, rest);
  const proofs = makeProofChecks();
  const before =
    delegating.length === 0 ? null : await contextFor(deps, opened, delegating, proofs);
  const delegations =
    before === null ? nothingTaken() : await takeStatements(deps, before, delegating);
  const context = await contextFor(deps, opened, rest, proofs);
  const others = await takeStatements(deps, context, rest);
  const own = await takeOwnStatements(deps, sender, confirmed ? mine : []);
  const changed = new Set(delegations.taken.map((job) => job.author));
  for (const read of ofParties) {
    if (read.author !== null && parties.taken.includes(read.id)) changed.add(read.author);
  }
  const dockets = changed.size === 0 ? [] : await docketsOfParties(deps.store.reader, [...changed]);
  return { own, parties, delegations, others, context, proofs, dockets };
}

function sortReads(self: string, reads: readonly ReadEnvelope[]) {
  const sorted: { [list in 'mine' | 'ofParties' | 'delegating' | 'rest']: ReadEnvelope[] } = {
    mine: [],
    ofParties: [],
    delegating: [],
    rest: [],
  };
  for (const read of reads) {
    const kind = read.parsed.ok ? read.parsed.value.statement.kind : '';
    if (read.author === self) sorted.mine.push(read);
    else if (kind === 'party.credentials') sorted.ofParties.push(read);
    else if (kind === 'party.delegate') sorted.delegating.push(read);
    else sorted.rest.push(read);
  }
  return sorted;
}

/** The part of the report that the pouch alone gives. */
function reportOf(self: string, opened: OpenedPouch, state: PartyState, taken: readonly HeldJob[]) {
  const { sender, pouch } = opened;
  const { manifest, records } = pouch;
  const confirmed = state === 'confirmed';
  return {
    sender,
    state,
    sequence: manifest.sequence,
    nonce: manifest.nonce,
    records: records.length,
    manySided: taken.flatMap(({ id, statement }) => {
      const others = statement.to.filter((party) => party !== self && party !== sender);
      return others.length === 0 ? [] : [{ id, others }];
    }),
    compare: {
      tests: confirmed ? heartbeatsHeard(taken) : [],
      digests: confirmed
        ? records.filter((each) => each.type === 'digests').slice(0, digestsPerPouchMax)
        : [],
    },
    ownLog: ownLogStated(self, records),
  };
}

/** The newest heartbeat of each author: it stands for those before it. */
function heartbeatsHeard(taken: readonly HeldJob[]): HeartbeatHeard[] {
  const newest = new Map<string, HeldJob>();
  for (const job of taken) {
    if (job.statement.kind !== 'channel.test') continue;
    const known = newest.get(job.author);
    if (known === undefined || job.said.index > known.said.index) newest.set(job.author, job);
  }
  return [...newest.values()].map(({ id, author, statement }) => {
    return { id, party: author, body: statement.body };
  });
}

/** What a pouch says of our own log: needed after a restore, and never without interest. */
function ownLogStated(
  self: string,
  records: readonly PouchRecord[],
): { notes: string[]; entries: EntryRun[] } {
  const notes: string[] = [];
  const entries: EntryRun[] = [];
  for (const record of records) {
    if (record.type === 'checkpoint' && record.party === self) notes.push(record.note);
    if (record.type !== 'entries' || record.party !== self) continue;
    const data = decodeBase64(record.data);
    if (data === null) continue;
    const list: Uint8Array[] = [];
    for (let at = 0; at < data.length; at += 32) list.push(data.slice(at, at + 32));
    entries.push({ start: record.start, entries: list });
  }
  return { notes, entries };
}

async function refuseEverything(
  deps: IntakeDeps,
  opened: OpenedPouch,
  taken: AllTaken,
): Promise<Refused[]> {
  const coming = { envelope: { payload: new Uint8Array(), payloadType: '', signatures: [] } };
  const nothing = { coming: { ...coming, said: '', anchorLines: [] }, statement: null };
  const nobody = { ...nothing, author: null, said: null };
  const { parties, delegations, others } = taken;
  const all = [...parties.refuse, ...delegations.refuse, ...others.refuse];
  for (const id of opened.tooLarge) {
    all.push({ outcome: 'refuse', id, code: 'too-large', ...nobody });
  }
  const unreadable = opened.pouch.bad.length > opened.tooLarge.length;
  if (unreadable) all.push({ outcome: 'refuse', id: opened.digest, code: 'unreadable', ...nobody });
  await sendAgainAll(deps, opened.sender, others.refusedBefore);
  return refuseAll(deps, opened.sender, all);
}
