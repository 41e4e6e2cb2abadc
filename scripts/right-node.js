/**
 * Makes sure that a script runs on Node.js 24 or newer.
 *
 * Plain JavaScript that older versions can parse. `npm run` finds the binary of the optional package
 * node-<platform>-<architecture> by itself; this is for `node scripts/….js` on a machine whose own
 * Node.js is older, and for saying what to do where that package is missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const oldestMajor = 24;

/** The root of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Returns when this process is new enough. Otherwise runs the same script with the same arguments
 * under the binary of the optional package and exits with its status, or says what to do and exits 1.
 */
export function runOnRightNode() {
  if (Number(process.versions.node.split('.')[0]) >= oldestMajor) return;
  const binary = packagedNode();
  if (binary === null) {
    console.error(
      `Comity needs Node.js ${oldestMajor} or newer; this is ${process.version}, and the package ` +
        `${packageName()} that brings one is not installed here.\n` +
        'Run "npm ci" first; on a platform without such a package (macOS for one), ' +
        `install Node.js ${oldestMajor} from nodejs.org.`,
    );
    process.exit(1);
  }
  const run = spawnSync(binary, process.argv.slice(1), {
    stdio: 'inherit',
    env: withNodeFirst(process.env, binary),
  });
  if (run.error) console.error(String(run.error));
  process.exit(run.status === null ? 1 : run.status);
}

/** An environment in which `node` is the given binary, for children found through PATH. */
export function withNodeFirst(environment, binary) {
  const separator = process.platform === 'win32' ? ';' : ':';
  const path = environment.PATH || '';
  return Object.assign({}, environment, { PATH: dirname(binary) + separator + path });
}

function packageName() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return `node-${platform}-${process.arch}`;
}

function packagedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const binary = join(root, 'node_modules', packageName(), 'bin', name);
  return existsSync(binary) ? binary : null;
}
