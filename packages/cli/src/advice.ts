import { noTerminal } from './prompts/ask.ts';

/**
 * What a person can do about a code. Codes come from the node, from `record` and from key files.
 */
const advice: { readonly [code: string]: string } = {
  'stale-draft':
    'The docket moved on after the draft was made. See it with "comity show", then draft and sign again.',
  'insufficient-authority': 'More officers must sign: comity approve DRAFT --officer NAME',
  restored:
    'This home was restored from a copy and signs nothing yet. What it waits for, and what to do: comity status',
  'statements-awaited':
    'Try again when they have come back. What is still to come, and from whom: comity status',
  'log-ended': 'Begin another log: comity credentials new-log',
  'somebody-to-ask':
    'Let the node run until it has reached them; comity status says whom it asks. A witness that cannot answer any more is taken out of config.json.',
  closed: 'The node is stopping. Start it again: comity start --home DIR',
  'ambiguous-party': 'Write the identifier, or more of the name.',
  'unknown-party': 'List the parties with: comity parties',
  'ambiguous-docket': 'Write more of the identifier.',
  'unknown-docket': 'List the dockets with: comity dockets',
  'unknown-statement': 'See the statements of a docket with: comity show DOCKET',
  'unknown-draft': 'List the drafts with: comity drafts',
  'unknown-officer': 'List the officers with: comity officers',
  'unknown-kind': 'List the kinds with: comity kinds',
  'bad-schema': 'See an example of the body with: comity kinds KIND',
  'bad-number':
    'Compare the whole number with the other side again by voice. If it still differs, do not confirm: someone may stand between you.',
  'wrong-number':
    'Compare the whole number with the other side again by voice. If it still differs, do not confirm: someone may stand between you.',
  'bad-credentials-file':
    'Ask the other side for the file that "comity credentials" writes, and take it whole.',
  'bad-draft-file': 'Take the file that "comity draft export" writes, whole.',
  'bad-pouch': 'Take the file that "comity pouch export" writes, whole.',
  'not-for-us': 'Ask the sender for the pouch that is made for you: comity pouch export --to PARTY',
  'unknown-sender': 'Add the sender first: comity pair add FILE',
  'bad-name': 'Give --name NAME: one line of printable text.',
  'bad-officers': 'Give --officers N, from 1 to 16.',
  'keys-locked': 'Give --passphrase-file FILE, or run this on a terminal to be asked.',
  'wrong-exercise': 'Exercise parties and real parties never meet; use a home of the same sort.',
  'would-be-void':
    'See how the docket stands: comity show DOCKET. To put it in the record all the same, add --even-if-void.',
  'not-a-recipient':
    'Whom the body names must be among the recipients (--to), and never you yourselves.',
  'not-paired':
    'Pair first: comity pair add FILE, then comity pair number and comity pair confirm.',
  'not-as-asked':
    'Sign nothing here before you know why: another process may answer in the node’s stead, or the node is not yours any more. (Of an import: an earlier draft of the same row may wait; comity drafts, comity discard.)',
  unreadable: 'The file is cut, damaged, or sealed for somebody else. Ask for it again.',
  'bad-config': 'See every mistake explained with: comity config check',
  'passphrase-needed': noTerminal,
  'terms-not-agreed':
    'The two parties have not agreed those terms. Leave out "terms", or agree them first with channel.terms.',
  'no-home': 'Make one with: comity init --home DIR --name NAME',
  'home-exists': 'Choose another folder; a home is never overwritten.',
  'key-file-exists': 'A key file is never overwritten; move the old one away first.',
};

/** One sentence, or null when there is nothing better to say than the message. */
export function adviceFor(code: string): string | null {
  return advice[code] ?? null;
}
