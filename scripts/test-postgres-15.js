/**
 * `node scripts/test-postgres-15.js`: every test of the stores once more on PostgreSQL 15, the oldest
 * that we promise, by Debian's package. In CI, as root, it is installed where it is missing. Where
 * there is none the script says so and counts nothing. Ends with `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runOnRightNode } from './right-node.js';
import { saySeed, seedOfRun } from './seed.js';
import { summaryLine } from './summary.js';
import { runVitest } from './vitest-run.js';

runOnRightNode();

const tools = '/usr/lib/postgresql/15/bin';
const isRoot = process.getuid?.() === 0;
const capSeconds = 12 * 60;

if (!existsSync(join(tools, 'postgres')) && isRoot && process.env.CI === 'true') install();
if (!existsSync(join(tools, 'postgres'))) {
  console.log(
    '!!! NOT TESTED on PostgreSQL 15: it is not installed here, and was not installable.',
  );
  console.log(summaryLine({ passed: 0, failed: 0 }));
} else {
  const totals = await testOnServer(await startServer());
  for (const problem of totals.problems) console.log(`FAIL ${problem}`);
  console.log(summaryLine(totals));
  process.exitCode = totals.failed > 0 ? 1 : 0;
}

function install() {
  console.log('PostgreSQL 15 is not here; trying to install it');
  const quiet = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-q'], { ...quiet, timeout: 120_000 });
  spawnSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'postgresql-15'], {
    ...quiet,
    timeout: 240_000,
  });
}

/** A server of its own in a temporary folder, on a free port of this machine only. */
async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), 'comity-postgres-15-'));
  chmodSync(folder, 0o711);
  // The server refuses to run as root; Debian's package brings a user for it.
  if (isRoot) spawnSync('chown', ['postgres', folder]);
  const data = join(folder, 'data');
  const control = ['-D', data, '-w', '-t', '60'];
  const stop = () => {
    asOwner('pg_ctl', [...control, '-m', 'fast', 'stop']);
    rmSync(folder, { recursive: true, force: true });
  };
  const port = await freePort();
  const settings = [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    "-c unix_socket_directories=''",
    '-c max_connections=300',
  ];
  const log = join(folder, 'server.log');
  const steps = [
    ['initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--encoding=UTF8', '--locale=C']],
    ['pg_ctl', [...control, '-l', log, '-o', settings.join(' '), 'start']],
  ];
  for (const [tool, words] of steps) {
    const ran = asOwner(tool, words);
    if (ran.status === 0) continue;
    const said = existsSync(log) ? readFileSync(log, 'utf8') : `${ran.stdout}${ran.stderr}`;
    stop();
    throw new Error(`${tool} failed: ${said.slice(-2_000)}`);
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
}

function asOwner(tool, words) {
  const command = [join(tools, tool), ...words];
  const [program, ...rest] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
  // A server that keeps our pipes would keep us waiting: its output goes to its log.
  const stdio = tool === 'pg_ctl' ? 'ignore' : 'pipe';
  return spawnSync(program, rest, { encoding: 'utf8', stdio, cwd: '/' });
}

async function testOnServer({ url, stop }) {
  console.log(
    spawnSync(join(tools, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout.trim(),
  );
  const seed = seedOfRun();
  saySeed(seed, 'node scripts/test-postgres-15.js');
  try {
    const totals = await runVitest([...storeTests(), '-t', 'PostgreSQL'], {
      environment: { COMITY_SEED: String(seed), COMITY_TEST_POSTGRES: url },
      capSeconds,
    });
    // Skipped are the same tests on SQLite, which `npm test` runs.
    const { passed, failed, problems } = totals;
    if (passed > 0) return { passed, failed, problems };
    return { passed, failed: failed + 1, problems: [...problems, 'no test ran on PostgreSQL 15'] };
  } finally {
    stop();
  }
}

/** Every test file that runs on each kind of store. */
function storeTests() {
  return ['node', 'world'].flatMap((name) => {
    const folder = join('packages', name, 'test');
    return readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.test.ts') && !file.endsWith('.slow.test.ts'))
      .map((file) => join(folder, file))
      .filter((path) =>
        /\b(storeKinds|databaseKinds)\b/.test(readFileSync(join(root, path), 'utf8')),
      );
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
