/** Drafts and approvals as the API shows them. */
import type { z } from 'zod';
import { encodeBase64 } from '@comity/record';
import type { Chain } from '@comity/record';
import type { Approval } from '../desk/approvals.ts';
import { authorityOf } from '../desk/authority.ts';
import { inGroups } from '../desk/draft-file.ts';
import type { Draft } from '../desk/drafts.ts';
import { wordsOf } from '../watch/dockets.ts';
import type { approval, draft as draftSchema } from './schemas.ts';

/** A draft with what it still needs under our credentials. */
export function showDraft(draft: Draft, chain: Chain): z.infer<typeof draftSchema> {
  const authority = authorityOf(draft, draft.signatures, chain);
  // Signatures that fail were made under credentials that have been replaced: they count for nothing.
  const counted = authority.ok ? authority : authorityOf(draft, [], chain);
  const { level, missingSignatures, signedBy, maySign } = counted.ok
    ? counted.value
    : { level: 'duty', missingSignatures: 0, signedBy: [], maySign: [] };
  return {
    draft: draft.id,
    state: draft.state,
    kind: draft.statement.kind,
    words: wordsOf(draft.statement),
    idGroups: inGroups(draft.id),
    to: draft.statement.to,
    docket: draft.statement.docket,
    level,
    missingSignatures,
    signedBy,
    maySign,
    payloadType: draft.payloadType,
    payload: encodeBase64(draft.payload),
    createdAt: draft.createdAt,
    body: draft.statement.body,
  };
}

/** The contract's `{draft | id, state, missingSignatures}` and what goes with it. */
export function showApproval(result: Approval): z.infer<typeof approval> {
  if (result.state !== 'logged') return result;
  return { ...result, missingSignatures: 0, maySign: [] };
}
