/** `npm run bench [-- --json] [-- P1 P3 …]`: one command, one table. Ratios are of one run on one machine. */
import { measureAudit } from './audit.ts';
import { measureExchange } from './exchange.ts';
import { measureAppend, measureLatency } from './log.ts';
import { measureStart } from './start.ts';

interface Row {
  name: string;
  what: string;
  figures: { [name: string]: number };
  ratio: number;
  /** What the ratio is meant to be, where something is asked for. */
  wanted: string;
}

const progress = (words: string): void => void process.stderr.write(`${words}\n`);

const measures: { readonly [name: string]: () => Promise<Row> } = {
  P1: async () => {
    const { ratio, ...figures } = await measureExchange(8_000, progress);
    const what = 'certified exchanges per second against 1/(sign + 2 verify + 2 batched commits)';
    return { name: 'P1', what, figures, ratio, wanted: 'at least 0.35' };
  },
  P2: async () => {
    const { ratio, ...figures } = await measureLatency(200);
    const what = 'one statement to the log, in fdatasyncs of 4 KiB on the same disk';
    return { name: 'P2', what, figures, ratio, wanted: 'none asked' };
  },
  P3: async () => {
    const { ratio, ...figures } = await measureAudit(100_000, progress);
    const what = 'raw Ed25519 on all cores against the whole audit of a log of 100,000';
    return { name: 'P3', what, figures, ratio, wanted: 'at least 0.75' };
  },
  P4: async () => {
    const { ratio, ...figures } = await measureAppend(20_000);
    const what = 'log append per second against raw hashing and a batched commit';
    return { name: 'P4', what, figures, ratio, wanted: 'none asked' };
  },
  P5: async () => {
    const { ratio, ...figures } = await measureStart(10_000, 100, progress);
    const what = 'start with 1,000,000 statements against start with 10,000';
    return { name: 'P5', what, figures, ratio, wanted: 'at most 3' };
  },
};

const help = `npm run --silent bench -- [--json] [P1 P2 P3 P4 P5]

Measures on this machine and prints one table; without names all five. Progress goes to standard
error. P5 makes a home of about 3 GB below .cache the first time.

  --json   the same as JSON
  --help   this

Exit status: 0 measured, 1 something went wrong, 2 not understood.
`;

const words = process.argv.slice(2);
const unknown = words.filter(
  (word) => !Object.hasOwn(measures, word) && word !== '--json' && word !== '--help',
);
if (unknown.length > 0) {
  process.stderr.write(`not understood: ${unknown.join(' ')}\n\n${help}`);
  process.exit(2);
}
if (words.includes('--help')) {
  process.stdout.write(help);
  process.exit(0);
}
const named = words.filter((word) => Object.hasOwn(measures, word));
const rows: Row[] = [];
for (const name of named.length > 0 ? named : Object.keys(measures)) {
  progress(`${name} …`);
  const measure = measures[name];
  if (measure !== undefined) rows.push(await measure());
}
const answer = words.includes('--json') ? `${JSON.stringify(rows, null, 2)}\n` : table(rows);
// Children of a measurement that could not be ended must not hold the bench.
process.stdout.write(answer, () => process.exit(0));

function table(all: readonly Row[]): string {
  return all
    .map(({ name, what, figures, ratio, wanted }) => {
      const values = Object.entries(figures).map(([key, value]) => `     ${key} ${round(value)}`);
      return [`${name}   ratio ${round(ratio)} (${wanted}): ${what}`, ...values, ''].join('\n');
    })
    .join('\n');
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(3);
}
