/** Runs vitest and counts what its own JSON report says, never what a line on the screen says. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './right-node.js';

/**
 * Resolves with counts and the names of skipped tests. A file that cannot be loaded, an error
 * outside a test, a missing report, the cap and an empty run count as one failure each.
 */
export async function runVitest(vitestArguments, { environment = {}, capSeconds = null } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'comity-report-'));
  const report = join(folder, 'report.json');
  try {
    const reporting = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const ended = await run([...vitestArguments, ...reporting], environment, capSeconds);
    return count(readReport(report), ended);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(vitestArguments, environment, capSeconds) {
  const script = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, 'run', ...vitestArguments], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit'],
      // A group of its own, so that the cap ends the workers too.
      detached: process.platform !== 'win32',
    });
    let capped = false;
    const cap =
      capSeconds === null
        ? null
        : setTimeout(() => {
            capped = true;
            endGroup(child);
          }, capSeconds * 1000);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => endGroup(child));
    child.on('error', () => resolve({ status: 1, capped }));
    child.on('exit', (status) => {
      clearTimeout(cap);
      resolve({ status: status ?? 1, capped });
    });
  });
}

function endGroup(child) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function count(report, { status, capped }) {
  const totals = { passed: 0, failed: 0, skipped: 0, skippedNames: [], problems: [] };
  const fail = (problem) => {
    totals.failed += 1;
    totals.problems.push(problem);
  };
  if (capped) fail('the time cap ended the run; what was left did not run');
  if (report === null) {
    if (!capped) fail('vitest left no report');
    return totals;
  }
  for (const file of report.testResults) {
    const tests = file.assertionResults;
    if (file.status === 'failed' && !tests.some((test) => test.status === 'failed')) {
      fail(`${file.name}: ${firstLine(file.message)}`);
    }
    for (const test of tests) {
      if (test.status === 'passed') totals.passed += 1;
      else if (test.status === 'failed') totals.failed += 1;
      else {
        totals.skipped += 1;
        totals.skippedNames.push(test.fullName);
      }
    }
  }
  if (totals.passed + totals.failed + totals.skipped === 0) fail('no test ran');
  if (status !== 0 && totals.failed === 0) fail('vitest reports an error outside the tests');
  return totals;
}

function firstLine(message) {
  return (message ?? '').split('\n')[0] || 'could not be loaded';
}
