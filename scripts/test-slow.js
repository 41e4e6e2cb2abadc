/**
 * `npm run test:slow`: every *.slow.test.ts (simulation seeds, kills, fuzzing, packing), within a
 * cap of 15 minutes or `--minutes N`. What the cap cuts off counts as failed. Prints the seed.
 */
import { runOnRightNode } from './right-node.js';
import { saySeed, seedOfRun } from './seed.js';
import { summaryLine } from './summary.js';
import { runVitest } from './vitest-run.js';

runOnRightNode();

const { minutes, rest } = readArguments(process.argv.slice(2));
const seed = seedOfRun();
saySeed(seed, 'npm run test:slow');
const totals = await runVitest(['--config', 'scripts/vitest-slow.config.js', ...rest], {
  environment: { COMITY_SEED: String(seed), SLOW: '1' },
  capSeconds: minutes * 60,
});

console.log('');
saySeed(seed, 'npm run test:slow');
for (const problem of totals.problems) console.log(`FAIL ${problem}`);
for (const name of totals.skippedNames) console.log(`skipped: ${name}`);
console.log(summaryLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;

function readArguments(given) {
  const at = given.indexOf('--minutes');
  if (at === -1) return { minutes: 15, rest: given };
  const minutes = Number(given[at + 1]);
  if (!(minutes > 0)) {
    console.error('--minutes needs a number greater than 0');
    process.exit(2);
  }
  return { minutes, rest: given.toSpliced(at, 2) };
}
