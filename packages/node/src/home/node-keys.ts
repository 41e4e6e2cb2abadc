/**
 * The keys that the node itself holds: log, own-account, witness, automatic, sealing.
 *
 * Each has one purpose (protocol.md, Party and credentials). Officers' keys are never here.
 */
import { generateHybridIdentity } from 'age-encryption';
import { z } from 'zod';
import {
  decodeBase64,
  decodeText,
  ed25519PublicKey,
  encodeBase64,
  encodeText,
  failure,
  noteKey,
  success,
} from '@comity/record';
import type { NoteSigner, Result } from '@comity/record';
import type { NodeKeys, Random } from '../context.ts';
import { openProtected, protectBytes } from './protect.ts';
import { readBytesFile, writeFileDurably } from './layout.ts';
import type { HomeLayout } from './layout.ts';

/** A seed as key files have it: 32 bytes in base64. */
export const seedText = z.string().refine((text) => decodeBase64(text)?.length === 32, {
  error: 'must be 32 bytes in base64',
});
const nodeKeysFile = z.strictObject({
  comityNodeKeys: z.literal(1),
  party: z.string().regex(/^[0-9a-f]{64}$/),
  exercise: z.boolean(),
  origin: z.string().min(1),
  log: seedText,
  ownAccount: seedText,
  witness: seedText,
  automatic: seedText,
  sealing: z.array(z.string().startsWith('AGE-SECRET-KEY-')).min(1).max(16),
});
type NodeKeysFile = z.infer<typeof nodeKeysFile>;

/** New keys. `party` is '' until credentials version 1 gives it. age draws the sealing key itself. */
export async function makeNodeKeys(
  origin: string,
  exercise: boolean,
  random: Random,
): Promise<NodeKeys> {
  return {
    party: '',
    exercise,
    logSigner: signer(origin, 0x01, random(32)),
    nextLogSigner: null,
    ownAccountSigner: signer(`${origin}/own-account`, 0x04, random(32)),
    witnessSigner: signer(`${origin}/witness`, 0x04, random(32)),
    automaticSeed: random(32),
    sealingIdentities: [await generateHybridIdentity()],
  };
}

/** How a key file is protected: with a passphrase, or not at all (trials only). */
export type Protection = { passphrase: string; workFactor?: number } | { unprotected: true };

/** Writes the node's keys; replaces what was there whole or not at all. */
export async function writeNodeKeys(
  layout: HomeLayout,
  keys: NodeKeys,
  protection: Protection,
): Promise<void> {
  const file: NodeKeysFile = {
    comityNodeKeys: 1,
    party: keys.party,
    exercise: keys.exercise,
    origin: keys.logSigner.key.name,
    log: encodeBase64(keys.logSigner.seed),
    ownAccount: encodeBase64(keys.ownAccountSigner.seed),
    witness: encodeBase64(keys.witnessSigner.seed),
    automatic: encodeBase64(keys.automaticSeed),
    sealing: keys.sealingIdentities,
  };
  const plain = encodeText(`${JSON.stringify(file, null, 2)}\n`);
  if ('unprotected' in protection) {
    await writeFileDurably(layout.nodeKeysPlain, plain);
    return;
  }
  const sealed = await protectBytes(plain, protection.passphrase, protection.workFactor);
  await writeFileDurably(layout.nodeKeysEncrypted, sealed);
}

export type NodeKeysFailure = 'no-home' | 'passphrase-needed' | 'wrong-passphrase' | 'bad-key-file';

/** Reads the node's keys. `passphrase` is not looked at when the file is not encrypted. */
export async function readNodeKeys(
  layout: HomeLayout,
  passphrase: string | null,
): Promise<Result<{ keys: NodeKeys; unprotected: boolean }, NodeKeysFailure>> {
  const sealed = await readBytesFile(layout.nodeKeysEncrypted);
  if (sealed !== null) {
    if (passphrase === null) return failure('passphrase-needed', layout.nodeKeysEncrypted);
    const opened = await openProtected(sealed, passphrase);
    if (!opened.ok) return failure(opened.code, layout.nodeKeysEncrypted);
    return withFlag(parseNodeKeys(opened.value, layout.nodeKeysEncrypted), false);
  }
  const plain = await readBytesFile(layout.nodeKeysPlain);
  if (plain === null) return failure('no-home', layout.home);
  return withFlag(parseNodeKeys(plain, layout.nodeKeysPlain), true);
}

function withFlag(
  parsed: Result<NodeKeys, 'bad-key-file'>,
  unprotected: boolean,
): Result<{ keys: NodeKeys; unprotected: boolean }, 'bad-key-file'> {
  return parsed.ok ? success({ keys: parsed.value, unprotected }) : parsed;
}

function parseNodeKeys(bytes: Uint8Array, path: string): Result<NodeKeys, 'bad-key-file'> {
  const text = decodeText(bytes);
  if (text === null) return failure('bad-key-file', path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return failure('bad-key-file', path, 'not JSON');
  }
  const parsed = nodeKeysFile.safeParse(json);
  if (!parsed.success) {
    return failure('bad-key-file', path, parsed.error.issues[0]?.path.join('.') ?? '');
  }
  const file = parsed.data;
  return success({
    party: file.party,
    exercise: file.exercise,
    logSigner: signer(file.origin, 0x01, seed(file.log)),
    nextLogSigner: null,
    ownAccountSigner: signer(`${file.origin}/own-account`, 0x04, seed(file.ownAccount)),
    witnessSigner: signer(`${file.origin}/witness`, 0x04, seed(file.witness)),
    automaticSeed: seed(file.automatic),
    sealingIdentities: file.sealing,
  });
}

function seed(text: string): Uint8Array {
  return decodeBase64(text) ?? new Uint8Array(32);
}

function signer(name: string, type: 0x01 | 0x04, seedBytes: Uint8Array): NoteSigner {
  return { key: noteKey(name, type, ed25519PublicKey(seedBytes)), seed: seedBytes };
}
