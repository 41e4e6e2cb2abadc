/**
 * Where a statement is on its way, and since when it is witnessed.
 *
 * The states are those of protocol.md (Delivery states). They are read from rows that other parts
 * write (outbox, proofs, refusals, cosignatures); nothing is kept twice.
 */
import { witnessedTime } from '@comity/record';
import type { Policy } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

export type DeliveryState = 'logged' | 'sent' | 'received' | 'refused';

/** Delivery of one of our statements to one recipient. */
export interface Delivery {
  party: string;
  state: DeliveryState;
  /** Refusal code when `refused`. */
  code: string | null;
  /** Index of the `held` entry in the recipient's log when `received`. */
  receiptIndex: number | null;
}

const idsPerQuery = 400;

/** Deliveries of our own statements, by statement id. Statements of others are not in the map. */
export async function deliveriesOf(
  reader: StoreReader | StoreTransaction,
  statements: readonly { id: string; own: boolean; recipients: readonly string[] }[],
): Promise<Map<string, Delivery[]>> {
  const own = statements.filter((statement) => statement.own);
  const result = new Map<string, Delivery[]>();
  for (let start = 0; start < own.length; start += idsPerQuery) {
    const part = own.slice(start, start + idsPerQuery);
    const ids = part.map((statement) => statement.id);
    const receipts = await reader
      .selectFrom('proofs')
      .select(['statement', 'party', 'log_index'])
      .where('role', '=', 'held')
      .where('statement', 'in', ids)
      .execute();
    const refusals = await reader
      .selectFrom('refusals')
      .select(['statement', 'refuser', 'code'])
      .where('statement', 'in', ids)
      .execute();
    const queued = await reader
      .selectFrom('outbox')
      .select(['party', 'ref', 'pouch'])
      .where('item', '=', 'statement')
      .where('ref', 'in', ids)
      .execute();
    for (const statement of part) {
      const deliveries = statement.recipients.map((party): Delivery => {
        const receipt = receipts.find(
          (row) => row.statement === statement.id && row.party === party,
        );
        const refusal = refusals.find(
          (row) => row.statement === statement.id && row.refuser === party,
        );
        const waiting = queued.find((row) => row.ref === statement.id && row.party === party);
        const nothing = { party, code: null, receiptIndex: null };
        if (receipt !== undefined) {
          return { ...nothing, state: 'received', receiptIndex: Number(receipt.log_index) };
        }
        if (refusal !== undefined) return { ...nothing, state: 'refused', code: refusal.code };
        const sent = waiting === undefined || waiting.pouch !== null;
        return { ...nothing, state: sent ? 'sent' : 'logged' };
      });
      result.set(statement.id, deliveries);
    }
  }
  return result;
}

/** A log entry whose witnessed time is asked for. */
export interface TimedEntry {
  id: string;
  origin: string;
  index: number;
  author: string;
}

/**
 * Witnessed time of each entry as it is shown: by the policy that the terms hold for its log, else by
 * the default, which is the earliest cosignature of each participant other than the log's owner, and
 * of those the latest. Null while it is not witnessed. The fold computes its own times.
 */
export async function witnessedTimes(
  reader: StoreReader | StoreTransaction,
  entries: readonly TimedEntry[],
  participants: readonly string[],
  policies: ReadonlyMap<string, Policy>,
): Promise<Map<string, number | null>> {
  const result = new Map<string, number | null>(entries.map((entry) => [entry.id, null]));
  if (entries.length === 0) return result;
  const keys = await witnessKeys(reader, participants);
  for (const [origin, group] of Map.groupBy(entries, (entry) => entry.origin)) {
    const policy = policies.get(origin);
    const others = participants.filter((party) => party !== group[0]?.author);
    const lowest = Math.min(...group.map((entry) => entry.index));
    const rows = await reader
      .selectFrom('cosignatures')
      .select(['size', 'vkey', 'time'])
      .where('origin', '=', origin)
      .where('size', '>', lowest)
      .orderBy('size')
      .execute();
    for (const entry of group) {
      const lines = rows.filter((row) => Number(row.size) > entry.index);
      const earliest = earliestOf(lines);
      const time =
        policy === undefined
          ? latestOfAll(earliest, others, keys)
          : witnessedTime(policy, earliest);
      result.set(entry.id, time);
    }
  }
  return result;
}

/** vkey → its earliest time. */
function earliestOf(lines: readonly { vkey: string; time: number }[]): Map<string, number> {
  const earliest = new Map<string, number>();
  for (const { vkey, time } of lines) {
    earliest.set(vkey, Math.min(Number(time), earliest.get(vkey) ?? Infinity));
  }
  return earliest;
}

function latestOfAll(
  earliest: ReadonlyMap<string, number>,
  parties: readonly string[],
  keys: ReadonlyMap<string, string>,
): number | null {
  const times = parties.map((party) => {
    const own = [...earliest].flatMap(([vkey, time]) => (keys.get(vkey) === party ? time : []));
    return own.length === 0 ? null : Math.min(...own);
  });
  const known = times.filter((time) => time !== null);
  return known.length === times.length && known.length > 0 ? Math.max(...known) : null;
}

/** vkey → party, from every version of the participants' credentials. */
async function witnessKeys(
  reader: StoreReader | StoreTransaction,
  participants: readonly string[],
): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  if (participants.length === 0) return keys;
  const rows = await reader
    .selectFrom('credentials')
    .select(['party', 'body'])
    .where('party', 'in', [...participants])
    .execute();
  for (const row of rows) {
    const body: unknown = JSON.parse(row.body);
    if (typeof body !== 'object' || body === null || !('witnessKey' in body)) continue;
    if (typeof body.witnessKey === 'string') keys.set(body.witnessKey, row.party);
  }
  return keys;
}
