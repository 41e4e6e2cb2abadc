/**
 * Drafts: the first step in the life of a statement.
 *
 * A draft fixes the payload's bytes (nonce, `after`, `prior`, anchor, terms, credentials), so that
 * several officers sign the same bytes, one by one. It lives on our side only until its authority
 * is met and the sequencer logs it.
 */
import {
  channelDocket,
  encodeBase64Url,
  exercisePayloadType,
  failure,
  formatStatement,
  parseStatement,
  statementPayloadType,
  success,
  newestVersion,
} from '@comity/record';
import type { EnvelopeSignature, Result, Statement } from '@comity/record';
import { chainOf, isActKind, kinds, levelOf, misnamedParty, parseBody } from '@comity/accord';
import type { OwnSide } from '../dockets/fold-input.ts';
import type { StoreTransaction } from '../store/store.ts';
import { awaitedWords } from '../log/awaited.ts';
import { loadChain } from '../parties/chains.ts';
import { checkJson } from './json-text.ts';
import type { DeskDeps } from './deps.ts';
import { checkNotVoid } from './foretell.ts';
import { participantsOf } from './participants.ts';
import { currentHeads, newestOwn } from './place.ts';
import type { DraftFailure, DraftRequest } from './requests.ts';
import { pinTerms } from './terms-pin.ts';

const openDraftsMax = 10_000;
/** Kinds that may go to a party that was added and is not yet confirmed (ruling 10). */
const kindsBeforePairing: readonly string[] = ['channel.pair'];

/** A draft as it is stored. */
export interface Draft {
  /** The statement's id: it does not depend on signatures. */
  id: string;
  state: 'open' | 'stale' | 'logged' | 'discarded';
  statement: Statement;
  payload: Uint8Array;
  payloadType: string;
  signatures: EnvelopeSignature[];
  anchorLines: string[];
  createdAt: number;
}

/**
 * Makes a draft and stores it. Nothing is signed and nothing leaves the node. `would-be-void`: the
 * docket, folded with it, says so; nothing is left of the draft.
 */
export async function makeDraft(
  deps: DeskDeps,
  request: DraftRequest,
): Promise<Result<Draft, DraftFailure>> {
  const checked =
    request.unchecked === true ? checkUnchecked(deps, request) : checkRequest(request);
  if (!checked.ok) return checked;
  const drafted = await deps.store.transact((tx) => draftInside(deps, tx, request));
  if (!drafted.ok || request.unchecked === true || request.evenIfVoid === true) return drafted;
  const stands = await checkNotVoid(deps, drafted.value);
  if (stands.ok) return drafted;
  await discardDraft(deps, drafted.value.id);
  return stands;
}

/**
 * Like `makeDraft`, inside a transaction that the caller owns. `statements-awaited`: what it would have
 * to stand on has not come back after a restore.
 */
export async function draftInside(
  deps: DeskDeps,
  tx: StoreTransaction,
  request: DraftRequest,
): Promise<Result<Draft, DraftFailure>> {
  const { awaited, blocked } = deps.sequencer;
  if (blocked === null && awaited > 0) {
    return failure('statements-awaited', '', await awaitedWords(tx, awaited));
  }
  if (!(await hasRoom(tx))) return failure('too-many-drafts', '');
  const place = await placeOf(deps, tx, request);
  if (!place.ok) return place;
  const named = checkNamed(request, place.value.to);
  if (!named.ok) return named;
  const chain = await loadChain(tx, deps.self.party);
  if (chain === null) return failure('no-credentials', deps.self.party);
  const { docket, to, after, prior } = place.value;
  const opens = docket === null && to.length > 0;
  const pin = opens
    ? await pinTerms(tx, deps.self, to, request.terms ?? null)
    : success({ terms: null, cites: [] });
  if (!pin.ok) return pin;
  const { anchor, lines } = await deps.newAnchor(tx, to);
  const statement: Statement = {
    comity: 1,
    kind: request.kind,
    from: deps.self.party,
    to,
    docket,
    after,
    prior,
    anchor,
    terms: pin.value.terms,
    cites: [...new Set([...(request.cites ?? []), ...pin.value.cites])].sort(),
    made: new Date(deps.clock.now() * 1000).toISOString().replace('.000Z', 'Z'),
    credentials: newestVersion(chain).id,
    nonce: encodeBase64Url(deps.random(16)),
    body: request.body,
  };
  return await storeDraft(deps, tx, statement, lines);
}

/** One draft, or null. */
export async function loadDraft(
  reader: Pick<StoreTransaction, 'selectFrom'>,
  id: string,
): Promise<Draft | null> {
  const row = await reader.selectFrom('drafts').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : readRow(row);
}

/** Drafts that wait for something: open and stale ones, oldest first. */
export async function listDrafts(reader: Pick<StoreTransaction, 'selectFrom'>): Promise<Draft[]> {
  const rows = await reader
    .selectFrom('drafts')
    .selectAll()
    .where('state', 'in', ['open', 'stale'])
    .orderBy('created_at')
    .orderBy('id')
    .limit(openDraftsMax)
    .execute();
  return rows.map(readRow).filter((draft) => draft !== null);
}

/** Discards a draft for good; a logged one cannot be. */
export async function discardDraft(
  deps: Pick<DeskDeps, 'store' | 'notify'>,
  id: string,
): Promise<Result<void, 'unknown-draft' | 'draft-logged'>> {
  const result = await deps.store.transact(async (tx) => {
    const draft = await loadDraft(tx, id);
    if (draft === null) return failure('unknown-draft', id);
    if (draft.state === 'logged') return failure('draft-logged', id);
    await tx.updateTable('drafts').set({ state: 'discarded' }).where('id', '=', id).execute();
    return success(undefined);
  });
  if (result.ok) deps.notify({ type: 'draft', id });
  return result;
}

/** The docket a logged statement belongs to, as the statements table has it. */
export function docketOf(id: string, statement: Statement): string {
  if (statement.kind.startsWith('party.')) return '';
  return statement.docket ?? id;
}

/** Kind, body, level, and whom an opening names, before any row is read. */
export function checkRequest(request: DraftRequest): Result<void, DraftFailure> {
  if (!isActKind(request.kind)) {
    return failure('unknown-kind', 'kind', `known: ${Object.keys(kinds).join(', ')}`);
  }
  const text = checkJson(request.body, 'body');
  if (!text.ok) return text;
  const body = parseBody(request.kind, request.body);
  if (!body.ok) return failure('bad-schema', `body${body.path}`, body.detail);
  const level = levelOf(request.kind, request.body);
  if (level === 'automatic') return failure('automatic-kind', 'kind');
  const opens = kinds[request.kind].opens !== null && request.to.length > 0;
  return opens ? checkNamed(request, request.to) : success(undefined);
}

function checkUnchecked(
  deps: Pick<DeskDeps, 'self'>,
  request: DraftRequest,
): Result<void, DraftFailure> {
  if (!deps.self.exercise) return failure('exercise-only', 'unchecked');
  return checkJson(request.body, 'body');
}

/** An act that names somebody who takes no part would be void: nobody should sign it. */
function checkNamed(request: DraftRequest, to: readonly string[]): Result<void, DraftFailure> {
  const { kind, body, unchecked } = request;
  if (unchecked === true || !isActKind(kind) || !parseBody(kind, body).ok)
    return success(undefined);
  const misnamed = misnamedParty({ kind, body }, to);
  if (misnamed === null) return success(undefined);
  return failure('not-a-recipient', `body${misnamed.path}`, misnamed.party);
}

interface Place {
  docket: string | null;
  to: string[];
  after: string[];
  prior: string | null;
}

async function placeOf(
  deps: DeskDeps,
  tx: StoreTransaction,
  request: DraftRequest,
): Promise<Result<Place, DraftFailure>> {
  const self = deps.self.party;
  if (request.kind.startsWith('party.')) {
    return success({ docket: null, to: [], after: [], prior: null });
  }
  const opens = isActKind(request.kind) ? kinds[request.kind].opens : null;
  const isChannel = request.kind.startsWith('channel.');
  if (isChannel || opens !== null) {
    const paired = await checkRecipients(tx, self, request, isChannel);
    if (!paired.ok) return paired;
    if (!isChannel) {
      return success({ docket: null, to: paired.value, after: [], prior: null });
    }
    return success(
      await placeIn(
        tx,
        deps.self,
        channelDocket(self, paired.value[0] ?? ''),
        paired.value,
        request,
      ),
    );
  }
  if (request.docket === null) return failure('docket-needed', 'docket');
  const participants = await participantsOf(tx, self, request.docket);
  if (!participants.ok) return participants;
  if (!participants.value.includes(self)) return failure('wrong-participants', 'docket');
  const others = participants.value.filter((party) => party !== self);
  const named = [...new Set(request.to)].sort();
  if (named.length > 0 && named.join() !== others.join()) {
    return failure('wrong-participants', 'to', others.join(', '));
  }
  return success(await placeIn(tx, deps.self, request.docket, others, request));
}

async function placeIn(
  tx: StoreTransaction,
  self: OwnSide,
  docket: string,
  to: string[],
  request: DraftRequest,
): Promise<Place> {
  const chain = chainOf(request.kind, request.body);
  return {
    docket,
    to,
    after: await currentHeads(tx, self, docket),
    prior: await newestOwn(tx, self.party, docket, chain),
  };
}

async function checkRecipients(
  tx: StoreTransaction,
  self: string,
  request: DraftRequest,
  isChannel: boolean,
): Promise<Result<string[], DraftFailure>> {
  const to = [...new Set(request.to)].sort();
  if (to.length === 0 || to.includes(self)) return failure('recipients-needed', 'to');
  if (isChannel && to.length !== 1) return failure('one-recipient-needed', 'to');
  const known = await tx
    .selectFrom('parties')
    .select(['id', 'state'])
    .where('id', 'in', to)
    .execute();
  for (const party of to) {
    const row = known.find((one) => one.id === party);
    if (row === undefined) return failure('unknown-party', 'to', party);
    const early = kindsBeforePairing.includes(request.kind) && row.state !== 'introduced';
    if (row.state !== 'confirmed' && !early) return failure('not-paired', 'to', party);
  }
  return success(to);
}

async function storeDraft(
  deps: DeskDeps,
  tx: StoreTransaction,
  statement: Statement,
  anchorLines: string[],
): Promise<Result<Draft, DraftFailure>> {
  const payloadType = deps.self.exercise ? exercisePayloadType : statementPayloadType;
  const payload = formatStatement(statement);
  // Reading back what was written finds bad text and size before anybody signs it.
  const parsed = parseStatement(payload, payloadType);
  if (!parsed.ok) return parsed;
  const draft: Draft = {
    id: parsed.value.id,
    state: 'open',
    statement: parsed.value.statement,
    payload,
    payloadType,
    signatures: [],
    anchorLines,
    createdAt: deps.clock.now(),
  };
  await tx
    .insertInto('drafts')
    .values({
      id: draft.id,
      docket: docketOf(draft.id, statement),
      kind: statement.kind,
      payload,
      payload_type: payloadType,
      signatures: '[]',
      anchor_lines: JSON.stringify(anchorLines),
      state: 'open',
      created_at: draft.createdAt,
    })
    .execute();
  deps.notify({ type: 'draft', id: draft.id });
  return success(draft);
}

async function hasRoom(tx: StoreTransaction): Promise<boolean> {
  const row = await tx
    .selectFrom('drafts')
    .select((expression) => expression.fn.countAll<number>().as('open'))
    .where('state', 'in', ['open', 'stale'])
    .executeTakeFirst();
  return Number(row?.open ?? 0) < openDraftsMax;
}

function readRow(row: {
  id: string;
  state: Draft['state'];
  payload: Uint8Array;
  payload_type: string;
  signatures: string;
  anchor_lines: string;
  created_at: number;
}): Draft | null {
  const payload = new Uint8Array(row.payload);
  const parsed = parseStatement(payload, row.payload_type);
  if (!parsed.ok) return null;
  const signatures = JSON.parse(row.signatures) as EnvelopeSignature[];
  const anchorLines = JSON.parse(row.anchor_lines) as string[];
  return {
    id: row.id,
    state: row.state,
    statement: parsed.value.statement,
    payload,
    payloadType: row.payload_type,
    signatures,
    anchorLines,
    createdAt: row.created_at,
  };
}
