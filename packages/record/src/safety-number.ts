/**
 * The safety number: sixty digits that two officers compare by voice before they pair
 * (protocol.md, "Party and credentials", Pairing).
 *
 * Each half is 30 digits of one side: h(1) = SHA-256(tag ‖ party ‖ credentials), h(i+1) =
 * SHA-256(h(i) ‖ party ‖ credentials), up to h(5200); six times five bytes of it, big-endian, each
 * modulo 100,000 in five digits. The half of the lower party identifier comes first.
 */
import { concatBytes, decodeHex, encodeText } from './bytes.ts';
import { sha256 } from '#primitives';
import { InvariantError } from './result.ts';

/** A party and the credentials that it has at the time, both 64 hex digits. */
export type PairingSide = { party: string; credentials: string };

const tag = encodeText('comity/safety-number/v1\n');
/** Work for whoever looks for keys that give a number alike. */
const iterations = 5_200;
const groupsOfHalf = 6;

/**
 * Twelve groups of five digits separated by spaces; the same from both sides. Throws
 * `InvariantError` for what is not an identifier, and for one party with itself.
 */
export function safetyNumber(one: PairingSide, other: PairingSide): string {
  if (one.party === other.party) throw new InvariantError('a party does not pair with itself');
  const sides = one.party < other.party ? [one, other] : [other, one];
  return sides.map(half).join(' ');
}

function half({ party, credentials }: PairingSide): string {
  const identity = concatBytes(rawDigest(party), rawDigest(credentials));
  let hash = sha256(concatBytes(tag, identity));
  for (let i = 1; i < iterations; i++) hash = sha256(concatBytes(hash, identity));
  const groups: string[] = [];
  for (let group = 0; group < groupsOfHalf; group++) {
    let value = 0;
    for (const byte of hash.subarray(group * 5, group * 5 + 5)) value = value * 256 + byte;
    groups.push(String(value % 100_000).padStart(5, '0'));
  }
  return groups.join(' ');
}

function rawDigest(hex: string): Uint8Array {
  const raw = decodeHex(hex);
  if (raw?.length !== 32) throw new InvariantError('an identifier is 64 hex digits');
  return raw;
}
