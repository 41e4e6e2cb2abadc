/**
 * The one place where codes become HTTP: problem+json (RFC 9457), one status for each code.
 *
 * What is not in the table is a fault of ours: status 500, and the caller learns a reference number
 * and nothing else.
 */
import type { Failure } from '@comity/record';

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  path: string;
  detail?: string;
}

const titles: { readonly [code: string]: readonly [number, string] } = {
  'bad-request': [400, 'The request does not fit what this path takes'],
  'bad-schema': [400, 'The document does not fit its schema'],
  'bad-text': [400, 'The text is not in its one allowed form'],
  'bad-signature': [400, 'A signature does not verify'],
  'bad-proof': [400, 'A proof does not verify'],
  'exercise-only': [400, 'Only an exercise party may do this'],
  'bad-draft-file': [400, 'This is not a draft file'],
  'bad-credentials-file': [400, 'This is not a credentials file'],
  'bad-pouch': [400, 'This is not a pouch'],
  'not-for-us': [400, 'The pouch is sealed or addressed to somebody else'],
  'unknown-sender': [409, 'The pouch is by nobody whom we have added'],
  unreadable: [400, 'The pouch cannot be opened or is damaged'],
  'unknown-kind': [400, 'There is no such kind'],
  'automatic-kind': [400, 'Only the node itself says this'],
  'recipients-needed': [400, 'Name whom it is for'],
  'one-recipient-needed': [400, 'A channel has exactly one counterpart'],
  'docket-needed': [400, 'Name the docket'],
  'wrong-participants': [400, 'The recipients are not the other participants of the docket'],
  'not-a-recipient': [400, 'The body names a party to whom the act is not addressed'],
  'wrong-number': [400, 'The safety numbers differ'],
  'wrong-exercise': [400, 'Exercise parties and real parties never meet'],
  'own-party': [400, 'These are our own credentials'],
  'witness-claimed': [409, 'These credentials name a witness of ours as their own'],
  'wrong-passphrase': [400, 'The passphrase is wrong'],
  'no-able-officer': [400, 'None of these officers may sign it'],
  'unknown-officer': [404, 'There is no such officer here'],
  'ambiguous-officer': [409, 'More than one officer fits'],
  unauthorized: [401, 'The API token is missing or wrong'],
  'keys-protected': [403, 'Officers’ keys are not open to this node'],
  'keys-locked': [403, 'The keys of this node are locked'],
  'not-found': [404, 'There is nothing at this address'],
  'unknown-party': [404, 'There is no such party here'],
  'unknown-docket': [404, 'There is no such docket here'],
  'unknown-statement': [404, 'There is no such statement here'],
  'unknown-draft': [404, 'There is no such draft'],
  'unknown-alarm': [404, 'There is no such alarm'],
  'no-proof': [404, 'That proof is not there'],
  'method-not-allowed': [405, 'This address does not take that method'],
  'ambiguous-party': [409, 'More than one party fits'],
  'ambiguous-docket': [409, 'More than one docket fits'],
  'ambiguous-statement': [409, 'More than one statement fits'],
  'ambiguous-draft': [409, 'More than one draft fits'],
  'not-paired': [409, 'That party is not paired'],
  'would-be-void': [409, 'This act would be void'],
  'terms-not-agreed': [409, 'Both sides have not signed these terms'],
  'draft-logged': [409, 'The draft is logged and cannot be taken back'],
  'draft-discarded': [409, 'The draft was discarded'],
  'double-said': [409, 'It is logged already with other signatures'],
  'insufficient-authority': [409, 'More officers must sign'],
  'credentials-gap': [409, 'A version of the credentials is missing in between'],
  'credentials-fork': [409, 'Two different next versions of the credentials exist'],
  'too-many-drafts': [409, 'Too many drafts wait; sign or discard some'],
  'no-credentials': [409, 'This node has no credentials yet'],
  'no-change': [409, 'Nothing would change'],
  'too-large': [413, 'It is too large'],
  'wrong-media-type': [415, 'This content type is not taken here'],
  'rate-limited': [429, 'Too many requests; wait a little'],
  restored: [503, 'The home was restored from a copy; nothing is signed yet'],
  'statements-awaited': [503, 'Statements of ours have yet to come back after a restore'],
  'log-ended': [503, 'Our log has ended; begin another with: comity credentials new-log'],
  'log-not-ended': [409, 'Our log goes on; another is begun only when it has ended'],
  'nothing-awaited': [409, 'No statement of ours is awaited; there is nothing to give up'],
  'not-blocked': [409, 'Nothing is blocked; there is nothing to confirm'],
  fork: [409, 'What was stated is another tree than ours'],
  'bad-checkpoint': [409, 'What was stated is no checkpoint of our log'],
  'entries-wrong': [409, 'The entries that came back do not give the stated checkpoint'],
  'nobody-to-ask': [409, 'There is nobody to ask'],
  'somebody-to-ask': [409, 'There is somebody to ask; an officer’s word is not enough'],
  closed: [503, 'The node is stopping'],
  unreachable: [502, 'The other side does not answer'],
};

/** The problem document of a failure; an unknown code is a fault of ours. */
export function problemOf(failure: Failure<string>): Problem {
  const [status, title] = titles[failure.code] ?? [500, 'A fault of this node'];
  if (status === 500) return faultProblem('');
  const { code, path, detail } = failure;
  return {
    type: `urn:comity:problem:${code}`,
    title,
    status,
    code,
    path,
    ...(detail === undefined ? {} : { detail }),
  };
}

/** A 500: nothing but a reference that the log line repeats. */
export function faultProblem(reference: string): Problem {
  return {
    type: 'urn:comity:problem:fault',
    title: 'A fault of this node',
    status: 500,
    code: 'fault',
    path: reference,
  };
}

/** Carries a failure out of a route; the error handler turns it into a problem document. */
export class ProblemError extends Error {
  readonly failure: Failure<string>;
  constructor(failure: Failure<string>) {
    super(failure.code);
    this.failure = failure;
  }
}

/** The value, or a problem. For route handlers only. */
export function orProblem<T>(result: { ok: true; value: T } | Failure<string>): T {
  if (result.ok) return result.value;
  throw new ProblemError(result);
}
