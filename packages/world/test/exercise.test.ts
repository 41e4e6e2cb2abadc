import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exercisePayloadType, parseEnvelope, parseStatement } from '@comity/record';
import { homeLayout } from '@comity/node';
import { isSettled, runExercise } from '../src/index.ts';
import type { ExerciseReport } from '../src/index.ts';

let folder: string;
let found: ExerciseReport;
const printed: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comity-exercise-'));
  found = await runExercise({
    home: join(folder, 'homes'),
    once: true,
    json: false,
    print: (text) => void printed.push(text),
    signal: new AbortController().signal,
  });
}, 300_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Stored {
  kind: string;
  payloadType: string;
  to: string[];
  own: boolean;
}

/** Every statement that a home has, its own and those of others. */
function storedIn(home: string): Stored[] {
  const database = new DatabaseSync(homeLayout(home).store, { readOnly: true });
  try {
    const rows = database.prepare('select envelope, own from statements').all();
    return rows.map((row) => {
      const envelope = parseEnvelope(row['envelope'] as Uint8Array);
      if (!envelope.ok) throw new Error(envelope.code);
      const { payload, payloadType } = envelope.value;
      const parsed = parseStatement(payload, payloadType);
      if (!parsed.ok) throw new Error(parsed.code);
      const { kind, to } = parsed.value.statement;
      return { kind, to, payloadType, own: row['own'] === 1 };
    });
  } finally {
    database.close();
  }
}

describe('the exercise, from no homes to its report', () => {
  it('has at least 40 addressed statements, each received but the one that is refused', () => {
    expect(found.statements).toBeGreaterThanOrEqual(40);
    expect(found.receipted + found.refused).toBe(found.statements);
    expect(isSettled(found)).toBe(true);
  });

  it('has exactly one refusal and exactly one void act', () => {
    expect([found.refused, found.void]).toEqual([1, 1]);
    expect(printed.filter((line) => line.includes('as planned'))).toHaveLength(2);
  });

  it('has every docket type, each docket with equal digests on all its sides', () => {
    const types = new Set(found.dockets.map(({ type }) => type));
    expect([...types]).toEqual(expect.arrayContaining(['assurance', 'incident', 'allegation']));
    for (const { equal, digests, docket } of found.dockets) {
      expect({ docket, equal }).toEqual({ docket, equal: true });
      expect(Object.keys(digests).length).toBeGreaterThanOrEqual(2);
      expect(new Set(Object.values(digests)).size).toBe(1);
    }
  });

  it('is marked as an exercise in its report, on the screen and in every statement of every home', () => {
    expect(found.exercise).toBe(true);
    expect(printed[0]).toMatch(/^EXERCISE/u);
    expect(printed.some((line) => line.startsWith('EXERCISE played'))).toBe(true);
    expect(found.parties).toHaveLength(4);
    for (const { home } of found.parties) {
      const stored = storedIn(home);
      expect(stored.length).toBeGreaterThan(0);
      expect(new Set(stored.map(({ payloadType }) => payloadType))).toEqual(
        new Set([exercisePayloadType]),
      );
    }
  });

  it('counts what the homes themselves have', () => {
    const uncounted = ['channel.test', 'channel.refuse'];
    const own = found.parties
      .flatMap(({ home }) => storedIn(home))
      .filter(({ own, to, kind }) => own && to.length > 0 && !uncounted.includes(kind));
    expect(own).toHaveLength(found.statements);
  });
});
