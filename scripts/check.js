/**
 * `npm run check`: types, lint, format, arrows, dead exports, names, data files, snippets.
 *
 * Each check runs twice: on the tree, where it must find nothing and must have seen every file that
 * there is, and on a planted violation, which it must find (a check that cannot fail is worth
 * nothing). Each says when it begins and how long it took. Names of checks as arguments run only those. Ends with `N passed, N failed`.
 */
import { runOnRightNode } from './right-node.js';
import { summaryLine } from './summary.js';

runOnRightNode();

const shownMax = 40;

const { arrows } = await import('./checks/arrows.js');
const { dataFiles } = await import('./checks/data-files.js');
const { deadExports } = await import('./checks/exports.js');
const { format } = await import('./checks/format.js');
const { lint } = await import('./checks/lint.js');
const { names } = await import('./checks/names.js');
const { snippets } = await import('./checks/snippets.js');
const { types } = await import('./checks/types.js');

const all = [types, lint, format, arrows, deadExports, names, dataFiles, snippets];
const wanted = process.argv.slice(2);
const checks = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const unknown = wanted.filter((name) => !all.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(
    `no such check: ${unknown.join(', ')} (there are: ${all.map((c) => c.name).join(', ')})`,
  );
  process.exit(2);
}

const totals = { passed: 0, failed: 0 };
console.log(`${checks.length} checks, one to five minutes on two cores.`);
for (const check of checks) {
  console.log(`     ${check.name} begins`);
  const started = performance.now();
  const { problems, seen, expected } = await runOrSay(() => check.run());
  if (seen < expected)
    problems.push(`saw ${seen} of ${expected}: a check that looks away proves nothing`);
  report(`${check.name} (${seen} seen, ${seconds(started)} s)`, problems);
  const planted = performance.now();
  const missed = await proofOrSay(check);
  report(`${check.name}: finds a planted violation (${seconds(planted)} s)`, missed);
}
console.log(summaryLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;

function report(name, problems) {
  totals[problems.length === 0 ? 'passed' : 'failed'] += 1;
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const problem of problems.slice(0, shownMax)) console.log(`     ${problem}`);
  if (problems.length > shownMax) console.log(`     and ${problems.length - shownMax} more`);
}

/** A check that breaks is a check that failed. */
async function runOrSay(run) {
  try {
    return await run();
  } catch (error) {
    return { problems: [String(error?.stack ?? error)], seen: 0, expected: 0 };
  }
}

async function proofOrSay(check) {
  const result = await runOrSay(async () => ({ problems: await check.proof() }));
  return result.problems;
}

function seconds(started) {
  return ((performance.now() - started) / 1000).toFixed(1);
}
