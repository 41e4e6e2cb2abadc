/**
 * Approvals: officers' signatures come one by one; with the last one the statement is logged.
 *
 * The node signs nothing here. Signatures come from officers' devices or from the command line, are
 * checked under our credentials in force, and stored. When the authority that the kind needs is met
 * the sequencer gets the statement; if its place in the docket was taken meanwhile it is
 * `stale-draft`, and the same act is drafted anew and offered again with what changed.
 */
import {
  failure,
  formatEnvelope,
  InvariantError,
  signatureListDigest,
  signaturesMax,
  success,
  newestVersion,
} from '@comity/record';
import type { EnvelopeSignature, Result } from '@comity/record';
import { chainOf } from '@comity/accord';
import type { SaidJob } from '../log/jobs.ts';
import { awaitedWords } from '../log/awaited.ts';
import { loadChain } from '../parties/chains.ts';
import { authorityOf } from './authority.ts';
import type { DeskDeps } from './deps.ts';
import { docketOf, draftInside, loadDraft } from './drafts.ts';
import { checkNotVoid } from './foretell.ts';
import type { Draft } from './drafts.ts';
import type { DraftFailure } from './requests.ts';

/** What became of a draft after signatures were added. */
export type Approval =
  | { state: 'waiting'; draft: string; missingSignatures: number; maySign: string[] }
  | { state: 'logged'; id: string; docket: string; index: number; size: number }
  | {
      state: 'stale';
      /** The new draft of the same act; null when it cannot be drafted any more. */
      draft: string | null;
      missingSignatures: number;
      maySign: string[];
      changed: string[];
    };

export type ApprovalFailure =
  | 'unknown-draft'
  | 'draft-discarded'
  | 'bad-signature'
  | 'bad-schema'
  | 'double-said'
  | 'statements-awaited'
  | 'would-be-void'
  | 'restored'
  | 'log-ended'
  | 'closed'
  | 'no-credentials';

/**
 * Adds signatures to a draft. Adding one that is there already changes nothing; adding to a logged
 * draft answers where it was logged. `would-be-void`: the last signature is here, and the docket folded
 * with the act says that it would be void now; `evenIfVoid` logs it all the same. `restored`,
 * `statements-awaited`, `log-ended`: the signatures are kept, the node may not say anything now, and
 * adding any of them again tries again.
 */
export async function addSignatures(
  deps: DeskDeps,
  draftId: string,
  signatures: readonly EnvelopeSignature[],
  evenIfVoid = false,
): Promise<Result<Approval, ApprovalFailure>> {
  const chain = await loadChain(deps.store.reader, deps.self.party);
  if (chain === null) return failure('no-credentials', deps.self.party);
  const stored = await deps.store.transact(async (tx) => {
    const draft = await loadDraft(tx, draftId);
    if (draft === null) return failure('unknown-draft', draftId);
    if (draft.state === 'discarded') return failure('draft-discarded', draftId);
    if (draft.state !== 'open') return success({ draft, authority: null });
    const all = mergeSignatures(draft.signatures, signatures);
    if (all.length > signaturesMax) return failure('bad-signature', 'signatures', 'too many');
    const stale = staleCredentials(draft, newestVersion(chain).id);
    // Under other credentials than those it names a signature proves nothing; the sequencer would
    // refuse the draft, so it is offered anew at once.
    if (stale) return success({ draft, authority: null });
    const authority = authorityOf(draft, all, chain);
    if (!authority.ok) return authority;
    await tx
      .updateTable('drafts')
      .set({ signatures: JSON.stringify(all) })
      .where('id', '=', draftId)
      .execute();
    return success({ draft: { ...draft, signatures: all }, authority: authority.value });
  });
  if (!stored.ok) return stored;
  const { draft, authority } = stored.value;
  if (draft.state === 'logged') return await loggedAlready(deps, draft);
  if (draft.state === 'stale' || authority === null) return await offerAnew(deps, draft);
  if (authority.missingSignatures > 0) {
    deps.notify({ type: 'draft', id: draft.id });
    const { missingSignatures, maySign } = authority;
    return success({ state: 'waiting', draft: draft.id, missingSignatures, maySign });
  }
  // An opening stands alone in its docket: what it was when it was drafted it is still.
  if (!evenIfVoid && draft.statement.docket !== null) {
    const stands = await checkNotVoid(deps, draft);
    if (!stands.ok) return stands;
  }
  return await submit(deps, draft);
}

/** A signature by the same key replaces the earlier one: it is over the same bytes. */
export function mergeSignatures(
  there: readonly EnvelopeSignature[],
  coming: readonly EnvelopeSignature[],
): EnvelopeSignature[] {
  const byKey = new Map(there.map((signature) => [signature.keyid, signature]));
  for (const signature of coming) byKey.set(signature.keyid, signature);
  return [...byKey.values()].sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
}

async function submit(deps: DeskDeps, draft: Draft): Promise<Result<Approval, ApprovalFailure>> {
  const { statement, payload, payloadType, signatures } = draft;
  const envelope = { payload, payloadType, signatures };
  const job: SaidJob = {
    id: draft.id,
    statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    docket: docketOf(draft.id, statement),
    chain: chainOf(statement.kind, statement.body),
    anchorLines: draft.anchorLines,
    listDigest: signatureListDigest(signatures),
    recipients: await recipientsOf(deps, statement.kind, statement.to),
    draft: draft.id,
  };
  const logged = await deps.sequencer.said(job);
  if (!logged.ok) {
    if (logged.code === 'stale-draft') return await offerAnew(deps, draft);
    if (logged.code === 'statements-awaited') return await notYet(deps);
    return failure(logged.code, logged.path, logged.detail);
  }
  await deps.afterLogged(job);
  deps.notify({ type: 'statement', id: draft.id, docket: job.docket, own: true });
  deps.notify({ type: 'draft', id: draft.id });
  const { index, size } = logged.value;
  return success({ state: 'logged', id: draft.id, docket: job.docket, index, size });
}

/** Statements with `to: []` (credentials, delegations) go to everyone that we are in touch with. */
async function recipientsOf(deps: DeskDeps, kind: string, to: string[]): Promise<string[]> {
  if (!kind.startsWith('party.')) return to;
  const rows = await deps.store.reader
    .selectFrom('parties')
    .select('id')
    .where('state', 'in', ['added', 'confirmed', 'numbers-differ'])
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

async function loggedAlready(
  deps: DeskDeps,
  draft: Draft,
): Promise<Result<Approval, ApprovalFailure>> {
  const row = await deps.store.reader
    .selectFrom('statements')
    .select(['said_index', 'said_size', 'docket'])
    .where('id', '=', draft.id)
    .executeTakeFirst();
  if (row === undefined) throw new InvariantError(`draft ${draft.id} is logged without statement`);
  const { docket, said_index: index, said_size: size } = row;
  return success({ state: 'logged', id: draft.id, docket, index, size });
}

async function notYet({ store, sequencer }: DeskDeps): Promise<Result<never, ApprovalFailure>> {
  const detail = await awaitedWords(store.reader, sequencer.awaited);
  return failure('statements-awaited', '', detail);
}

/** Marks the draft stale and drafts the same act again; both in one transaction. */
async function offerAnew(deps: DeskDeps, draft: Draft): Promise<Result<Approval, ApprovalFailure>> {
  const { statement } = draft;
  // What it would be drafted on top of has not come back yet.
  if (deps.sequencer.blocked === null && deps.sequencer.awaited > 0) return await notYet(deps);
  const fresh = await deps.store.transact(async (tx): Promise<Result<Draft, DraftFailure>> => {
    await tx.updateTable('drafts').set({ state: 'discarded' }).where('id', '=', draft.id).execute();
    return await draftInside(deps, tx, {
      kind: statement.kind,
      to: statement.to,
      docket: statement.docket,
      body: statement.body,
      cites: statement.cites,
      ...(statement.terms === null ? {} : { terms: statement.terms }),
    });
  });
  deps.notify({ type: 'draft', id: draft.id });
  const waiting = { missingSignatures: 0, maySign: [] as string[] };
  if (!fresh.ok) {
    const changed = [`it cannot be drafted again: ${fresh.code}`];
    return success({ state: 'stale', draft: null, ...waiting, changed });
  }
  const chain = await loadChain(deps.store.reader, deps.self.party);
  const authority = chain === null ? null : authorityOf(fresh.value, [], chain);
  if (authority?.ok) {
    waiting.missingSignatures = authority.value.missingSignatures;
    waiting.maySign = authority.value.maySign;
  }
  const changed = whatChanged(draft, fresh.value);
  return success({ state: 'stale', draft: fresh.value.id, ...waiting, changed });
}

function staleCredentials(draft: Draft, newest: string): boolean {
  return draft.statement.credentials !== newest;
}

/** In words for the officer who has to sign again. */
function whatChanged(before: Draft, after: Draft): string[] {
  const changed: string[] = [];
  const short = (id: string | null) => id?.slice(0, 12) ?? 'nothing';
  const old = before.statement;
  const now = after.statement;
  if (old.credentials !== now.credentials) {
    changed.push(`our credentials in force are ${short(now.credentials)} now`);
  }
  if (old.prior !== now.prior) {
    changed.push(`our newest statement there is ${short(now.prior)}, it was ${short(old.prior)}`);
  }
  const added = now.after.filter((id) => !old.after.includes(id));
  if (added.length > 0) changed.push(`said there meanwhile: ${added.map(short).join(', ')}`);
  if (old.terms !== now.terms) changed.push('other terms are in force');
  if (changed.length === 0) changed.push('its place in the log was taken');
  return changed;
}
