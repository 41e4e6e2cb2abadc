/** Listeners: HTTP servers on a TCP address or on a unix socket, over a request handler. */
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { chmod, lstat, mkdir, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { encodeText, failure, sha256Hex, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { ListenAddress } from '../home/config.ts';
import type { HomeLayout } from '../home/layout.ts';

export interface Listener {
  /** The address with the port that was really taken. */
  address: ListenAddress;
  close(): Promise<void>;
}

export type ListenFailure = 'address-in-use' | 'cannot-listen';

/** Longest path that every system takes for a unix socket. */
const socketPathBytesMax = 100;
/** A counterpart that sends its headers slower than this is cut off. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 120_000;

/** Listens on a TCP address; port 0 takes any free one. */
export async function listenOn(
  handler: RequestListener,
  wanted: ListenAddress,
): Promise<Result<Listener, ListenFailure>> {
  const server = createServer(
    { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs },
    handler,
  );
  const place = `${wanted.host}:${wanted.port}`;
  const failed = await listening(server, { host: wanted.host, port: wanted.port });
  if (failed !== null) return failure(failed.code, place, failed.detail);
  const taken = server.address();
  const port = typeof taken === 'object' && taken !== null ? taken.port : wanted.port;
  return success({ address: { host: wanted.host, port }, close: () => closeServer(server) });
}

/**
 * Where the API's socket of a home is: in the home, or, where that path is too long for a socket,
 * in a folder of the user's own.
 */
export function socketPath(
  layout: HomeLayout,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (Buffer.byteLength(layout.socket) <= socketPathBytesMax) return layout.socket;
  const base = environment['XDG_RUNTIME_DIR'] || join(tmpdir(), `comity-${userInfo().uid}`);
  return join(base, `comity-${sha256Hex(encodeText(layout.home)).slice(0, 24)}.sock`);
}

/**
 * Why somebody else may be listening on the socket at `path`, or null where only this user can: its
 * folder is theirs, or they may write to it, or the socket is theirs. Ask before a token is sent there.
 */
export async function socketDistrust(path: string): Promise<string | null> {
  const distrust = await folderDistrust(dirname(path));
  if (distrust !== null) return distrust;
  const { uid: self } = userInfo();
  const { uid } = await lstat(path);
  return self === -1 || uid === self ? null : `${path} belongs to another user`;
}

async function folderDistrust(folder: string): Promise<string | null> {
  const { uid: self } = userInfo();
  // Windows knows no such owners.
  if (self === -1) return null;
  const link = await lstat(folder);
  // Whoever owns a link can let it lead elsewhere after it was looked at.
  if (link.isSymbolicLink() && link.uid !== self && link.uid !== 0) {
    return `${folder} is a link of another user`;
  }
  const { uid, mode } = await stat(folder);
  if (uid !== self) return `${folder} belongs to another user`;
  return (mode & 0o022) === 0 ? null : `others may write to ${folder}`;
}

/**
 * Listens on a unix socket that only this user may open. A socket file left by a dead process is
 * removed; the caller holds the home's lock, so it belongs to nobody living.
 */
export async function listenOnSocket(
  handler: RequestListener,
  path: string,
): Promise<Result<Listener, ListenFailure>> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const distrust = await folderDistrust(folder);
  if (distrust !== null) return failure('cannot-listen', folder, distrust);
  await rm(path, { force: true });
  const server = createServer({ headersTimeout: headersTimeoutMs }, handler);
  const failed = await listening(server, { path });
  if (failed !== null) return failure(failed.code, path, failed.detail);
  await chmod(path, 0o600);
  const close = async (): Promise<void> => {
    await closeServer(server);
    await rm(path, { force: true });
  };
  return success({ address: { host: path, port: 0 }, close });
}

async function listening(
  server: Server,
  where: { host: string; port: number } | { path: string },
): Promise<{ code: ListenFailure; detail: string } | null> {
  return await new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const code = error.code === 'EADDRINUSE' ? 'address-in-use' : 'cannot-listen';
      resolve({ code, detail: error.message });
    };
    server.once('error', fail);
    server.listen(where, () => {
      server.off('error', fail);
      // Later errors of single connections are not errors of the node.
      server.on('error', () => undefined);
      resolve(null);
    });
  });
}

/** Stops taking connections and ends those that are open, event streams included. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), 500);
  await closed;
  clearTimeout(force);
}
