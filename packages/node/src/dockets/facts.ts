/**
 * Proof facts of log entries: who has seen an entry, and when at the latest (rulings.md, 21–23).
 *
 * A fact is (entry, cosigner, time). It is derived from verified cosignatures: the earliest of a
 * cosigner on a checkpoint that covers the entry is its oldest one of a size above the index,
 * because a cosigner's times for one log never decrease with size (ruling 22; rows that would
 * break this are not stored).
 */
import type { StoreReader, StoreTransaction } from '../store/store.ts';

/** Where an entry stands; `size` is that of the checkpoint in the proof that travelled with it. */
export interface EntryPlace {
  origin: string;
  index: number;
  size: number;
}

/** A cosigner's key and the party for which it speaks. */
export interface CosignerKey {
  party: string;
  vkey: string;
}

/** Which keys matter for one log: its owner's own-account keys, and the witnesses'. */
export interface LogCosigners {
  ownAccount: string[];
  witnesses: CosignerKey[];
}

export interface EntryTimes {
  origin: string;
  index: number;
  /** Own-account time on the birth checkpoint, or null. */
  ownTime: number | null;
  /** Earliest time per cosigner key that has cosigned a covering checkpoint; sorted by vkey. */
  witnessTimes: { party: string; vkey: string; time: number }[];
}

/** Sizes further apart than this are read apart, so that old and new entries cost two short reads. */
const gapMax = 1_000;

interface Lookup {
  place: number;
  origin: string;
  vkey: string;
  party: string | null;
  /** Own-account: exactly this size. Witnesses: this size or the next that is cosigned. */
  size: number;
}

/** Facts for every place, in the same order. Logs without an entry in `cosigners` have none. */
export async function entryTimes(
  reader: StoreReader | StoreTransaction,
  places: readonly EntryPlace[],
  cosigners: ReadonlyMap<string, LogCosigners>,
): Promise<EntryTimes[]> {
  const result: EntryTimes[] = places.map(({ origin, index }) => ({
    origin,
    index,
    ownTime: null,
    witnessTimes: [],
  }));
  const lookups = lookupsOf(places, cosigners);
  for (const group of Map.groupBy(lookups, ({ origin, vkey }) => `${origin}\n${vkey}`).values()) {
    for (const cluster of clustersOf(group)) await readCluster(reader, cluster, result);
  }
  for (const { witnessTimes } of result)
    witnessTimes.sort((a, b) => (a.vkey < b.vkey ? -1 : a.vkey > b.vkey ? 1 : 0));
  return result;
}

function lookupsOf(
  places: readonly EntryPlace[],
  cosigners: ReadonlyMap<string, LogCosigners>,
): Lookup[] {
  return places.flatMap(({ origin, index, size }, place) => {
    const keys = cosigners.get(origin);
    if (keys === undefined) return [];
    return [
      // Own-account time is read from the birth checkpoint only, so that both sides, who both
      // hold the proof that travelled, read the same one.
      ...keys.ownAccount.map((vkey) => ({ place, origin, vkey, party: null, size })),
      ...keys.witnesses.map(({ party, vkey }) => ({ place, origin, vkey, party, size: index + 1 })),
    ];
  });
}

/** Lookups of one log and key, sorted by size and cut where the gap is large. */
function clustersOf(group: readonly Lookup[]): Lookup[][] {
  const clusters: Lookup[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const lookup of [...group].sort((a, b) => a.size - b.size)) {
    if (lookup.size - last > gapMax) clusters.push([]);
    clusters.at(-1)?.push(lookup);
    last = lookup.size;
  }
  return clusters;
}

// Two reads whose text never changes, so that the databases prepare them once.
async function readCluster(
  reader: StoreReader | StoreTransaction,
  cluster: readonly Lookup[],
  result: readonly EntryTimes[],
): Promise<void> {
  const first = cluster[0];
  const last = cluster.at(-1);
  if (first === undefined || last === undefined) return;
  const ofKey = reader
    .selectFrom('cosignatures')
    .select(['size', 'time'])
    .where('origin', '=', first.origin)
    .where('vkey', '=', first.vkey)
    .orderBy('size');
  const rows = await ofKey.where('size', '>=', first.size).where('size', '<', last.size).execute();
  rows.push(...(await ofKey.where('size', '>=', last.size).limit(1).execute()));
  let at = 0;
  for (const lookup of cluster) {
    while ((rows[at]?.size ?? Number.POSITIVE_INFINITY) < lookup.size) at += 1;
    const row = rows[at];
    const target = result[lookup.place];
    if (row === undefined || target === undefined) continue;
    if (lookup.party !== null) {
      const { party, vkey } = lookup;
      target.witnessTimes.push({ party, vkey, time: row.time });
    } else if (row.size === lookup.size) {
      target.ownTime = Math.min(row.time, target.ownTime ?? row.time);
    }
  }
}
