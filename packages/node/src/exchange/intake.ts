/**
 * Taking in a pouch, on whichever route it came (protocol.md, Intake).
 *
 * In this order: seal and manifest; credentials; delegations; all other statements; then, in one
 * transaction, what the pouch says of logs, receipts, cosignatures and requests. Everything is
 * idempotent: a pouch that comes twice, or was cut, leaves what it would have left once.
 */
import { decodeBase64, failure, success } from '@comity/record';
import type { Chain, PouchRecord, Result } from '@comity/record';
import { loadChain } from '../parties/chains.ts';
import type { PartyState } from '../store/schema.ts';
import type { StoreTransaction } from '../store/store.ts';
import { ensureChannel, setChannel } from './channels.ts';
import { checkCosignature, cosignerBook } from './cosignature-checks.ts';
import type { CheckedCosignature, CosignerBook } from './cosignature-checks.ts';
import { enterCosignatures } from './cosignatures.ts';
import { takeLogNews } from './counterpart-logs.ts';
import type { ExchangeDeps } from './deps.ts';
import { markDirty } from './docket-marks.ts';
import { readEnvelope } from './envelope-checks.ts';
import type { EnvelopeContext, KnownAuthor, ReadEnvelope } from './envelope-checks.ts';
import type { IdLocks } from './id-locks.ts';
import { cosignaturesPerPouchMax, proofsPerPouchMax } from './limits.ts';
import { askForMissing, noteMissing } from './missing.ts';
import { openPouch } from './open-pouch.ts';
import { takeOwnStatements } from './own-statements.ts';
import type { OpenedPouch, OpenFailure } from './open-pouch.ts';
import { coverAnswered } from './outbox.ts';
import { answeredSequence, forgetNonce, rememberHeard } from './pouch-nonces.ts';
import { makeProofChecks } from './proof-checks.ts';
import type { ProofChecks } from './proof-checks.ts';
import { checkProofRecords, storeProofs } from './proofs-taken.ts';
import type { RateLimits } from './rate-limits.ts';
import { reconcile } from './reconcile.ts';
import type { DigestsRecord } from './reconcile.ts';
import type { HeartbeatHeard } from './heartbeats.ts';
import type { EntryRun, HeldJob } from '../log/jobs.ts';
import { refuseAll, sendAgainAll } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { answerRequests } from './requests.ts';
import type { Sealing } from './sealing.ts';
import { takeAllCredentials } from './take-credentials.ts';
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
  /** False for a pouch that was cut: what was whole is taken in. */
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
  takeIn(sealed: Uint8Array): Promise<Result<IntakeReport, OpenFailure>>;
  /** Pouches that were turned away, by reason; strangers get nothing more than this. */
  counters(): ReadonlyMap<string, number>;
}

/** The intake of one node. */
export function makeIntake(deps: IntakeDeps): Intake {
  const counters = new Map<string, number>();
  const count = (reason: string) => counters.set(reason, (counters.get(reason) ?? 0) + 1);
  return {
    counters: () => counters,
    async takeIn(sealed) {
      const opened = await openPouch(deps, sealed);
      if (!opened.ok) {
        count(opened.code);
        return failure(opened.code, opened.path);
      }
      const reads = opened.value.pouch.records.flatMap((record) =>
        record.type === 'envelope' ? [readEnvelope(record)] : [],
      );
      const ids = [...new Set(reads.map((read) => read.id))].sort();
      const report = await deps.locks.hold(ids, () => takeOpened(deps, opened.value, reads));
      if (report.ignored > 0) count('ignored-statement');
      return success(report);
    },
  };
}

async function takeOpened(
  deps: IntakeDeps,
  opened: OpenedPouch,
  reads: readonly ReadEnvelope[],
): Promise<IntakeReport> {
  const { sender, pouch } = opened;
  const { manifest, records } = pouch;
  const mine = reads.filter((read) => read.author === deps.keys.party);
  const theirs = reads.filter((read) => read.author !== deps.keys.party);
  const kindOf = (read: ReadEnvelope) => (read.parsed.ok ? read.parsed.value.statement.kind : '');
  const credentials = theirs.filter((read) => kindOf(read) === 'party.credentials');
  const delegations = theirs.filter((read) => kindOf(read) === 'party.delegate');
  const others = theirs.filter(
    (read) => !credentials.includes(read) && !delegations.includes(read),
  );
  const self = { party: deps.keys.party, exercise: deps.keys.exercise };
  const confirmed = opened.state === 'confirmed';
  const parties = await takeAllCredentials(
    { ...deps, self },
    { party: sender, confirmed },
    credentials,
    others,
  );
  const proofs = makeProofChecks();
  const before =
    delegations.length === 0 ? null : await contextFor(deps, opened, delegations, proofs);
  const first = before === null ? nothingTaken() : await takeStatements(deps, before, delegations);
  const context = await contextFor(deps, opened, others, proofs);
  const second = await takeStatements(deps, context, others);
  const own = await takeOwnStatements(deps, sender, confirmed ? mine : []);
  const side = await takeSideRecords(deps, opened, context, proofs, [...first.ask, ...second.ask]);
  const due = [...parties.refuse, ...first.refuse, ...second.refuse];
  const stateNow = await stateOf(deps, sender);
  const refused = stateNow === 'confirmed' ? await refuseEverything(deps, opened, due, second) : [];
  const dockets = new Set([
    ...own.dockets,
    ...second.dockets,
    ...side.dockets,
    ...refused.map((each) => each.docket),
  ]);
  dockets.delete('');
  if (dockets.size > 0) deps.docketsChanged([...dockets]);
  for (const id of side.receipts) deps.notify({ type: 'receipt', id, by: sender });
  const kick = new Set([sender, ...side.kick]);
  for (const job of [...first.taken, ...second.taken]) job.receiptTo.forEach((to) => kick.add(to));
  return {
    sender,
    state: stateNow,
    sequence: manifest.sequence,
    nonce: manifest.nonce,
    complete: pouch.complete,
    records: records.length,
    taken: [
      ...own.recovered,
      ...parties.taken,
      ...[...first.taken, ...second.taken].map((job) => job.id),
    ],
    duplicates: [...parties.duplicates, ...first.duplicates, ...second.duplicates],
    refused,
    ignored: own.ignored + parties.ignored + first.ignored + second.ignored,
    receipts: side.receipts,
    answers: side.answers,
    kick: [...kick],
    manySided: second.taken.flatMap(({ id, statement }) => {
      const others = statement.to.filter((party) => party !== deps.keys.party && party !== sender);
      return others.length === 0 ? [] : [{ id, others }];
    }),
    compare: {
      tests: stateNow === 'confirmed' ? second.taken.flatMap(heartbeatHeard) : [],
      digests: stateNow === 'confirmed' ? records.filter((each) => each.type === 'digests') : [],
    },
    ownLog: ownLogStated(deps.keys.party, records),
  };
}

function heartbeatHeard(job: HeldJob): HeartbeatHeard[] {
  const { kind, body } = job.statement;
  return kind === 'channel.test' ? [{ id: job.id, party: job.author, body }] : [];
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

/** Chains and states of every author in these statements. */
async function contextFor(
  deps: IntakeDeps,
  opened: OpenedPouch,
  reads: readonly ReadEnvelope[],
  proofs: ProofChecks,
): Promise<EnvelopeContext & { chains: Map<string, KnownAuthor> }> {
  const chains = new Map<string, KnownAuthor>();
  const wanted = new Set([opened.sender]);
  for (const read of reads) if (read.author !== null) wanted.add(read.author);
  for (const record of opened.pouch.records) if (record.type === 'proof') wanted.add(record.party);
  for (const party of wanted) {
    const chain = await loadChain(deps.store.reader, party);
    const state = await stateOf(deps, party);
    if (chain !== null) chains.set(party, { chain, state });
  }
  return {
    self: deps.keys.party,
    exercise: deps.keys.exercise,
    sender: opened.sender,
    author: (party) => chains.get(party) ?? null,
    proofs,
    chains,
  };
}

async function stateOf(deps: IntakeDeps, party: string): Promise<PartyState> {
  const row = await deps.store.reader
    .selectFrom('parties')
    .select('state')
    .where('id', '=', party)
    .executeTakeFirst();
  return row?.state ?? 'introduced';
}

interface SideTaken {
  dockets: string[];
  receipts: string[];
  answers: number | null;
  kick: string[];
}

/** Logs, receipts, cosignatures, requests, digests: one transaction. None makes a log entry. */
async function takeSideRecords(
  deps: IntakeDeps,
  opened: OpenedPouch,
  context: EnvelopeContext & { chains: Map<string, KnownAuthor> },
  proofs: ProofChecks,
  ask: readonly string[],
): Promise<SideTaken> {
  const { sender, pouch } = opened;
  const of = <T extends PouchRecord['type']>(type: T) =>
    pouch.records.filter((each): each is Extract<PouchRecord, { type: T }> => each.type === type);
  const chainOf = (party: string): Chain | null => context.chains.get(party)?.chain ?? null;
  const checked = checkProofRecords(of('proof').slice(0, proofsPerPouchMax), chainOf, proofs);
  const book = await bookFor(deps, pouch.records);
  const cosignatures = checkAll(book, of('cosignature').slice(0, cosignaturesPerPouchMax));
  const chain = chainOf(sender) ?? opened.chain;
  const own = { party: deps.keys.party, origin: deps.keys.logSigner.key.name };
  const confirmed = context.chains.get(sender)?.state === 'confirmed';
  const now = deps.clock.now();
  const answers = await answeredSequence(deps.store.reader, sender, pouch.manifest.nonce);
  return deps.store.transact(async (tx): Promise<SideTaken> => {
    const stored = await storeProofs(tx, checked, now);
    const news = {
      sender,
      chain,
      checkpoints: of('checkpoint'),
      entries: of('entries'),
      seen: proofs.seen(),
    };
    const { witnessSigner } = deps.keys;
    const logs = await takeLogNews(tx, { ...own, witnessSigner }, news, now);
    const entered = await enterCosignatures(tx, cosignatures, own, now);
    const dockets = [...stored.dockets, ...logs.dockets, ...entered.dockets];
    const kick = entered.kick;
    await noteMissing(
      tx,
      ask.map((id) => ({ id, docket: '', party: sender })),
      now,
    );
    if (confirmed) {
      await answerRequests(tx, sender, of('request'), logs.size, now);
      dockets.push(...(await reconcile(tx, own, { sender, book, facts: of('facts') }, now)));
      await askForMissing(tx, sender, now);
    }
    await markDirty(tx, dockets);
    await noteHeard(tx, opened, answers, now);
    const receipts = stored.receipts.filter((each) => each.by === sender).map((each) => each.id);
    return { dockets, receipts, answers: pouch.complete ? answers : null, kick };
  });
}

async function noteHeard(
  tx: StoreTransaction,
  opened: OpenedPouch,
  answers: number | null,
  now: number,
): Promise<void> {
  const { sender, pouch } = opened;
  const channel = await ensureChannel(tx, sender);
  const last_sequence_heard = Math.max(channel.last_sequence_heard, pouch.manifest.sequence);
  await setChannel(tx, sender, { last_heard_at: now, last_sequence_heard });
  if (!pouch.complete) return;
  await rememberHeard(tx, sender, pouch.manifest.nonce);
  if (answers === null) return;
  await coverAnswered(tx, sender, answers);
  await forgetNonce(tx, sender, answers);
}

function checkAll(
  book: CosignerBook,
  records: readonly Extract<PouchRecord, { type: 'cosignature' }>[],
): CheckedCosignature[] {
  const checked: CheckedCosignature[] = [];
  for (const record of records) {
    const one = checkCosignature(book, record);
    if (one !== null) checked.push(one);
  }
  return checked.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
}

/** Who may cosign: read only for pouches that carry cosignatures. */
async function bookFor(deps: IntakeDeps, records: readonly PouchRecord[]): Promise<CosignerBook> {
  if (!records.some((each) => each.type === 'cosignature' || each.type === 'facts')) {
    return cosignerBook([], []);
  }
  const rows = await deps.store.reader.selectFrom('parties').select('id').execute();
  const chains: Chain[] = [];
  for (const { id } of rows) {
    const chain = await loadChain(deps.store.reader, id);
    if (chain !== null) chains.push(chain);
  }
  return cosignerBook(chains, deps.witnesses);
}

async function refuseEverything(
  deps: IntakeDeps,
  opened: OpenedPouch,
  due: StatementsTaken['refuse'],
  statements: StatementsTaken,
): Promise<Refused[]> {
  const coming = { envelope: { payload: new Uint8Array(), payloadType: '', signatures: [] } };
  const nothing = { coming: { ...coming, said: '', anchorLines: [] }, statement: null };
  const nobody = { ...nothing, author: null, said: null };
  const all = [...due];
  for (const id of opened.tooLarge) {
    all.push({ outcome: 'refuse', id, code: 'too-large', ...nobody });
  }
  const unreadable = opened.pouch.bad.length > opened.tooLarge.length;
  if (unreadable) all.push({ outcome: 'refuse', id: opened.digest, code: 'unreadable', ...nobody });
  await sendAgainAll(deps, opened.sender, statements.refusedBefore);
  return refuseAll(deps, opened.sender, all);
}
