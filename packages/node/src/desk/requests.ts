/** What an officer asks the desk to say, and what can be wrong with it. */
import type { JsonValue } from '@comity/record';

/** One act to draft. */
export interface DraftRequest {
  kind: string;
  /**
   * Recipients by identifier. Needed for an opening statement and for `channel.*`; elsewhere empty
   * or exactly the docket's other participants.
   */
  to: string[];
  /** Docket id for everything that does not open one; ignored for `channel.*` and `party.*`. */
  docket: string | null;
  body: { [key: string]: JsonValue };
  /** Further statements that the act cites; those that the terms need are added. */
  cites?: string[];
  /**
   * Leaves out our own checks of kind and body, so that an exercise can rehearse a refusal; exercise
   * parties only.
   */
  unchecked?: boolean;
  /** Drafts the act although its docket, folded with it, says that it would be void. */
  evenIfVoid?: boolean;
  /** Digest of the terms to pin instead of what is in force; openings only. */
  terms?: string;
}

export type DraftFailure =
  | 'exercise-only'
  | 'unknown-kind'
  | 'bad-schema'
  | 'bad-text'
  | 'too-large'
  | 'automatic-kind'
  | 'recipients-needed'
  | 'one-recipient-needed'
  | 'docket-needed'
  | 'unknown-docket'
  | 'wrong-participants'
  | 'not-a-recipient'
  | 'unknown-party'
  | 'not-paired'
  | 'terms-not-agreed'
  | 'would-be-void'
  | 'too-many-drafts'
  | 'statements-awaited'
  | 'no-credentials';
