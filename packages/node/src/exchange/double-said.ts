/**
 * Two `said` entries of one statement with two signature lists (rulings.md, 12). The second that is
 * proved is kept as evidence, with its proof, and never logged; the fold takes the lower index of
 * both. So that all participants know both, each passes on what it has.
 */
import {
  canonicalJson,
  decodeText,
  encodeHex,
  encodeText,
  formatEnvelope,
  parseEnvelope,
  signatureListDigest,
} from '@comity/record';
import type { Envelope, PouchRecord } from '@comity/record';
import { raiseAlarm } from '../alarms.ts';
import { insertRows } from '../store/insert-rows.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { mayHave } from './audience.ts';
import { prepare } from './envelope-checks.ts';
import type { EnvelopeContext, ReadEnvelope } from './envelope-checks.ts';
import { sqlListMax } from './limits.ts';
import { queueItems } from './outbox.ts';
import type { QueueItem } from './outbox.ts';
import type { KnownStatement } from './statements-known.ts';

/** A second list of a statement that we have with another. */
export interface SecondList {
  statement: string;
  listDigest: string;
  envelope: Envelope;
  said: { origin: string; index: number; size: number; proof: string };
}

const evidenceId = (statement: string, listDigest: string): string =>
  `double-said:${statement}:${listDigest}`;

/**
 * Keeps a second `said` entry with another list, where it is proved; gives the docket that it changes,
 * or null. What the sender lacks of it goes back: the list that we have.
 */
export async function keepDoubleSaid(
  tx: StoreTransaction,
  context: EnvelopeContext,
  read: ReadEnvelope,
  known: KnownStatement,
  now: number,
): Promise<string | null> {
  const prepared = prepare(context, read);
  const said =
    prepared.outcome === 'pending' || prepared.outcome === 'refuse' ? prepared.said : null;
  // Without the author's own proof it is only somebody's spoilt copy.
  if (said === null) return null;
  const { id: statement, coming } = read;
  const party = known.author;
  const list_digest = encodeHex(signatureListDigest(coming.envelope.signatures));
  const id = evidenceId(statement, list_digest);
  const kept = tx.selectFrom('evidence').select('id').where('id', '=', id);
  if ((await kept.executeTakeFirst()) !== undefined) return null;
  const envelope = decodeText(formatEnvelope(coming.envelope)) ?? '';
  const body = canonicalJson({ envelope, said: said.proof });
  const evidence = { id, kind: 'double-said', party, body, found_at: now };
  await tx.insertInto('evidence').values(evidence).execute();
  const { origin, index: log_index, size, proof } = said;
  const place = { statement, party, role: 'said' as const, origin, log_index, size };
  await insertRows(tx, 'proofs', [{ ...place, list_digest, proof, taken_at: now }], 'keep');
  const detail = `logged ${statement} twice with different signature lists`;
  await raiseAlarm(tx, { code: 'double-said', party, about: statement, detail }, now);
  if (context.sender !== party) await sendOurs(tx, context.sender, [statement], now);
  return known.docket === '' ? null : known.docket;
}

/**
 * Sends the list that we have of these to a party that has them with another: where it may have them,
 * since a log can be made to say that it holds whatever one knows the name of.
 */
export async function sendOurs(
  tx: StoreTransaction,
  party: string,
  statements: readonly string[],
  now: number,
): Promise<void> {
  const row = await tx
    .selectFrom('parties')
    .select('state')
    .where('id', '=', party)
    .executeTakeFirst();
  if (row?.state !== 'confirmed') return;
  const rows = await tx
    .selectFrom('statements')
    .select(['id', 'author', 'envelope'])
    .where('id', 'in', [...statements])
    .execute();
  const items = rows
    .filter((each) => mayHave(party, each))
    .map(({ id }): QueueItem => ({ party, item: 'statement', ref: id, lane: 1 }));
  await queueItems(tx, items, now);
}

/** The second lists of these statements that we know, with their proofs. */
export async function secondLists(
  reader: StoreReader | StoreTransaction,
  statements: readonly string[],
): Promise<SecondList[]> {
  const found: SecondList[] = [];
  for (let start = 0; start < statements.length; start += sqlListMax) {
    const rows = await reader
      .selectFrom('proofs')
      .innerJoin('statements', 'statements.id', 'proofs.statement')
      .select(['proofs.statement', 'proofs.list_digest', 'proofs.proof'])
      .select(['proofs.origin', 'proofs.log_index', 'proofs.size'])
      .where('proofs.statement', 'in', statements.slice(start, start + sqlListMax))
      .where('proofs.role', '=', 'said')
      .whereRef('proofs.list_digest', '!=', 'statements.list_digest')
      .orderBy('proofs.log_index')
      .orderBy('proofs.size')
      .execute();
    for (const { statement, list_digest: listDigest, proof, origin, log_index, size } of rows) {
      const envelope = await keptEnvelope(reader, statement, listDigest);
      if (envelope === null) continue;
      found.push({
        statement,
        listDigest,
        envelope,
        said: { origin, index: log_index, size, proof },
      });
    }
  }
  return found;
}

async function keptEnvelope(
  reader: StoreReader | StoreTransaction,
  statement: string,
  listDigest: string,
): Promise<Envelope | null> {
  const row = await reader
    .selectFrom('evidence')
    .select('body')
    .where('id', '=', evidenceId(statement, listDigest))
    .executeTakeFirst();
  if (row === undefined) return null;
  const envelope = parseEnvelope(
    encodeText((JSON.parse(row.body) as { envelope: string }).envelope),
  );
  return envelope.ok ? envelope.value : null;
}

/**
 * When facts are compared: second lists of these statements, and our list of those that the party has
 * receipted with another.
 */
export async function lackedLists(
  tx: StoreTransaction,
  party: string,
  statements: readonly string[],
): Promise<QueueItem[]> {
  const items: QueueItem[] = [];
  for (const { statement, listDigest } of await secondLists(tx, statements)) {
    const ref = JSON.stringify({ statement, listDigest });
    items.push({ party, item: 'second-list', ref, lane: 1 });
  }
  for (let start = 0; start < statements.length; start += sqlListMax) {
    const rows = await tx
      .selectFrom('proofs')
      .innerJoin('statements', 'statements.id', 'proofs.statement')
      .select(['statements.id', 'statements.author', 'statements.envelope'])
      .where('proofs.statement', 'in', statements.slice(start, start + sqlListMax))
      .where('proofs.party', '=', party)
      .where('proofs.role', '=', 'held')
      .whereRef('proofs.list_digest', '!=', 'statements.list_digest')
      .where('statements.own', '=', 0)
      .execute();
    for (const row of rows) {
      if (mayHave(party, row)) items.push({ party, item: 'statement', ref: row.id, lane: 1 });
    }
  }
  return items;
}

/** The record of a second list, for the outbox; null where it is not there. */
export async function secondListRecord(
  reader: StoreReader,
  ref: string,
): Promise<PouchRecord | null> {
  const wish = JSON.parse(ref) as { statement: string; listDigest: string };
  const lists = await secondLists(reader, [wish.statement]);
  const one = lists.find(({ listDigest }) => listDigest === wish.listDigest);
  if (one === undefined) return null;
  const row = await reader
    .selectFrom('statements')
    .select('anchor_lines')
    .where('id', '=', wish.statement)
    .executeTakeFirst();
  const anchorLines = JSON.parse(row?.anchor_lines ?? '[]') as string[];
  const { envelope, said } = one;
  return { type: 'envelope', envelope, said: said.proof, anchorLines, introduced: true };
}
