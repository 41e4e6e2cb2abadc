/** What each void reason means, for people. */
import type { VoidReason } from './fold/void-reasons.ts';

const words: { readonly [reason in VoidReason]: string } = {
  'not-a-participant': 'its author takes no part in the docket',
  'wrong-exercise': 'it mixes an exercise with the real record',
  'credentials-gap': 'the credentials that it names are not known',
  'retired-credentials': 'the credentials that it names were no longer in force',
  'bad-signature': 'a signature does not verify',
  'insufficient-authority': 'too few officers signed it for its kind',
  'unknown-kind': 'there is no such kind',
  'bad-schema': 'its body does not fit its kind',
  'wrong-docket': 'its kind does not belong in this docket',
  'wrong-participants': 'it is not addressed to exactly the other participants',
  'terms-misplaced': 'terms are pinned by the opening act and by no other',
  'bad-parent': 'it names as earlier what cannot stand before it',
  'prior-fork': 'two acts of its author claim the same place',
  'delegation-ended': 'the delegation under which it was signed had ended',
  'terms-not-agreed': 'the terms that the docket pins are not agreed by both sides',
  'opening-void': 'the act that opened the docket is void',
  'not-yours': 'this party may not do this here',
  'too-late': 'its time has passed',
  'other-text': 'it names another text than the one that was offered',
  'other-credentials': 'it names other credentials than those in force',
  'no-such-act': 'the act that it answers is not there, or has no effect',
  'no-such-obligation': 'the obligation that it names is not there',
  'bad-terms': 'these terms cannot be agreed',
  'bad-respondent': 'the respondent that it names takes no part in the docket',
  irrevocable: 'what it would take back cannot be taken back',
  'not-in-force': 'what it concerns is not in force',
  ended: 'the matter has ended',
  'quoted-only': 'the allegation is only quoted; no reply is asked',
};

/** The reason in words; the reason itself where this version does not know it. */
export function voidWords(reason: string): string {
  return Object.hasOwn(words, reason) ? words[reason as VoidReason] : reason;
}
