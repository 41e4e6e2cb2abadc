/**
 * Witnesses that timing policies name for a log (protocol.md, "Witnessed time"). They need not take
 * part in a docket: a third party that both sides trust tells the time there.
 */
import { formatVkey, parseEnvelope, parsePolicy, parseStatement } from '@comity/record';
import type { NoteKey, Policy, Statement } from '@comity/record';
import { parseTerms, termsDigest } from '@comity/accord';
import type { Terms } from '@comity/accord';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

/** The policy of the terms for each log, by origin; one that does not parse counts for nothing. */
function timingPolicies(terms: Terms): ReadonlyMap<string, Policy> {
  const policies = new Map<string, Policy>();
  for (const text of terms.timing) {
    const policy = parsePolicy(text);
    if (!policy.ok) continue;
    for (const { key } of policy.value.logs) {
      if (!policies.has(key.name)) policies.set(key.name, policy.value);
    }
  }
  return policies;
}

/** Keys of every witness that any of these terms names, by the origin of the log that it times. */
export function timingWitnesses(terms: Iterable<Terms>): ReadonlyMap<string, NoteKey[]> {
  const byOrigin = new Map<string, Map<string, NoteKey>>();
  for (const one of terms) {
    for (const [origin, { witnesses }] of timingPolicies(one)) {
      const keys = byOrigin.get(origin) ?? new Map<string, NoteKey>();
      for (const { key } of witnesses) keys.set(formatVkey(key), key);
      byOrigin.set(origin, keys);
    }
  }
  return new Map([...byOrigin].map(([origin, keys]) => [origin, [...keys.values()]]));
}

/**
 * The policies of the terms that an opening statement pins, for display. The terms stand in the
 * `channel.terms` statements that it cites; built-in terms have no policies.
 */
export async function policiesPinned(
  reader: StoreReader | StoreTransaction,
  opening: Pick<Statement, 'terms' | 'cites'> | null,
): Promise<ReadonlyMap<string, Policy>> {
  const terms = await termsPinned(reader, opening);
  return terms === null ? new Map() : timingPolicies(terms);
}

/** The terms that an opening statement pins and shows by what it cites; null for built-in terms. */
export async function termsPinned(
  reader: StoreReader | StoreTransaction,
  opening: Pick<Statement, 'terms' | 'cites'> | null,
): Promise<Terms | null> {
  if (opening === null || opening.terms === null || opening.cites.length === 0) return null;
  const rows = await reader
    .selectFrom('statements')
    .select('envelope')
    .where('id', 'in', opening.cites)
    .where('kind', '=', 'channel.terms')
    .execute();
  for (const row of rows) {
    const terms = termsIn(row.envelope);
    if (terms !== null && termsDigest(terms) === opening.terms) return terms;
  }
  return null;
}

/**
 * Witnesses in any terms that we signed ourselves: their cosignatures are taken in although no
 * configuration names them, or we would fold other times than the counterpart.
 */
export async function witnessesWeSignedFor(
  reader: StoreReader | StoreTransaction,
  self: string,
): Promise<NoteKey[]> {
  const rows = await reader
    .selectFrom('statements')
    .select('envelope')
    .where('author', '=', self)
    .where('kind', '=', 'channel.terms')
    .where('own', '=', 1)
    .execute();
  return [...timingWitnesses(rows.flatMap((row) => termsIn(row.envelope) ?? [])).values()].flat();
}

/** The terms in the envelope of a `channel.terms`; null where it holds none. */
function termsIn(bytes: Uint8Array): Terms | null {
  const envelope = parseEnvelope(new Uint8Array(bytes));
  if (!envelope.ok) return null;
  const { payload, payloadType } = envelope.value;
  const parsed = parseStatement(payload, payloadType);
  if (!parsed.ok) return null;
  const { statement, exercise } = parsed.value;
  const terms = parseTerms(statement.body['terms'], exercise);
  return terms.ok ? terms.value : null;
}
