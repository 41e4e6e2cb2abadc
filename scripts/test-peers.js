/**
 * `npm run test:peers`: our formats under other people's libraries, and theirs under ours.
 *
 * Go and Python are used where they are there; what is missing is named in the summary as skipped.
 * Everything fetched and built stays in a temporary folder and in Go's own module cache; versions
 * are pinned in peers/go/go.sum and peers/python/requirements.txt. `--require` makes a missing
 * program a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runOnRightNode } from './right-node.js';
import { summaryLine } from './summary.js';

runOnRightNode();

const peers = join(root, 'peers');
const folder = mkdtempSync(join(tmpdir(), 'comity-peers-'));
const ours = join(folder, 'ours');
const theirs = { go: join(folder, 'go'), python: join(folder, 'python') };
const totals = { passed: 0, failed: 0, skipped: 0 };
const minute = 60_000;

try {
  if (ran('make ours', process.execPath, [join(peers, 'ours', 'make.ts'), ours], {}, 2 * minute)) {
    withGo();
    withPython();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(summaryLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;

function withGo() {
  if (!has('go', ['version'])) return missing('Go');
  const program = join(folder, 'peers');
  const cwd = join(peers, 'go');
  const build = ['build', '-mod=readonly', '-o', program, '.'];
  if (!ran('build peers/go', 'go', build, { cwd }, 5 * minute)) return;
  count('Go checks ours', program, ['verify', ours]);
  mkdirSync(theirs.go, { recursive: true });
  count('Go makes theirs', program, ['make', theirs.go, ours]);
  count('we check Go', process.execPath, [join(peers, 'ours', 'check.ts'), 'go', theirs.go, ours]);
  withWitnesses(program, cwd);
}

function withWitnesses(program, cwd) {
  const litewitness = join(folder, 'litewitness');
  const build = [
    'build',
    '-mod=readonly',
    '-o',
    litewitness,
    'filippo.io/torchwood/cmd/litewitness',
  ];
  const built = run('go', build, { cwd }, 5 * minute);
  if (built.status !== 0) skip(`litewitness does not build here: ${lastLine(built.output)}`);
  const script = join(peers, 'ours', 'witnesses.ts');
  const other = built.status === 0 ? litewitness : '-';
  count('witnesses', process.execPath, [script, program, other, join(folder, 'witnesses')]);
}

function withPython() {
  const python = ['python3', 'python'].find((name) => has(name, ['-c', 'import venv, ensurepip']));
  if (python === undefined) return missing('Python with venv');
  const environment = join(folder, 'venv');
  if (!ran('make a Python environment', python, ['-m', 'venv', environment], {}, 2 * minute))
    return;
  const own = join(environment, 'bin', 'python');
  const requirements = join(peers, 'python', 'requirements.txt');
  const install = ['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', requirements];
  if (!ran('install securesystemslib', own, install, {}, 5 * minute)) return;
  const script = join(peers, 'python', 'envelope.py');
  count('Python checks ours', own, [script, 'verify', ours]);
  if (ran('Python makes theirs', own, [script, 'make', theirs.python], {}, minute)) {
    const check = [join(peers, 'ours', 'check.ts'), 'python', theirs.python, ours];
    count('we check Python', process.execPath, check);
  }
}

/** Runs a program whose output is check lines, and counts them. */
function count(name, program, programArguments) {
  const { status, output } = run(program, programArguments, {}, 3 * minute);
  const lines = output.split('\n');
  const shown = lines.filter((line) => line !== '' && !line.startsWith('skip '));
  if (shown.length > 0) console.log(shown.join('\n'));
  const failed = lines.filter((line) => line.startsWith('FAIL ')).length;
  const passed = lines.filter((line) => line.startsWith('ok ')).length;
  const skipped = lines.filter((line) => line.startsWith('skip '));
  for (const line of skipped) skip(line.slice('skip '.length));
  totals.passed += passed;
  totals.failed += failed;
  if (failed === 0 && (status !== 0 || passed + skipped.length === 0)) {
    console.log(`FAIL ${name}: ended with ${status} after ${passed} checks`);
    totals.failed += 1;
  }
}

/** Runs a step that must work; it counts only when it does not. */
function ran(name, program, programArguments, options, capMs) {
  const { status, output } = run(program, programArguments, options, capMs);
  if (status === 0) return true;
  console.log(`FAIL ${name}:\n${output.trimEnd()}`);
  totals.failed += 1;
  return false;
}

function run(program, programArguments, options, capMs) {
  const result = spawnSync(program, programArguments, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: capMs,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  return {
    status: result.status ?? 1,
    output: result.error ? `${output}${result.error}\n` : output,
  };
}

function has(program, programArguments) {
  return run(program, programArguments, {}, minute).status === 0;
}

function missing(what) {
  if (process.argv.includes('--require')) {
    console.log(`FAIL ${what} is not here`);
    totals.failed += 1;
  } else {
    skip(`${what} is not here: nothing was checked with it`);
  }
}

function skip(reason) {
  console.log(`skipped: ${reason}`);
  totals.skipped += 1;
}

function lastLine(output) {
  return output.trimEnd().split('\n').at(-1) ?? '';
}
