/**
 * Our own statements, sent to us by others: what a restored home lost comes back this way
 * (protocol.md, Intake: each participant passes on what another lacks).
 *
 * After a restore our log was rebuilt from counterparts' copies of its entries. An entry commits to
 * a statement and its signatures, so whatever fits an entry without a statement is what we said.
 *
 * What we had said past the end of a log that ended counts for nobody, but others hold it and build
 * on it: it is kept with the proof that came, so that both sides fold the same, and an alarm names it.
 */
import { chainOf, isActKind, kinds } from '@comity/accord';
import {
  encodeHex,
  formatEnvelope,
  isPastEnd,
  logEntry,
  signatureListDigest,
} from '@comity/record';
import type { Statement } from '@comity/record';
import { raiseAlarm } from '../alarms.ts';
import { insertPlaced } from '../log/batch-rows.ts';
import type { SaidJob } from '../log/jobs.ts';
import { markDirty } from '../dockets/dirty.ts';
import { loadChain } from '../parties/chains.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { completeAnchorLines } from './anchor-lines.ts';
import { divideAnchorLines } from './anchors.ts';
import type { ExchangeDeps } from './deps.ts';
import { takeOwnBack } from './counterpart-logs.ts';
import { docketOf } from './envelope-checks.ts';
import type { ReadEnvelope } from './envelope-checks.ts';
import { queueItems } from './outbox.ts';
import { makeProofChecks } from './proof-checks.ts';
import { statementsKnown } from './statements-known.ts';
import type { KnownStatement } from './statements-known.ts';

export type OwnDeps = Pick<ExchangeDeps, 'store' | 'sequencer' | 'keys' | 'clock' | 'notify'>;

export interface OwnTaken {
  recovered: string[];
  dockets: string[];
  /** What is neither known nor in our log: somebody's invention, or said before an older restore. */
  ignored: number;
}

/** Takes back what our log has an entry for; tells the sender that we have the rest already. */
export async function takeOwnStatements(
  deps: OwnDeps,
  sender: string,
  reads: readonly ReadEnvelope[],
): Promise<OwnTaken> {
  const taken: OwnTaken = { recovered: [], dockets: [], ignored: 0 };
  if (reads.length === 0) return taken;
  const { reader } = deps.store;
  const known = await statementsKnown(
    reader,
    reads.map((read) => read.id),
  );
  const have: string[] = [];
  for (const read of reads) {
    const before = known.get(read.id);
    if (before !== undefined) {
      have.push(read.id);
      await completeOwn(deps, read, before, taken);
    } else if ((await recover(deps, read)) || (await keepLost(deps, read))) {
      taken.recovered.push(read.id);
    } else taken.ignored += 1;
  }
  for (const { id, parsed } of reads) {
    if (!parsed.ok || !taken.recovered.includes(id)) continue;
    const docket = docketOf(id, parsed.value.statement);
    if (docket !== '') taken.dockets.push(docket);
    deps.notify({ type: 'statement', id, docket, own: true });
  }
  const { party } = deps.keys;
  await deps.store.transact((tx) =>
    sayThatWeHave(tx, party, sender, [...have, ...taken.recovered], deps.clock.now()),
  );
  return taken;
}

/** A restored home may have taken a statement back from somebody who sent it without its lines. */
async function completeOwn(
  deps: OwnDeps,
  read: ReadEnvelope,
  known: KnownStatement,
  taken: OwnTaken,
): Promise<void> {
  if (!known.own || !known.anchorLinesMissing || read.coming.anchorLines.length === 0) return;
  const docket = await deps.store.transact((tx) => completeAnchorLines(tx, read, known));
  if (docket !== null) taken.dockets.push(docket);
}

/** With the checkpoint in the proof that came: it is the first that covered the entry. */
async function recover(deps: OwnDeps, read: ReadEnvelope): Promise<boolean> {
  const { id, coming, parsed } = read;
  if (!parsed.ok || deps.sequencer.blocked !== null) return false;
  const { statement } = parsed.value;
  const listDigest = signatureListDigest(coming.envelope.signatures);
  const entry = encodeHex(logEntry('said', id, listDigest));
  if (!(await isOrphan(deps.store.reader, entry))) return false;
  await takeProofBack(deps, read, listDigest);
  return (await deps.sequencer.said(await jobOf(deps, read, statement))).ok;
}

async function takeProofBack(
  { store, keys, clock }: OwnDeps,
  { id, coming }: ReadEnvelope,
  listDigest: Uint8Array,
): Promise<void> {
  const chain = await loadChain(store.reader, keys.party);
  if (chain === null) return;
  const proofs = makeProofChecks();
  proofs.check(chain, coming.said, logEntry('said', id, listDigest));
  const ownOrigin = keys.logSigner.key.name;
  const now = clock.now();
  await store.transact(async (tx) => {
    for (const seen of proofs.seen()) {
      await markDirty(tx, await takeOwnBack(tx, ownOrigin, seen, now));
    }
  });
}

/** The statement as it was said, to be sent again: who has it answers with the receipts we lost. */
async function jobOf(
  deps: OwnDeps,
  { id, coming }: ReadEnvelope,
  statement: Statement,
): Promise<SaidJob> {
  const { envelope } = coming;
  const divided = divideAnchorLines(statement.anchor, coming.anchorLines);
  return {
    id,
    statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    docket: docketOf(id, statement),
    chain: chainOf(statement.kind, statement.body),
    anchorLines: divided === null ? [] : coming.anchorLines,
    listDigest: signatureListDigest(envelope.signatures),
    recipients: await counterpartsAmong(deps.store.reader, statement.to),
    draft: null,
  };
}

/**
 * Keeps a statement of ours whose entry is past the end of a log that ended: provably ours, since
 * our own log key signed the checkpoint of its proof. Only once another log goes on.
 */
async function keepLost(deps: OwnDeps, read: ReadEnvelope): Promise<boolean> {
  const { id, coming, parsed } = read;
  if (!parsed.ok || deps.sequencer.blocked !== null) return false;
  const { statement } = parsed.value;
  const { store, keys, clock } = deps;
  const chain = await loadChain(store.reader, keys.party);
  if (chain === null || statement.kind === 'party.credentials') return false;
  const leaf = logEntry('said', id, signatureListDigest(coming.envelope.signatures));
  const checked = makeProofChecks().check(chain, coming.said, leaf);
  if (!checked.ok) return false;
  const { proof, checkpoint } = checked.value;
  const { origin, size } = checkpoint;
  const { index } = proof;
  if (!isPastEnd(chain, { origin, index })) return false;
  const job = await jobOf(deps, read, statement);
  const now = clock.now();
  await store.transact(async (tx) => {
    const place = { origin, index, size, update: false };
    await insertPlaced(tx, origin, [{ role: 'said', job, ...place }], now);
    const list_digest = encodeHex(job.listDigest);
    const stored = { statement: id, party: keys.party, role: 'said' as const, list_digest };
    await tx
      .insertInto('proofs')
      .values({ ...stored, origin, log_index: index, size, proof: coming.said, taken_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const detail = lostWords(statement, index, origin);
    await raiseAlarm(tx, { code: 'statement-lost', party: null, about: id, detail }, now);
  });
  return true;
}

function lostWords({ kind, body, docket, made }: Statement, index: number, origin: string): string {
  const words = isActKind(kind) ? ` (it ${kinds[kind].words(body)})` : '';
  const where = docket === null ? '' : ` in docket ${docket}`;
  return (
    `We had said ${kind}${where} at ${made}${words}, in entry ${index} of our log ${origin}, which ` +
    'ended before that entry. It counts for nobody: say it again if it still holds.'
  );
}

/** Whether our log has this entry without its statement. */
async function isOrphan(reader: StoreReader, entry: string): Promise<boolean> {
  const row = await reader
    .selectFrom('adopted_entries')
    .select('entry')
    .where('entry', '=', entry)
    .executeTakeFirst();
  return row !== undefined;
}

async function counterpartsAmong(
  reader: StoreReader,
  parties: readonly string[],
): Promise<string[]> {
  if (parties.length === 0) return [];
  const rows = await reader
    .selectFrom('parties')
    .select('id')
    .where('state', '=', 'confirmed')
    .where('id', 'in', parties)
    .execute();
  return rows.map((row) => row.id);
}

/** A proof of our own `said` entry takes the statement out of the queue of whoever sent it. */
async function sayThatWeHave(
  tx: StoreTransaction,
  self: string,
  sender: string,
  ids: readonly string[],
  now: number,
): Promise<void> {
  const items = ids.map((statement) => {
    const ref = JSON.stringify({ statement, party: self, role: 'said' });
    return { party: sender, item: 'proof', ref, lane: 1 } as const;
  });
  await queueItems(tx, items, now);
}
