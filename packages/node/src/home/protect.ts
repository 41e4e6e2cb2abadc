/**
 * Secrets at rest: age files sealed with a passphrase (C2SP age, scrypt recipient).
 */
import { Decrypter, Encrypter } from 'age-encryption';
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';

/** log2 of scrypt's N for new files. About a second of work for each try of a passphrase. */
const scryptWorkFactorDefault = 18;

/** Encrypts `plaintext` to a passphrase. `workFactor` is log2 N; tests lower it, nobody else. */
export async function protectBytes(
  plaintext: Uint8Array,
  passphrase: string,
  workFactor: number = scryptWorkFactorDefault,
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  return await encrypter.encrypt(plaintext);
}

/** `wrong-passphrase` also covers a damaged file: age does not tell the two apart. */
export async function openProtected(
  file: Uint8Array,
  passphrase: string,
): Promise<Result<Uint8Array, 'wrong-passphrase'>> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return success(await decrypter.decrypt(file));
  } catch {
    return failure('wrong-passphrase', '');
  }
}
