/**
 * Signed refusals, made and taken in (protocol.md, Intake; rulings.md, 7, 11 and 16).
 *
 * A refusal is said once per id and code; whoever sends the refused statement again gets the same
 * refusal again. A refusal is never refused: a bad one is left alone. How many new ones a counterpart
 * can make us say is limited (rate-limits.ts); what is past the limit stays in its queue.
 */
import { chainOf } from '@comity/accord';
import {
  encodeHex,
  formatEnvelope,
  parseEnvelope,
  parseStatement,
  signatureListDigest,
} from '@comity/record';
import type { JsonValue, Statement } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { lacksLines } from './anchor-lines.ts';
import { foldedParticipants } from './audience.ts';
import { sayAutomatic } from './automatic.ts';
import type { AutomaticDeps } from './automatic.ts';
import { isWaiting } from '../desk/place.ts';
import { markDirty } from '../dockets/dirty.ts';
import { docketOf, refusalPlace, takesReserve } from './envelope-checks.ts';
import type { DueRefusal, RefusalCode } from './envelope-checks.ts';
import { coverStatements, queueItems } from './outbox.ts';
import type { RateLimits } from './rate-limits.ts';

export type RefusingDeps = AutomaticDeps & { rate: RateLimits };

export interface Refused {
  id: string;
  code: RefusalCode;
  docket: string;
}

/**
 * Refuses what is due to the sender of a pouch; returns what was refused now or before. What the
 * sender's limit holds back is counted and not refused: it is due again when it comes again.
 */
export async function refuseAll(
  deps: RefusingDeps,
  sender: string,
  due: readonly DueRefusal[],
): Promise<Refused[]> {
  const refused: Refused[] = [];
  for (const each of due) {
    if (each.statement?.kind === 'channel.refuse') continue;
    const one = await refuseOne(deps, sender, each);
    if (one !== null) refused.push(one);
  }
  return refused;
}

async function refuseOne(
  deps: RefusingDeps,
  sender: string,
  due: DueRefusal,
): Promise<Refused | null> {
  const self = deps.keys.party;
  const place = await placeForAll(deps.store.reader, self, due, refusalPlace(self, sender, due));
  const refused: Refused = { id: due.id, code: due.code, docket: place.docket };
  const before = await ownRefusal(deps.store.reader, self, due.id, due.code);
  if (before !== null && before !== '') {
    await sendAgain(deps, sender, before);
    return refused;
  }
  // One that a kill left half said was let through already.
  const reserve = due.statement !== null && takesReserve(due.statement);
  if (before === null && !deps.rate.allowRefusal(sender, reserve)) return null;
  // The mark comes first: a node that is killed after it says the refusal when it is sent the
  // statement again, and one that is killed after saying it finds what it said.
  await deps.store.transact((tx) => markRefused(tx, deps, sender, due, place.docket));
  const found =
    before === '' ? await saidRefusal(deps.store.reader, place.docket, due.id, due.code) : null;
  const refusal = found ?? (await sayRefusal(deps, place, due));
  if (refusal === null) return null;
  await deps.store.transact(async (tx) => {
    await tx
      .updateTable('refusals')
      .set({ refusal })
      .where('statement', '=', due.id)
      .where('refuser', '=', self)
      .where('code', '=', due.code)
      .execute();
    await markDirty(tx, [place.docket]);
  });
  return refused;
}

/** What leaves out a participant would be outside the docket: it goes to all of them. */
async function placeForAll(
  reader: StoreReader,
  self: string,
  { author }: DueRefusal,
  place: { docket: string; to: string[] },
): Promise<{ docket: string; to: string[] }> {
  const participants = await foldedParticipants(reader, place.docket);
  // Nobody in the docket heeds a refusal of what a stranger to it said; but he is to hear it.
  const stranger = author !== null && !participants.includes(author);
  if (stranger || !participants.includes(self)) return place;
  return { docket: place.docket, to: participants.filter((party) => party !== self) };
}

async function sayRefusal(
  deps: AutomaticDeps,
  place: { docket: string; to: string[] },
  due: DueRefusal,
): Promise<string | null> {
  const { docket, to } = place;
  // What names a parent that nobody has would take our refusal, and all that we say after it, along.
  const named =
    due.code !== 'unreadable' &&
    inDocket(due, docket) &&
    !(await isWaiting(deps.store.reader, deps.keys, docket, due.id));
  const body = { refused: due.id, code: due.code };
  const alsoAfter = named ? [due.id] : [];
  const said = await sayAutomatic(deps, { kind: 'channel.refuse', docket, to, body, alsoAfter });
  return said.ok ? said.value.id : null;
}

function inDocket(due: DueRefusal, docket: string): boolean {
  return due.statement !== null && docketOf(due.id, due.statement) === docket;
}

/** Notes that we refuse it and keeps the refused envelope where its author provably said it. */
async function markRefused(
  tx: StoreTransaction,
  deps: AutomaticDeps,
  sender: string,
  due: DueRefusal,
  docket: string,
): Promise<void> {
  await tx
    .insertInto('refusals')
    .values({ statement: due.id, refuser: deps.keys.party, code: due.code, refusal: '' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { statement, author, said } = due;
  if (statement === null || author === null || said === null || !inDocket(due, docket)) return;
  const { envelope } = due.coming;
  await tx
    .insertInto('statements')
    .values({
      id: due.id,
      docket,
      kind: statement.kind,
      author,
      chain: chainOf(statement.kind, statement.body),
      prior: statement.prior,
      made: statement.made,
      envelope: formatEnvelope(envelope),
      list_digest: encodeHex(signatureListDigest(envelope.signatures)),
      anchor_lines: JSON.stringify(
        lacksLines(statement, due.coming.anchorLines) ? [] : due.coming.anchorLines,
      ),
      said_origin: said.origin,
      said_index: said.index,
      said_size: said.size,
      own: 0,
      held_origin: null,
      held_index: null,
      held_size: null,
      refused: due.code,
      introduced_by: author === sender ? null : sender,
      logged_at: deps.clock.now(),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  await insertParents(tx, due.id, statement, docket);
  await tx
    .insertInto('proofs')
    .values({
      statement: due.id,
      party: author,
      role: 'said',
      origin: said.origin,
      log_index: said.index,
      size: said.size,
      list_digest: encodeHex(signatureListDigest(envelope.signatures)),
      proof: said.proof,
      taken_at: deps.clock.now(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function insertParents(
  tx: StoreTransaction,
  child: string,
  statement: Statement,
  docket: string,
): Promise<void> {
  const parents = new Set([
    ...statement.after,
    ...(statement.prior === null ? [] : [statement.prior]),
  ]);
  if (parents.size === 0) return;
  await tx
    .insertInto('parents')
    .values([...parents].map((parent) => ({ child, parent, docket })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Puts a refusal that was said before in the queue of whoever sent the statement again. */
async function sendAgain(
  deps: Pick<AutomaticDeps, 'store' | 'clock'>,
  party: string,
  refusal: string,
): Promise<void> {
  await deps.store.transact((tx) =>
    queueItems(tx, [{ party, item: 'statement', ref: refusal, lane: 0 }], deps.clock.now()),
  );
}

/** The same for statements that we keep as refused. */
export async function sendAgainAll(
  deps: Pick<AutomaticDeps, 'store' | 'clock' | 'keys'>,
  party: string,
  refused: readonly string[],
): Promise<void> {
  if (refused.length === 0) return;
  const rows = await deps.store.reader
    .selectFrom('refusals')
    .select('refusal')
    .where('refuser', '=', deps.keys.party)
    .where('statement', 'in', refused)
    .where('refusal', '!=', '')
    .execute();
  for (const row of rows) await sendAgain(deps, party, row.refusal);
}

/** Our refusals of a statement: code and the statement that says it ('' while it is not said). */
async function ownRefusal(
  reader: StoreReader,
  self: string,
  statement: string,
  code: string,
): Promise<string | null> {
  const row = await reader
    .selectFrom('refusals')
    .select('refusal')
    .where('statement', '=', statement)
    .where('refuser', '=', self)
    .where('code', '=', code)
    .executeTakeFirst();
  return row?.refusal ?? null;
}

/** A refusal that we said and a kill kept from being noted. */
async function saidRefusal(
  reader: StoreReader,
  docket: string,
  statement: string,
  code: string,
): Promise<string | null> {
  const rows = await reader
    .selectFrom('statements')
    .select(['id', 'envelope'])
    .where('docket', '=', docket)
    .where('own', '=', 1)
    .where('kind', '=', 'channel.refuse')
    .execute();
  for (const row of rows) {
    const envelope = parseEnvelope(row.envelope);
    if (!envelope.ok) continue;
    const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
    const body = parsed.ok ? refusalBody(parsed.value.statement.body) : null;
    if (body?.statement === statement && body.code === code) return row.id;
  }
  return null;
}

/** What a channel.refuse statement says, from its body; null where it is malformed. */
function refusalBody(body: {
  [key: string]: JsonValue;
}): { statement: string; code: string } | null {
  const { refused, code } = body;
  if (typeof refused !== 'string' || typeof code !== 'string') return null;
  return { statement: refused, code };
}

/** A refusal of a counterpart that was taken in: it covers the statement in the counterpart's queue. */
export async function noteRefusal(
  tx: StoreTransaction,
  refuser: string,
  refusal: string,
  body: { [key: string]: JsonValue },
): Promise<string | null> {
  const said = refusalBody(body);
  if (said === null) return null;
  await tx
    .insertInto('refusals')
    .values({ statement: said.statement, refuser, code: said.code, refusal })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await coverStatements(tx, refuser, [said.statement]);
  return said.statement;
}
