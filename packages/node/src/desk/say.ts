/**
 * Say: draft, sign and submit in one step, with keys that the caller has unlocked.
 *
 * For programs that run beside the keys: the exercise, the world, the command line without a node.
 * Over the API the same is done in two steps, so that no passphrase and no key ever crosses it.
 */
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { OfficerSecret } from '../officers/key-files.ts';
import { signAsOfficer } from '../officers/key-files.ts';
import { loadChain } from '../parties/chains.ts';
import { addSignatures } from './approvals.ts';
import type { Approval, ApprovalFailure } from './approvals.ts';
import { authorityOf } from './authority.ts';
import type { DeskDeps } from './deps.ts';
import { loadDraft, makeDraft } from './drafts.ts';
import type { Draft } from './drafts.ts';
import type { DraftFailure, DraftRequest } from './requests.ts';

export type SayFailure = DraftFailure | ApprovalFailure | 'no-able-officer';

const stalenessAttemptsMax = 4;

/**
 * Drafts and signs with as many of `secrets` as the authority needs. When another statement takes
 * the place in between, the new draft is signed again, a few times at most.
 */
export async function say(
  deps: DeskDeps,
  request: DraftRequest,
  secrets: readonly OfficerSecret[],
): Promise<Result<Approval, SayFailure>> {
  const drafted = await makeDraft(deps, request);
  if (!drafted.ok) return drafted;
  const evenIfVoid = request.evenIfVoid === true || request.unchecked === true;
  return await approveWith(deps, drafted.value.id, secrets, evenIfVoid);
}

/** Signs a draft with those of `secrets` that may sign it, as many as are needed. */
export async function approveWith(
  deps: DeskDeps,
  draftId: string,
  secrets: readonly OfficerSecret[],
  evenIfVoid = false,
): Promise<Result<Approval, SayFailure>> {
  let id = draftId;
  for (let attempt = 1; ; attempt += 1) {
    const draft = await loadDraft(deps.store.reader, id);
    if (draft === null) return failure('unknown-draft', id);
    const able = draft.state === 'open' ? await ableSecrets(deps, draft, secrets) : success([]);
    if (!able.ok) return able;
    const signatures = able.value.map((secret) =>
      signAsOfficer(secret, draft.payloadType, draft.payload),
    );
    const approval = await addSignatures(deps, id, signatures, evenIfVoid);
    if (!approval.ok || approval.value.state !== 'stale') return approval;
    if (approval.value.draft === null || attempt === stalenessAttemptsMax) return approval;
    id = approval.value.draft;
  }
}

async function ableSecrets(
  deps: DeskDeps,
  draft: Draft,
  secrets: readonly OfficerSecret[],
): Promise<Result<OfficerSecret[], SayFailure>> {
  const chain = await loadChain(deps.store.reader, deps.self.party);
  if (chain === null) return failure('no-credentials', deps.self.party);
  const authority = authorityOf(draft, draft.signatures, chain);
  if (!authority.ok) return authority;
  const { maySign, missingSignatures, level } = authority.value;
  const able = secrets.filter((secret) => maySign.includes(secret.office));
  if (able.length === 0 && missingSignatures > 0) {
    return failure('no-able-officer', level, maySign.join(', '));
  }
  return success(able.slice(0, Math.max(missingSignatures, 0)));
}
