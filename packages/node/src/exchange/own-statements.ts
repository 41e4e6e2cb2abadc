/**
 * Our own statements, sent to us by others: what a restored home lost comes back this way
 * (protocol.md, Intake: each participant passes on what another lacks).
 *
 * After a restore our log was rebuilt from counterparts' copies of its entries. An entry commits to
 * a statement and its signatures, so whatever fits an entry without a statement is what we said.
 */
import { chainOf } from '@comity/accord';
import { encodeHex, formatEnvelope, logEntry, signatureListDigest } from '@comity/record';
import type { SaidJob } from '../log/jobs.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { divideAnchorLines } from './anchors.ts';
import type { ExchangeDeps } from './deps.ts';
import { docketOf } from './envelope-checks.ts';
import type { ReadEnvelope } from './envelope-checks.ts';
import { queueItems } from './outbox.ts';
import { statementsKnown } from './statements-known.ts';

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
    if (known.has(read.id)) have.push(read.id);
    else if (await recover(deps, read)) taken.recovered.push(read.id);
    else taken.ignored += 1;
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

async function recover(deps: OwnDeps, read: ReadEnvelope): Promise<boolean> {
  const { id, coming, parsed } = read;
  if (!parsed.ok || deps.sequencer.blocked !== null) return false;
  const { statement } = parsed.value;
  const { envelope } = coming;
  const listDigest = signatureListDigest(envelope.signatures);
  const entry = encodeHex(logEntry('said', id, listDigest));
  if (!(await isOrphan(deps.store.reader, entry))) return false;
  const divided = divideAnchorLines(statement.anchor, coming.anchorLines);
  const job: SaidJob = {
    id,
    statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    docket: docketOf(id, statement),
    chain: chainOf(statement.kind, statement.body),
    anchorLines: divided === null ? [] : coming.anchorLines,
    listDigest,
    // Sent again to everybody: those who have it answer with the receipts that were lost too.
    recipients: await counterpartsAmong(deps.store.reader, statement.to),
    draft: null,
  };
  return (await deps.sequencer.said(job)).ok;
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
