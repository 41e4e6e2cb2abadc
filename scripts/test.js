/**
 * `npm test`: the checks of the house, then every test that is not slow. Ends with
 * `N passed, N failed`, and `, N skipped` with the names of what was skipped above it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root, runOnRightNode } from './right-node.js';
import { saySeed, seedOfRun } from './seed.js';
import { parseSummary, summaryLine } from './summary.js';
import { runVitest } from './vitest-run.js';

runOnRightNode();

const seed = seedOfRun();
const check = await runCheck();
const tests = await runVitest(process.argv.slice(2), {
  environment: { COMITY_SEED: String(seed) },
});

console.log('');
saySeed(seed, 'npm test');
for (const problem of tests.problems) console.log(`FAIL ${problem}`);
for (const name of tests.skippedNames) console.log(`skipped: ${name}`);
const totals = {
  passed: check.passed + tests.passed,
  failed: check.failed + tests.failed,
  skipped: tests.skipped,
};
console.log(summaryLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;

/** The checks, with what they print as they print it, but for their last line: this run has its own. */
async function runCheck() {
  const child = spawn(process.execPath, [join(root, 'scripts', 'check.js')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'close');
  let summary = null;
  for await (const line of lines) {
    summary = parseSummary(line);
    if (summary === null) console.log(line);
  }
  const [status] = await ended;
  if (summary === null) return { passed: 0, failed: 1 };
  console.log(`checks: ${summary.passed} good, ${summary.failed} bad; the tests begin\n`);
  return status === 0 || summary.failed > 0 ? summary : { ...summary, failed: 1 };
}
