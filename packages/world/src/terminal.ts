/**
 * What the exercise prints: one line for each act once the other side has it, then who owes what.
 * Lines are only ever added; nothing on the screen moves.
 */
import type { ShownStatement } from '@comity/node';
import { cast } from './cast.ts';
import type { Houses } from './houses.ts';
import type { Said } from './play.ts';
import type { ExerciseReport } from './report.ts';
import { isSettled } from './report.ts';
import { until } from './until.ts';

type Print = (text: string) => void;

export interface TerminalView {
  start(folder: string): void;
  progress(words: string): void;
  addresses(houses: Houses): void;
  /** Prints an act when its recipients have answered for it. */
  said(houses: Houses): (said: Said) => Promise<void>;
  ending(houses: Houses, report: ExerciseReport): Promise<void>;
  /** Prints what changed since the last call, and nothing when nothing did. */
  refresh(houses: Houses): Promise<void>;
  left(folder: string): void;
}

const receiptTimeoutMs = 15_000;
const wordsWidth = 64;
const whoWidth = 23;

/** A view that prints through `print`. */
export function createTerminalView(print: Print): TerminalView {
  let owedBefore = '';
  const owed = async (houses: Houses): Promise<void> => {
    const lines = await owedLines(houses);
    // Seconds run; what is compared is who owes what in which state.
    const name = lines.map(({ key }) => key).join('\n');
    if (name === owedBefore) return;
    owedBefore = name;
    print(`\n${clock()}  Who owes what`);
    for (const { text } of lines) print(`          ${text}`);
    if (lines.length === 0) print('          Nothing is owed.');
  };
  return {
    start(folder) {
      print('EXERCISE · EXERCISE · EXERCISE');
      print('Northland and Southmark are invented. Nothing here can reach a real party.');
      print(`Homes: ${folder}\n`);
    },
    progress: (words) => print(`${clock()}  … ${words}`),
    addresses(houses) {
      print('');
      for (const { displayName, process } of Object.values(houses)) {
        print(
          `  ${displayName.padEnd(18)} log and exchange ${process.exchange}   officers' API ${process.api ?? 'socket only'}`,
        );
      }
      print('');
    },
    said: (houses) => async (said) => {
      print(await saidLine(houses, said));
    },
    async ending(houses, report) {
      await owed(houses);
      print('');
      print(summary(report));
      print('');
      for (const line of whatNext(houses)) print(line);
    },
    refresh: owed,
    left: (folder) => print(`\nThe homes are kept in ${folder}`),
  };
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}

async function saidLine(houses: Houses, said: Said): Promise<string> {
  const house = houses[said.from];
  const started = performance.now();
  let shown: ShownStatement | undefined;
  const answered = async (): Promise<boolean> => {
    const rows = await house.desk.dockets();
    if (!rows.some(({ docket }) => docket === said.docket)) return false;
    const { statements } = await house.desk.docket(said.docket);
    shown = statements.find(({ id }) => id === said.id);
    return (shown?.delivery ?? []).every(
      ({ state }) => state === 'received' || state === 'refused',
    );
  };
  const arrived = await until('receipts', receiptTimeoutMs, answered).then(
    () => true,
    () => false,
  );
  const who = `${cast[said.from].word} → ${said.to.map((name) => cast[name].word).join(', ')}`;
  const words = shorten(shown?.words ?? said.step.kind);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const outcome = arrived ? outcomeOf(shown, seconds) : 'not received yet';
  return `${clock()}  ${who.padEnd(whoWidth)} ${words.padEnd(wordsWidth)} ${outcome}`;
}

function outcomeOf(shown: ShownStatement | undefined, seconds: string): string {
  const refusal = shown?.delivery.find(({ state }) => state === 'refused');
  if (refusal !== undefined) return `refused (${refusal.code ?? ''}), as planned`;
  if (shown?.act === 'void')
    return `received in ${seconds} s; void (${shown.reason ?? ''}), as planned`;
  return `received in ${seconds} s`;
}

function shorten(text: string): string {
  const line = text.replaceAll('\n', ' ');
  return line.length <= wordsWidth ? line : `${line.slice(0, wordsWidth - 1)}…`;
}

async function owedLines(houses: Houses): Promise<{ key: string; text: string }[]> {
  const rows = await houses.northland.desk.owed();
  return rows.slice(0, 20).map((row) => {
    const { owedByName, owedToName, what, state, overdue, secondsLeft } = row;
    const when = overdue
      ? `OVERDUE by ${Math.abs(secondsLeft ?? 0)} s`
      : secondsLeft === null
        ? state
        : `${secondsLeft} s left`;
    const key = `${row.id} ${state} ${String(overdue)}`;
    return { key, text: `${owedByName} owes ${owedToName}: ${what} — ${when}` };
  });
}

function summary(report: ExerciseReport): string {
  const { statements, receipted, refused, dockets, seconds } = report;
  const equal = dockets.filter((docket) => docket.equal).length;
  const verdict = isSettled(report)
    ? 'Both sides hold the same record and computed the same states.'
    : 'NOT everything has settled: see comity status in each home.';
  return [
    `EXERCISE played in ${seconds} s: ${statements} statements, ${receipted} receipted, ${refused} refused, ${report.void} void.`,
    `${dockets.length} dockets, ${equal} with equal digests on all sides. ${verdict}`,
  ].join('\n');
}

function whatNext(houses: Houses): string[] {
  const { home } = houses.northland;
  return [
    'Try next, in another terminal:',
    `  npx comity dockets --home ${home}`,
    `  npx comity owe --home ${home}`,
    `  npx comity status --home ${home}`,
    `  curl ${houses.southmark.process.exchange}/log/checkpoint`,
    'Ctrl-C ends it.',
  ];
}
