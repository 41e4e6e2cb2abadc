/**
 * Keys of the logs that a party began after its first one (protocol.md, Log: "what cannot be rebuilt
 * ends the log, and credentials start another"). The first log's key is in the node's key file.
 *
 * Each is a file of its own, sealed to the node's own sealing identity: it is made while the node
 * runs, which does not keep the passphrase of its key file.
 */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
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
import type { StoreReader } from '../store/store.ts';
import { readBytesFile, writeFileDurably } from './layout.ts';
import type { HomeLayout } from './layout.ts';
import { seedText } from './node-keys.ts';

const fileName = /^log-([1-9][0-9]{0,3})\.age$/u;
const logsMax = 1_000;

const logKeyFile = z.strictObject({
  comityLogKey: z.literal(1),
  party: z.string(),
  origin: z.string().min(1),
  log: seedText,
});

/** Where the key of the party's log number `count` is; the first has none of its own. */
function logKeyPath(layout: HomeLayout, count: number): string {
  return join(dirname(layout.nodeKeysPlain), `log-${count}.age`);
}

/** Every later log key of the home, in order of the logs. `bad-key-file` names the file. */
async function readLogKeys(
  layout: HomeLayout,
  keys: NodeKeys,
): Promise<Result<NoteSigner[], 'bad-key-file'>> {
  const names = await readdir(dirname(layout.nodeKeysPlain));
  const counts = names.flatMap((name) => fileName.exec(name)?.[1] ?? []).map(Number);
  const signers: NoteSigner[] = [];
  for (const count of counts.sort((a, b) => a - b).slice(0, logsMax)) {
    const path = logKeyPath(layout, count);
    const sealed = await readBytesFile(path);
    const signer = sealed === null ? null : await openLogKey(sealed, keys);
    if (signer === null) return failure('bad-key-file', path);
    signers.push(signer);
  }
  return success(signers);
}

async function openLogKey(sealed: Uint8Array, keys: NodeKeys): Promise<NoteSigner | null> {
  const decrypter = new Decrypter();
  for (const identity of keys.sealingIdentities) decrypter.addIdentity(identity);
  try {
    const text = decodeText(await decrypter.decrypt(sealed));
    const parsed = logKeyFile.safeParse(text === null ? null : JSON.parse(text));
    const seed = parsed.success ? decodeBase64(parsed.data.log) : null;
    if (!parsed.success || seed === null || parsed.data.party !== keys.party) return null;
    return { key: noteKey(parsed.data.origin, 0x01, ed25519PublicKey(seed)), seed };
  } catch {
    return null;
  }
}

/**
 * Chooses the key of the log in force, by the newest of our credentials that the database has, and
 * the key that was made for the next log and has not begun one yet. Changes `keys`.
 */
export async function chooseLogKeys(
  layout: HomeLayout,
  keys: NodeKeys,
  reader: StoreReader,
): Promise<Result<null, 'bad-key-file'>> {
  const later = await readLogKeys(layout, keys);
  if (!later.ok) return later;
  const rows = await reader
    .selectFrom('credentials')
    .select('origin')
    .where('party', '=', keys.party)
    .orderBy('version', 'desc')
    .execute();
  const [newest] = rows;
  if (newest === undefined) return success(null);
  const all = [keys.logSigner, ...later.value];
  const current = all.find((signer) => signer.key.name === newest.origin);
  if (current === undefined) return failure('bad-key-file', '', `no key of ${newest.origin}`);
  const begun = new Set(rows.map(({ origin }) => origin));
  keys.logSigner = current;
  keys.nextLogSigner = later.value.find((signer) => !begun.has(signer.key.name)) ?? null;
  return success(null);
}

/**
 * The key of the log that follows the one in force: made, and on disk, when there is none yet.
 * `firstOrigin` names the party's logs: `<first>/2`, `<first>/3`.
 */
export async function ensureNextLogKey(
  layout: HomeLayout,
  keys: NodeKeys,
  logs: { firstOrigin: string; begun: number },
  random: Random,
): Promise<NoteSigner> {
  if (keys.nextLogSigner !== null) return keys.nextLogSigner;
  const count = logs.begun + 1;
  const seed = random(32);
  const origin = `${logs.firstOrigin}/${count}`;
  const file = { comityLogKey: 1, party: keys.party, origin, log: encodeBase64(seed) };
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(keys.sealingIdentities[0] ?? ''));
  const sealed = await encrypter.encrypt(encodeText(`${JSON.stringify(file)}\n`));
  await writeFileDurably(logKeyPath(layout, count), sealed);
  keys.nextLogSigner = { key: noteKey(origin, 0x01, ed25519PublicKey(seed)), seed };
  return keys.nextLogSigner;
}
