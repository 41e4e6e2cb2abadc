/**
 * Where a node keeps its files: one home folder, and one high-water file outside it.
 *
 * The high-water file lies outside because a home that is restored from a backup must not bring its
 * own idea of the newest checkpoint with it (rulings.md 25).
 */
import { mkdir, readFile, rename, rm, open, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** Every path below a home; all absolute. */
export interface HomeLayout {
  home: string;
  config: string;
  /** Node keys when encrypted, and when not. Exactly one of the two exists. */
  nodeKeysEncrypted: string;
  nodeKeysPlain: string;
  officers: string;
  store: string;
  lock: string;
  socket: string;
  apiToken: string;
  party: string;
  /** Our credentials as counterparts take them in, written at each start. */
  credentials: string;
}

/** The layout of `home`; nothing is created. */
export function homeLayout(home: string): HomeLayout {
  const root = resolve(home);
  return {
    home: root,
    config: join(root, 'config.json'),
    nodeKeysEncrypted: join(root, 'keys', 'node.json.age'),
    nodeKeysPlain: join(root, 'keys', 'node.json'),
    officers: join(root, 'keys', 'officers'),
    store: join(root, 'store', 'comity.sqlite'),
    lock: join(root, 'lock'),
    socket: join(root, 'socket'),
    apiToken: join(root, 'api-token'),
    party: join(root, 'party.json'),
    credentials: join(root, 'credentials.comity'),
  };
}

/**
 * The high-water file of a party: in `stateDirectory` if the configuration names one, else in the
 * user's state folder (XDG base directories).
 */
export function highWaterPath(
  party: string,
  stateDirectory: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const state =
    stateDirectory ??
    join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'comity');
  return join(resolve(state), `${party}.high-water`);
}

/** True when `path` exists, whatever it is. */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** The text of a file, or null when there is none. Other errors are thrown. */
export async function readTextFile(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isNoEntry(error)) return null;
    throw error;
  }
}

/** The bytes of a file, or null when there is none. Other errors are thrown. */
export async function readBytesFile(path: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (isNoEntry(error)) return null;
    throw error;
  }
}

/**
 * Writes a file so that after a crash either the old or the new one is there whole: temporary file
 * beside it, fsync, rename, fsync of the folder. Mode 0600: everything in a home is private.
 */
export async function writeFileDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function isNoEntry(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
