/**
 * Credentials looked for in a pouch whose manifest bears a key that we do not know yet.
 *
 * A party that has just changed its automatic key signs the pouch with the new one and sends the
 * credentials that say so in the same pouch. Anybody can name a party that we know as the sender, so
 * the search is narrow: only records that spell the kind are parsed, within a bound of bytes, and the
 * first that does not hold ends it.
 */
import { encodeBase64, encodeText, parseStatement, partyOf, pouchEnvelopes } from '@comity/record';
import type { Chain } from '@comity/record';
import { checkCredentials } from '../parties/taking.ts';
import { credentialsAheadBytesMax } from './limits.ts';

/**
 * The chain with what the pouch's credentials add to it, verified against what we hold. For the
 * question who signed the manifest and nothing else: they are taken in afterwards like any others.
 */
export function chainWithCredentialsAhead(
  chain: Chain,
  plaintext: Uint8Array,
  self: { party: string; exercise: boolean },
): Chain {
  let extended = chain;
  let bytes = 0;
  const wanted = (record: Uint8Array): boolean => {
    if (bytes > credentialsAheadBytesMax || !spellsCredentials(record)) return false;
    bytes += record.length;
    return bytes <= credentialsAheadBytesMax;
  };
  for (const { envelope, said } of pouchEnvelopes(plaintext, wanted)) {
    const parsed = parseStatement(envelope.payload, envelope.payloadType);
    if (!parsed.ok || parsed.value.statement.kind !== 'party.credentials') continue;
    if (partyOf(parsed.value.id, parsed.value.statement) !== chain.party) continue;
    const coming = { envelope, said, introducedBy: null, receiptTo: [] };
    const checked = checkCredentials(extended, coming, self);
    // An author sends its versions in order: what follows one that does not hold cannot hold.
    if (!checked.ok) break;
    extended = checked.value.chain;
  }
  return extended;
}

/** Whether the base64 of a payload that names the kind stands somewhere in these bytes. */
function spellsCredentials(record: Uint8Array): boolean {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  return kindInBase64.some((text) => bytes.includes(text, 0, 'latin1'));
}

// A text has three spellings in base64, by where it begins; the characters at both ends that depend
// on its neighbours are left away.
const kindInBase64 = [0, 1, 2].map((before) => {
  const kind = encodeText('party.credentials');
  const padded = new Uint8Array(before + kind.length);
  padded.set(kind, before);
  const first = Math.ceil((before * 8) / 6);
  return encodeBase64(padded).slice(first, Math.floor((padded.length * 8) / 6));
});
