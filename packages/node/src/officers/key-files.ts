/**
 * Officers' keys in files: one file an officer, an age file under a passphrase (protocol.md, Key types).
 *
 * A key file is complete in itself, so that it can be carried to an officer's own device and used
 * with `comity sign` there. `--unprotected-keys` writes the same text without age; for trials only.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  decodeBase64,
  decodeText,
  ed25519PublicKey,
  encodeBase64,
  encodeText,
  failure,
  keyId,
  signEnvelopeEd25519,
  success,
} from '@comity/record';
import type { EnvelopeSignature, OfficerKey, Result } from '@comity/record';
import type { Random } from '../context.ts';
import { exists, readBytesFile, writeFileDurably } from '../home/layout.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Protection } from '../home/node-keys.ts';
import { openProtected, protectBytes } from '../home/protect.ts';

/** An officer's key, unlocked. Keep it for one signature and let it go. */
export interface OfficerSecret {
  office: string;
  /** Party identifier; '' before there is one. Said by the file, for display only. */
  party: string;
  type: 'ed25519';
  seed: Uint8Array;
  /** Key id as it stands in signatures. */
  keyid: string;
}

/** A key file in the home, not unlocked. */
export interface OfficerKeyFile {
  /** The office, as far as the file's name tells it; the file itself is the authority. */
  slug: string;
  path: string;
  unprotected: boolean;
}

const ageHeader = 'age-encryption.org/v1';
const keyFileSchema = z.strictObject({
  comityOfficerKey: z.literal(1),
  party: z.string(),
  office: z.string().min(1).max(200),
  type: z.literal('ed25519'),
  seed: z.string().refine((text) => decodeBase64(text)?.length === 32),
});

/** A new Ed25519 key for an office. */
export function makeOfficerSecret(office: string, random: Random): OfficerSecret {
  const seed = random(32);
  return { office, party: '', type: 'ed25519', seed, keyid: keyIdOf(seed) };
}

/** The public half as it stands in credentials. */
export function officerPublicKey(secret: OfficerSecret): OfficerKey {
  return { type: 'ed25519', key: encodeBase64(ed25519PublicKey(secret.seed)) };
}

/** `Duty officer 1` → `duty-officer-1`. Two offices may share a slug only if they are spelled alike. */
export function officeSlug(office: string): string {
  const slug = office
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return slug === '' ? Buffer.from(office, 'utf8').toString('hex').slice(0, 32) : slug;
}

/** Writes the key file of an office into the home and returns its path. Never overwrites. */
export async function writeOfficerKey(
  layout: HomeLayout,
  secret: OfficerSecret,
  protection: Protection,
): Promise<Result<string, 'key-file-exists'>> {
  const unprotected = 'unprotected' in protection;
  const base = join(layout.officers, officeSlug(secret.office));
  for (const taken of [`${base}.age`, `${base}.json`]) {
    if (await exists(taken)) return failure('key-file-exists', taken);
  }
  const path = `${base}.${unprotected ? 'json' : 'age'}`;
  await writeFileDurably(path, await keyFileBytes(secret, protection));
  return success(path);
}

/** Writes a key file again under another passphrase. The old file stands until the new one does. */
export async function changePassphrase(
  path: string,
  secret: OfficerSecret,
  passphrase: string,
): Promise<void> {
  await writeFileDurably(path, await keyFileBytes(secret, { passphrase }));
}

async function keyFileBytes(secret: OfficerSecret, protection: Protection): Promise<Uint8Array> {
  const text = {
    comityOfficerKey: 1,
    party: secret.party,
    office: secret.office,
    type: secret.type,
    seed: encodeBase64(secret.seed),
  };
  const plain = encodeText(`${JSON.stringify(text, null, 2)}\n`);
  if ('unprotected' in protection) return plain;
  return await protectBytes(plain, protection.passphrase, protection.workFactor);
}

/** The key files in a home, sorted by name. */
export async function listOfficerKeys(layout: HomeLayout): Promise<OfficerKeyFile[]> {
  const names = (await exists(layout.officers)) ? await readdir(layout.officers) : [];
  return names
    .filter((name) => !name.startsWith('.') && /\.(age|json)$/.test(name))
    .sort()
    .map((name) => ({
      slug: name.replace(/\.(age|json)$/, ''),
      path: join(layout.officers, name),
      unprotected: name.endsWith('.json'),
    }));
}

export type UnlockFailure =
  'no-key-file' | 'passphrase-needed' | 'wrong-passphrase' | 'bad-key-file';

/** Reads a key file from anywhere; the passphrase is not looked at when it is not encrypted. */
export async function unlockOfficerKey(
  path: string,
  passphrase: string | null,
): Promise<Result<OfficerSecret, UnlockFailure>> {
  const bytes = await readBytesFile(path);
  if (bytes === null) return failure('no-key-file', path);
  return await openOfficerKey(bytes, passphrase, path);
}

/** Like `unlockOfficerKey`, for bytes already read. `path` is only for the failure. */
export async function openOfficerKey(
  bytes: Uint8Array,
  passphrase: string | null,
  path = '',
): Promise<Result<OfficerSecret, UnlockFailure>> {
  const sealed = decodeText(bytes.subarray(0, ageHeader.length)) === ageHeader;
  if (!sealed) return parseKeyFile(bytes, path);
  if (passphrase === null) return failure('passphrase-needed', path);
  const opened = await openProtected(bytes, passphrase);
  if (!opened.ok) return failure(opened.code, path);
  return parseKeyFile(opened.value, path);
}

/** One DSSE signature of an officer over a payload. Pure. */
export function signAsOfficer(
  secret: OfficerSecret,
  payloadType: string,
  payload: Uint8Array,
): EnvelopeSignature {
  return signEnvelopeEd25519(payloadType, payload, secret.seed);
}

function parseKeyFile(bytes: Uint8Array, path: string): Result<OfficerSecret, 'bad-key-file'> {
  const text = decodeText(bytes);
  if (text === null) return failure('bad-key-file', path, 'not text');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return failure('bad-key-file', path, 'not JSON');
  }
  const parsed = keyFileSchema.safeParse(json);
  const seed = parsed.success ? decodeBase64(parsed.data.seed) : null;
  if (!parsed.success || seed === null) return failure('bad-key-file', path, 'not a key file');
  const { party, office } = parsed.data;
  return success({ office, party, type: 'ed25519', seed, keyid: keyIdOf(seed) });
}

function keyIdOf(seed: Uint8Array): string {
  return keyId('ed25519', ed25519PublicKey(seed));
}
