/**
 * Proof facts of log entries: who has seen an entry, and when at the latest (rulings.md, 21–23).
 *
 * A fact is (entry, cosigner, time). It is derived from verified cosignatures: the earliest of a
 * cosigner on a checkpoint that covers the entry is its oldest one of a size above the index,
 * because a cosigner's times for one log never decrease with size (ruling 22; rows that would
 * break this are not stored).
 */
import { sql } from 'kysely';
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

/** SQLite allows 500 terms in a compound select. */
const lookupsPerQueryMax = 200;

interface Lookup {
  place: number;
  origin: string;
  vkey: string;
  party: string | null;
  sizeAtLeast: number;
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
  for (let start = 0; start < lookups.length; start += lookupsPerQueryMax) {
    const part = lookups.slice(start, start + lookupsPerQueryMax);
    for (const { lookup, time } of await earliestTimes(reader, part)) {
      const target = result[lookup.place];
      if (target === undefined) continue;
      if (lookup.party === null) target.ownTime = Math.min(time, target.ownTime ?? time);
      else target.witnessTimes.push({ party: lookup.party, vkey: lookup.vkey, time });
    }
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
      ...keys.ownAccount.map((vkey) => ({ place, origin, vkey, party: null, sizeAtLeast: size })),
      ...keys.witnesses.map(({ party, vkey }) => ({
        place,
        origin,
        vkey,
        party,
        sizeAtLeast: index + 1,
      })),
    ];
  });
}

async function earliestTimes(
  reader: StoreReader | StoreTransaction,
  lookups: readonly Lookup[],
): Promise<{ lookup: Lookup; time: number }[]> {
  const terms = lookups.map(({ origin, vkey, party, sizeAtLeast }, position) =>
    party === null
      ? sql`select ${sql.lit(position)} as place, time from cosignatures
            where origin = ${origin} and vkey = ${vkey} and size = ${sql.lit(sizeAtLeast)}`
      : sql`select * from (select ${sql.lit(position)} as place, time from cosignatures
            where origin = ${origin} and vkey = ${vkey} and size >= ${sql.lit(sizeAtLeast)}
            order by size limit 1) as earliest`,
  );
  const { rows } = await sql<{ place: number; time: number | string }>`
    ${sql.join(terms, sql` union all `)}`.execute(reader as StoreTransaction);
  return rows.flatMap(({ place, time }) => {
    const lookup = lookups[Number(place)];
    return lookup === undefined ? [] : [{ lookup, time: Number(time) }];
  });
}
