/**
 * `npm test`: the checks of the house, then every test that is not slow. Ends with
 * `N passed, N failed`, and `, N skipped` with the names of what was skipped above it.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, runOnRightNode } from './right-node.js';
import { saySeed, seedOfRun } from './seed.js';
import { parseSummary, summaryLine } from './summary.js';
import { runVitest } from './vitest-run.js';

runOnRightNode();

const seed = seedOfRun();
const check = runCheck();
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

function runCheck() {
  const run = spawnSync(process.execPath, [join(root, 'scripts', 'check.js')], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = run.stdout ?? '';
  process.stdout.write(output);
  const summary = parseSummary(output);
  if (summary === null) return { passed: 0, failed: 1 };
  return run.status === 0 || summary.failed > 0 ? summary : { ...summary, failed: 1 };
}
