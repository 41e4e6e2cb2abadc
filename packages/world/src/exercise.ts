/** The exercise: a whole small world on this machine, from keys to a settled docket. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeHouses, openHouses } from './houses.ts';
import type { Houses } from './houses.ts';
import { play } from './play.ts';
import { report } from './report.ts';
import type { ExerciseReport } from './report.ts';
import { createTerminalView } from './terminal.ts';
import { pause } from './until.ts';

export interface ExerciseOptions {
  /** Folder for the homes; a fresh temporary one when null, removed at the end with `once`. */
  home: string | null;
  /** End after the scenario. */
  once: boolean;
  /** Nothing is printed but through `print`; with `json` not even that. */
  json: boolean;
  print: (text: string) => void;
  signal: AbortSignal;
}

const refreshMs = 2_000;

/** Runs it. With `once` resolves after the scenario, else when the signal says stop. */
export async function runExercise(options: ExerciseOptions): Promise<ExerciseReport> {
  const { home, once, json, signal } = options;
  const started = Date.now();
  const folder = home ?? (await mkdtemp(join(tmpdir(), 'comity-exercise-')));
  const view = createTerminalView(json ? () => undefined : options.print);
  view.start(folder);
  let houses: Houses | null = null;
  try {
    houses = await openHouses(folder, view.progress);
    view.addresses(houses);
    const alreadyPlayed = (await houses.northland.desk.dockets()).some(
      ({ type }) => type === 'allegation',
    );
    if (!alreadyPlayed) await play(houses, view.said(houses), signal);
    const found = await report(houses, started);
    await view.ending(houses, found);
    if (!once) await keepRunning(houses, view, signal);
    return found;
  } finally {
    if (houses !== null) await closeHouses(houses);
    if (home === null && once) await rm(folder, { recursive: true, force: true });
    else view.left(folder);
  }
}

async function keepRunning(
  houses: Houses,
  view: ReturnType<typeof createTerminalView>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await view.refresh(houses);
    await pause(refreshMs, signal);
  }
}
