/** Why a node refused a statement, for people. */
import type { RefusalCode } from '@comity/accord';

const words: { readonly [code in RefusalCode]: string } = {
  'bad-signature': 'a signature does not verify',
  'insufficient-authority': 'too few officers signed it for its kind',
  'bad-schema': 'its body does not fit its kind',
  'not-addressed': 'it is not addressed to the one who refused it',
  'too-large': 'it is too large',
  'credentials-gap': 'the credentials that it names are not known there',
  'rate-limited': 'too much came at once; it may be sent again',
  unreadable: 'it could not be opened or read',
  'wrong-exercise': 'exercise and real record never mix',
  'bad-proof': 'its proof does not verify',
  'bad-text': 'its text is not in its one allowed form',
};

/** The code in words; the code itself where this version does not know it. */
export function refusalWords(code: string): string {
  return Object.hasOwn(words, code) ? words[code as RefusalCode] : code;
}
