/** What the sequencer must know of the past to place a batch: a bounded number of reads. */
import { encodeHex, partyOf } from '@comity/record';
import type { StoreTransaction } from '../store/store.ts';
import type { SaidJob } from './jobs.ts';
import { logOrder } from './log-order.ts';

/** Places per statement; SQLite allows 500 terms in a compound select. */
const priorsPerStatementMax = 64;

export interface KnownStatement {
  id: string;
  own: number;
  list_digest: string;
  said_index: number;
  said_size: number;
  held_index: number | null;
  held_size: number | null;
}

/** Rows of those of `ids` that the statements table has. */
export async function loadKnown(
  tx: StoreTransaction,
  ids: string[],
): Promise<Map<string, KnownStatement>> {
  const rows = await tx
    .selectFrom('statements')
    .select(['id', 'own', 'list_digest', 'said_index', 'said_size', 'held_index', 'held_size'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Key of a `prior` chain: our statements of one class in one docket. */
export function chainKey(docket: string, chain: string): string {
  return `${chain} ${docket}`;
}

/** Whether `prior` must name our newest: not in party.* and not in an opening statement. */
export function continuesDocket(job: SaidJob): boolean {
  return job.docket !== '' && job.docket !== job.id;
}

/**
 * Id of our newest logged statement for each chain that a job continues: the newest in the log in
 * force, and where that has none, the newest of the logs before it.
 */
export async function loadPriors(
  tx: StoreTransaction,
  jobs: readonly SaidJob[],
  origin: string,
): Promise<Map<string, string>> {
  const chains = new Map<string, { docket: string; chain: string }>();
  for (const job of jobs) {
    if (continuesDocket(job)) chains.set(chainKey(job.docket, job.chain), job);
  }
  const priors = new Map<string, string>();
  await newestOfChains(tx, [...chains.values()], origin, priors);
  const left = [...chains].filter(([key]) => !priors.has(key)).map(([, chain]) => chain);
  await newestOfChains(tx, left, null, priors);
  return priors;
}

async function newestOfChains(
  tx: StoreTransaction,
  chains: readonly { docket: string; chain: string }[],
  origin: string | null,
  priors: Map<string, string>,
): Promise<void> {
  for (let start = 0; start < chains.length; start += priorsPerStatementMax) {
    const [first, ...rest] = chains
      .slice(start, start + priorsPerStatementMax)
      .map(({ docket, chain }) => newestOfChain(tx, docket, chain, origin));
    if (first === undefined) return;
    const rows = await rest.reduce((query, one) => query.unionAll(one), first).execute();
    for (const row of rows) priors.set(chainKey(row.docket, row.chain), row.id);
  }
}

/** In a subquery, because a term of a compound select may not be sorted itself. */
function newestOfChain(tx: StoreTransaction, docket: string, chain: string, origin: string | null) {
  return tx
    .selectFrom((from) => {
      const own = from
        .selectFrom('statements')
        .select(['docket', 'chain', 'id'])
        .where('docket', '=', docket)
        .where('own', '=', 1)
        .where('chain', '=', chain)
        .limit(1);
      const ordered =
        origin === null
          ? own.orderBy(logOrder, 'desc').orderBy('said_index', 'desc')
          : own.where('said_origin', '=', origin).orderBy('said_index', 'desc');
      return ordered.as('newest');
    })
    .select(['newest.docket', 'newest.chain', 'newest.id']);
}

/** Id of the newest credentials of each party that speaks in `jobs`; a new party has none. */
export async function loadCredentials(
  tx: StoreTransaction,
  jobs: readonly SaidJob[],
): Promise<Map<string, string>> {
  const newest = new Map<string, string>();
  for (const party of new Set(jobs.map((job) => partyOf(job.id, job.statement)))) {
    const row = await tx
      .selectFrom('credentials')
      .select('id')
      .where('party', '=', party)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) newest.set(party, row.id);
  }
  return newest;
}

/** Where an entry that came back after a restore stands. */
export interface AdoptedPlace {
  origin: string;
  index: number;
  /** Of the smallest checkpoint that we know to cover it (restored-checkpoints.ts). */
  size: number;
  /** Nobody waited for it any more. */
  givenUp: boolean;
}

/**
 * Entries that came back after a restore and wait for their statements, by hex. They may be of a log
 * of ours that has ended since: `origin` is that in force.
 */
export async function loadAdopted(
  tx: StoreTransaction,
  entries: readonly Uint8Array[],
  origin: string,
): Promise<Map<string, AdoptedPlace>> {
  const found = new Map<string, AdoptedPlace>();
  if (entries.length === 0) return found;
  const rows = await tx
    .selectFrom('adopted_entries')
    .selectAll()
    .where('entry', 'in', entries.map(encodeHex))
    .execute();
  for (const { entry, log_index: index, size, given_up: given } of rows) {
    const earlier = await tx
      .selectFrom('entries')
      .innerJoin('credentials', 'credentials.origin', 'entries.origin')
      .innerJoin('parties', 'parties.id', 'credentials.party')
      .select('entries.origin')
      .where('parties.state', '=', 'self')
      .where('entries.log_index', '=', index)
      .where('entries.entry', '=', Buffer.from(entry, 'hex'))
      .orderBy('credentials.version')
      .limit(1)
      .executeTakeFirst();
    const at = earlier?.origin ?? origin;
    const covering = await tx
      .selectFrom('checkpoints')
      .select('size')
      .where('origin', '=', at)
      .where('size', '>', index)
      .orderBy('size')
      .limit(1)
      .executeTakeFirst();
    found.set(entry, { origin: at, index, size: covering?.size ?? size, givenUp: given === 1 });
  }
  return found;
}
