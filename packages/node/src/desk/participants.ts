/** Who takes part in a docket: fixed by its opening statement, or by the channel's name. */
import {
  channelDocket,
  failure,
  parseEnvelope,
  parseStatement,
  partyOf,
  success,
} from '@comity/record';
import type { Result, Statement } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const candidatesMax = 10;

/** All participants of a docket, sorted. */
export async function participantsOf(
  reader: StoreReader | StoreTransaction,
  self: string,
  docket: string,
): Promise<Result<string[], 'unknown-docket'>> {
  const channel = await channelCounterpart(reader, self, docket);
  if (channel !== null) return success([self, channel].sort());
  const opening = await loadStatement(reader, docket);
  if (opening === null || opening.docket !== null) return failure('unknown-docket', docket);
  return success([partyOf(docket, opening), ...opening.to].sort());
}

/** The counterpart whose channel docket `docket` is, or null. */
async function channelCounterpart(
  reader: StoreReader | StoreTransaction,
  self: string,
  docket: string,
): Promise<string | null> {
  const parties = await reader
    .selectFrom('parties')
    .select('id')
    .where('state', '!=', 'self')
    .execute();
  return parties.find((party) => channelDocket(self, party.id) === docket)?.id ?? null;
}

/** A statement from the store, or null. */
async function loadStatement(
  reader: StoreReader | StoreTransaction,
  id: string,
): Promise<Statement | null> {
  const row = await reader
    .selectFrom('statements')
    .select('envelope')
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return null;
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) return null;
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  return parsed.ok ? parsed.value.statement : null;
}

const idWords = { dockets: 'docket', statements: 'statement', drafts: 'draft' } as const;
type IdTable = keyof typeof idWords;
type IdWord = (typeof idWords)[IdTable];

/**
 * The one id that begins with `text` (at least six characters): of a docket, a statement or a draft.
 * `unknown-…` and `ambiguous-…`, the latter with candidates in its detail.
 */
export async function resolveId(
  reader: StoreReader | StoreTransaction,
  table: IdTable,
  text: string,
): Promise<Result<string, `unknown-${IdWord}` | `ambiguous-${IdWord}`>> {
  const word = idWords[table];
  if (!/^[0-9a-f]{6,64}$/.test(text)) return failure(`unknown-${word}`, text);
  const rows = await reader
    .selectFrom(table)
    .select('id')
    .where('id', '>=', text)
    .where('id', '<', `${text}g`)
    .orderBy('id')
    .limit(candidatesMax)
    .execute();
  const [only] = rows;
  if (only === undefined) return failure(`unknown-${word}`, text);
  if (rows.length > 1) {
    return failure(`ambiguous-${word}`, text, rows.map((row) => row.id).join(', '));
  }
  return success(only.id);
}
