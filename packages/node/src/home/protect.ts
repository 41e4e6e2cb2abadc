/**
 * Secrets at rest: age files sealed with a passphrase (C2SP age, scrypt recipient).
 *
 * The key is derived by Node.js and not by the age library, which does it in JavaScript on the main
 * thread: this way it takes half as long, several files are opened at once, and a terminal still
 * moves. The files are the same; either program opens what the other wrote.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { Decrypter, Encrypter, Stanza } from 'age-encryption';
import type { Identity, Recipient } from 'age-encryption';
import { decodeBase64, encodeBase64, failure, success } from '@comity/record';
import type { Result } from '@comity/record';

/** log2 of scrypt's N for new files. About a second of work for each try of a passphrase. */
const scryptWorkFactorDefault = 18;
/** log2 N of 20 is a gigabyte: a file that asks for more is not opened. */
const scryptWorkFactorMax = 20;

const label = 'age-encryption.org/v1/scrypt';
const saltBytes = 16;
const blockSize = 8;
const cipher = 'chacha20-poly1305';
const tagBytes = 16;
const fileKeyBytes = 16;
/** Each key wraps one file key and nothing else, so age's nonce is zero. */
const nonce = new Uint8Array(12);

/** Encrypts `plaintext` to a passphrase. `workFactor` is log2 N; tests lower it, nobody else. */
export async function protectBytes(
  plaintext: Uint8Array,
  passphrase: string,
  workFactor: number = scryptWorkFactorDefault,
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(passphraseRecipient(passphrase, workFactor));
  return await encrypter.encrypt(plaintext);
}

/** `wrong-passphrase` also covers a damaged file: age does not tell the two apart. */
export async function openProtected(
  file: Uint8Array,
  passphrase: string,
): Promise<Result<Uint8Array, 'wrong-passphrase'>> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(passphraseIdentity(passphrase));
  try {
    return success(await decrypter.decrypt(file));
  } catch {
    return failure('wrong-passphrase', '');
  }
}

function passphraseRecipient(passphrase: string, workFactor: number): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(saltBytes);
      const key = await derive(passphrase, salt, workFactor);
      const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes });
      const sealed = Buffer.concat([sealing.update(fileKey), sealing.final()]);
      const body = new Uint8Array(Buffer.concat([sealed, sealing.getAuthTag()]));
      const saltText = encodeBase64(salt).replace(/=+$/, '');
      return [new Stanza(['scrypt', saltText, String(workFactor)], body)];
    },
  };
}

/** As age asks for: a scrypt stanza stands alone, and its parameters are checked before any work. */
function passphraseIdentity(passphrase: string): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const [stanza] = stanzas;
      if (stanza === undefined || stanzas.length !== 1) return null;
      const [type, saltText, factorText] = stanza.args;
      if (type !== 'scrypt' || stanza.args.length !== 3) return null;
      const salt = decodeBase64(`${saltText ?? ''}==`);
      const workFactor = /^[1-9][0-9]?$/.test(factorText ?? '') ? Number(factorText) : Infinity;
      if (salt?.length !== saltBytes || workFactor > scryptWorkFactorMax) return null;
      if (stanza.body.length !== fileKeyBytes + tagBytes) return null;
      const key = await derive(passphrase, salt, workFactor);
      const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes });
      opening.setAuthTag(stanza.body.subarray(fileKeyBytes));
      const fileKey = opening.update(stanza.body.subarray(0, fileKeyBytes));
      opening.final(); // Throws where the passphrase is another.
      return new Uint8Array(fileKey);
    },
  };
}

/** On a thread of the runtime's pool. */
async function derive(
  passphrase: string,
  salt: Uint8Array,
  workFactor: number,
): Promise<Uint8Array> {
  const N = 2 ** workFactor;
  const options = { N, r: blockSize, p: 1, maxmem: 256 * N * blockSize + 1_048_576 };
  const labelled = Buffer.concat([Buffer.from(label), salt]);
  return await new Promise((resolve, reject) => {
    scrypt(passphrase, labelled, 32, options, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}
