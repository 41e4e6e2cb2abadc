/**
 * Keys of signed notes and their text form, vkeys (c2sp.org/signed-note, "Verifier keys").
 */
import {
  concatBytes,
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  encodeText,
} from './bytes.ts';
import { sha256 } from '#primitives';
import { isAcceptableEd25519Point } from './primitives/encodings.ts';
import { noteNameBytesMax } from './limits.ts';
import { failure, InvariantError, success, type Result } from './result.ts';

/** 0x01 Ed25519 over the text, 0x04 timestamped Ed25519, 0x06 timestamped ML-DSA-44. */
export type NoteKeyType = 0x01 | 0x04 | 0x06;

/** A verifier key. The pair of `name` and `id` is what a signature line names. */
export type NoteKey = {
  name: string;
  type: NoteKeyType;
  publicKey: Uint8Array;
  /** Eight lower-case hex digits. */
  id: string;
};

/** A verifier key with its 32-byte seed (for 0x06 the ξ of FIPS 204). */
export type NoteSigner = { key: NoteKey; seed: Uint8Array };

const publicKeyBytes: { readonly [type in NoteKeyType]: number } = { 1: 32, 4: 32, 6: 1312 };

/**
 * Makes a key; its id is the first four bytes of SHA-256(name ‖ "\n" ‖ type ‖ public key).
 * Throws `InvariantError` for a name or key length that no note key has.
 */
export function noteKey(name: string, type: NoteKeyType, publicKey: Uint8Array): NoteKey {
  if (!isNoteName(name)) throw new InvariantError(`not the name of a note key: ${name}`);
  if (publicKey.length !== publicKeyBytes[type]) {
    throw new InvariantError(`a note key of type ${type} has ${publicKeyBytes[type]} bytes`);
  }
  const preimage = concatBytes(encodeText(`${name}\n`), Uint8Array.of(type), publicKey);
  return { name, type, publicKey, id: encodeHex(sha256(preimage).subarray(0, 4)) };
}

/**
 * Reads `<name>+<id>+<base64(type ‖ key)>`. Refused: other types, an id that is not the key's own
 * or not in lower case, loose base64, names over 255 bytes, Ed25519 keys of small order or not in
 * canonical form. Not checked: that the bytes are a point of the curve.
 */
export function parseVkey(text: string): Result<NoteKey, 'bad-vkey'> {
  const first = text.indexOf('+');
  const second = text.indexOf('+', first + 1);
  if (first < 0 || second < 0) return failure('bad-vkey', '', 'not name+id+key');
  const name = text.slice(0, first);
  const id = text.slice(first + 1, second);
  const blob = decodeBase64(text.slice(second + 1));
  if (!isNoteName(name)) return failure('bad-vkey', '', 'not a key name');
  if (decodeHex(id)?.length !== 4) return failure('bad-vkey', '', 'not a key id');
  const type = blob?.[0];
  if (blob === null || (type !== 0x01 && type !== 0x04 && type !== 0x06)) {
    return failure('bad-vkey', '', 'not a key of a known type');
  }
  const publicKey = blob.slice(1);
  if (publicKey.length !== publicKeyBytes[type]) return failure('bad-vkey', '', 'wrong length');
  if (type !== 0x06 && !isAcceptableEd25519Point(publicKey)) {
    return failure('bad-vkey', '', 'a key that is refused');
  }
  const key = noteKey(name, type, publicKey);
  return key.id === id ? success(key) : failure('bad-vkey', '', 'the id is not the key’s');
}

/** The inverse of `parseVkey`. */
export function formatVkey(key: NoteKey): string {
  return `${key.name}+${key.id}+${encodeBase64(concatBytes(Uint8Array.of(key.type), key.publicKey))}`;
}

// Go's unicode.IsSpace, which the reference parser uses; JavaScript's \s has U+FEFF, lacks U+0085.
const spaceOrPlus = /[+\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/**
 * Whether a key may be so named: not empty, well formed, no space of Unicode, no '+', no control
 * character, at most 255 bytes.
 */
export function isNoteName(name: string): boolean {
  if (name === '' || name.length > noteNameBytesMax || !name.isWellFormed()) return false;
  if (spaceOrPlus.test(name) || hasControl(name)) return false;
  return encodeText(name).length <= noteNameBytesMax;
}

/** Whether there is an ASCII control character below U+0020, line feed among them. */
export function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return true;
  return false;
}
