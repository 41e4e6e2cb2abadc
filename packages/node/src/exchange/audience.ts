/**
 * Whom a statement is for. Nobody is sent what is not addressed to them; and what leaves out a
 * participant of its docket is outside the docket (accord, graph.ts), so that all have equal inputs.
 */
import { parseEnvelope, parseStatement } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

/** The columns of a statement that say for whom it is. */
export interface AudienceRow {
  author: string;
  envelope: Uint8Array;
}

/** Author and recipients, or `everybody`; null where it cannot be read. */
function audienceOf({ author, envelope }: AudienceRow): ReadonlySet<string> | 'everybody' | null {
  const parsed = parseEnvelope(new Uint8Array(envelope));
  if (!parsed.ok) return null;
  const read = parseStatement(parsed.value.payload, parsed.value.payloadType);
  if (!read.ok) return null;
  const { kind, to } = read.value.statement;
  if (kind === 'party.credentials' || kind === 'party.delegate') return 'everybody';
  return new Set([author, ...to]);
}

/** Whether a statement may be sent to a party. */
export function mayHave(party: string, row: AudienceRow): boolean {
  if (row.author === party) return true;
  const audience = audienceOf(row);
  return audience === 'everybody' || (audience?.has(party) ?? false);
}

/** Whether a statement leaves out one of its docket's participants. */
export function leavesOut(participants: readonly string[], row: AudienceRow): boolean {
  const audience = audienceOf(row);
  if (audience === 'everybody' || audience === null) return false;
  return participants.some((party) => !audience.has(party));
}

/** Participants of a docket as it was folded; [] where its opening is not there. */
export async function foldedParticipants(
  reader: StoreReader | StoreTransaction,
  docket: string,
): Promise<string[]> {
  const row = await reader
    .selectFrom('dockets')
    .select('participants')
    .where('id', '=', docket)
    .executeTakeFirst();
  return row === undefined ? [] : (JSON.parse(row.participants) as string[]);
}
