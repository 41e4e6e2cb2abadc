/**
 * The sending node of P1: a node as always, and beside it a program with the officer's key that
 * opens dockets as fast as receipts come back. Commands on standard input: `go COUNT PARTY`.
 */
import { createInterface } from 'node:readline';
import { homeLayout, listOfficerKeys, openMany, startNode, unlockOfficerKey } from '@comity/node';
import type { OfficerSecret } from '@comity/node';
import { notification } from './party.ts';

const [home = ''] = process.argv.slice(2);
const perCall = 256;
const inFlightMax = 4_096;

const node = await startNode({
  home,
  passphrase: null,
  log: (level, message, fields) => {
    if (level !== 'debug') process.stderr.write(`${level} ${message} ${JSON.stringify(fields)}\n`);
  },
});
const secrets: OfficerSecret[] = [];
for (const { path } of await listOfficerKeys(homeLayout(home))) {
  const secret = await unlockOfficerKey(path, null);
  if (secret.ok) secrets.push(secret.value);
}

let receipts = 0;
let wake: (() => void) | null = null;
node.subscribe((event) => {
  if (event.type !== 'receipt') return;
  receipts += 1;
  wake?.();
});

async function run(count: number, party: string): Promise<number> {
  receipts = 0;
  const started = performance.now();
  let said = 0;
  while (receipts < count) {
    if (said < count && said - receipts < inFlightMax) {
      const openings = Array.from({ length: Math.min(perCall, count - said) }, () => ({
        kind: 'incident.notify',
        body: notification,
      }));
      const opened = await openMany(node.desk, [party], openings, secrets);
      if (!opened.ok) throw new Error(`openMany: ${opened.code} ${opened.path}`);
      for (const one of opened.value) if (!one.ok) throw new Error(`said: ${one.code}`);
      said += openings.length;
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
  }
  return performance.now() - started;
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, count, party = ''] = line.split(' ');
  if (command === 'go') {
    void run(Number(count), party).then((milliseconds) =>
      process.stdout.write(`done ${JSON.stringify({ milliseconds })}\n`),
    );
  } else {
    void node.close().then(() => process.exit(0));
  }
});
process.stdin.once('end', () => void node.close().then(() => process.exit(0)));
process.stdout.write('ready\n');
