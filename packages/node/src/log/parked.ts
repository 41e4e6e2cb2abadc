/** Envelopes of others that came while nothing may be signed: kept durably, logged afterwards. */
import {
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  InvariantError,
  parseEnvelope,
  parseStatement,
} from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import type { HeldJob } from './jobs.ts';

/** Envelopes that may wait; past it the senders keep them and try again. */
const parkedMax = 100_000;

type ParkedJob = Pick<
  HeldJob,
  'docket' | 'chain' | 'anchorLines' | 'author' | 'said' | 'introducedBy' | 'receiptTo'
> & { envelope: string; listDigest: string };

/** Parks what is not parked yet; gives false when too many wait and nothing was kept. */
export async function parkJobs(
  tx: StoreTransaction,
  jobs: readonly HeldJob[],
  now: number,
): Promise<boolean> {
  const { count } = await tx
    .selectFrom('parked')
    .select((row) => row.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (count + jobs.length > parkedMax) return false;
  for (const job of jobs) {
    await tx
      .insertInto('parked')
      .values({ id: job.id, job: JSON.stringify(parkedForm(job)), parked_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  return true;
}

/** The next parked jobs after `afterId`, in order of their ids. */
export async function readParked(
  reader: StoreReader | StoreTransaction,
  afterId: string,
  count: number,
): Promise<HeldJob[]> {
  const rows = await reader
    .selectFrom('parked')
    .select(['id', 'job'])
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(count)
    .execute();
  return rows.map((row) => jobFromParked(row.id, JSON.parse(row.job) as ParkedJob));
}

function parkedForm(job: HeldJob): ParkedJob {
  const { docket, chain, anchorLines, author, said, introducedBy, receiptTo } = job;
  const envelope = encodeBase64(job.envelopeBytes);
  const listDigest = encodeHex(job.listDigest);
  return {
    docket,
    chain,
    anchorLines,
    author,
    said,
    introducedBy,
    receiptTo,
    envelope,
    listDigest,
  };
}

function jobFromParked(id: string, parked: ParkedJob): HeldJob {
  const { envelope: text, listDigest: digest, ...rest } = parked;
  const envelopeBytes = decodeBase64(text);
  const listDigest = decodeHex(digest);
  const envelope = envelopeBytes === null ? null : parseEnvelope(envelopeBytes);
  if (envelopeBytes === null || listDigest === null || !envelope?.ok) {
    throw new InvariantError(`parked envelope ${id} does not read back`);
  }
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  if (!parsed.ok) throw new InvariantError(`parked statement ${id} does not read back`);
  const { statement } = parsed.value;
  return {
    id,
    statement,
    envelope: envelope.value,
    envelopeBytes,
    listDigest,
    ...rest,
    refused: null,
  };
}
