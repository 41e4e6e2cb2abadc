/**
 * A process to be killed: opens store and log, says and holds statements in a loop, and prints one
 * line per answer, `<id> <role> <index> <size>`, as soon as it has it. Not a test.
 */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import type { Logged } from '../src/log/jobs.ts';
import { openStore } from '../src/store/open.ts';
import type { StoreLocation } from '../src/store/store.ts';
import { heldJob, openLog, saidJob } from './log-fixture.ts';
import type { TestPlace } from './stores.ts';

const [location, folder] = process.argv.slice(2) as [string, string];
const store = await openStore(JSON.parse(location) as StoreLocation);
const log = await openLog(store, { folder } as TestPlace);
if (log.blocked !== null) {
  print('blocked');
  process.exit(1);
}
log.onPublished(({ note }) => print(`note ${JSON.stringify(note)}`));
print('ready');

const workers = 12;
await Promise.all([...Array(workers).keys()].map((n) => (n % 3 === 0 ? holdFor() : sayFor())));

async function sayFor(): Promise<void> {
  for (;;) {
    const said = await log.said(saidJob(randomBytes(8).toString('hex')));
    if (!said.ok) throw new Error(said.code);
    answered('said', said.value);
  }
}

async function holdFor(): Promise<void> {
  for (;;) {
    const jobs = [1, 2, 3].map(() => heldJob(randomBytes(8).toString('hex')));
    const held = await log.held(jobs);
    if (!held.ok) throw new Error(held.code);
    held.value.forEach((one) => answered('held', one));
  }
}

function answered(role: string, { id, index, size }: Logged): void {
  print(`${role} ${id} ${index} ${size}`);
}

/** Written before anything else happens: what was printed was acknowledged. */
function print(line: string): void {
  writeSync(1, `${line}\n`);
}
