import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtInTerms, dueAt, exerciseTerms, parseTerms, termsDigest } from '../src/index.ts';
import type { Coverage } from '../src/index.ts';

const time = (text: string): number => Date.parse(text) / 1000;
const always: Coverage = { kind: 'round-the-clock' };
const week = builtInTerms['contact-points'].coverage.default;

describe('built-in terms', () => {
  it.each(['contact-points', 'incidents-ict'] as const)('%s equal the data file', (name) => {
    const file = new URL(`../../../instruments/${name}/instrument.json`, import.meta.url);
    const data: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(data).toEqual(builtInTerms[name]);
    const parsed = parseTerms(data, false);
    expect(parsed.ok && termsDigest(parsed.value)).toBe(termsDigest(builtInTerms[name]));
  });

  it('keep their digests: signed statements name them', () => {
    expect(termsDigest(builtInTerms['contact-points'])).toMatchInlineSnapshot(
      `"343d6023a0534ac8d916684a5582ecbdba76c1a4ef83ed00e6c0bab948710c41"`,
    );
    expect(termsDigest(builtInTerms['incidents-ict'])).toMatchInlineSnapshot(
      `"62bfa29adda587a9e4d294fafe18488f5cf369a2a349b3b2a07a04b1ba54dcf0"`,
    );
  });

  it('refuse durations under a minute to real parties', () => {
    const short = structuredClone(builtInTerms['incidents-ict']);
    short.deadlines.answerRequest = { ordinary: { seconds: 59 } };
    expect(parseTerms(short, false)).toMatchObject({ ok: false, code: 'bad-terms' });
    short.deadlines.answerRequest = { ordinary: { seconds: 60 } };
    expect(parseTerms(short, false).ok).toBe(true);
    short.service.intervalSeconds = 59;
    expect(parseTerms(short, false)).toMatchObject({ ok: false, code: 'bad-terms' });
  });

  it('of an exercise parse for exercise parties only', () => {
    for (const terms of Object.values(exerciseTerms(3600))) {
      expect(parseTerms(terms, true).ok).toBe(true);
      expect(parseTerms(terms, false)).toMatchObject({ ok: false, path: '/exercise' });
    }
    expect(exerciseTerms(3600)['incidents-ict'].deadlines.answerRequest?.ordinary).toEqual({
      seconds: 72,
    });
  });

  it('refuse unknown members and other fold versions', () => {
    const extra = { ...builtInTerms['incidents-ict'], surprise: 1 };
    expect(parseTerms(extra, false)).toMatchObject({ ok: false, code: 'bad-terms' });
    const later = { ...builtInTerms['incidents-ict'], fold: 2 };
    expect(parseTerms(later, false)).toMatchObject({ ok: false, code: 'bad-terms' });
  });
});

describe('durations', () => {
  it('keep day and time over months, clamped to the month’s end', () => {
    const start = time('2027-01-31T23:59:59Z');
    expect(dueAt(start, { months: 1 }, always, false)).toBe(time('2027-02-28T23:59:59Z'));
    expect(dueAt(start, { months: 13 }, always, false)).toBe(time('2028-02-29T23:59:59Z'));
    const leap = time('2028-02-29T12:00:00Z');
    expect(dueAt(leap, { years: 1 }, always, false)).toBe(time('2029-02-28T12:00:00Z'));
  });

  it('count a day as 86,400 s', () => {
    expect(dueAt(1000, { days: 2 }, always, false)).toBe(1000 + 2 * 86_400);
  });

  it('count working days from the opening after a start out of hours', () => {
    // A Friday evening.
    const start = time('2027-01-15T20:00:00Z');
    expect(dueAt(start, { workingDays: 1 }, week, false)).toBe(time('2027-01-19T09:00:00Z'));
    const within = time('2027-01-15T10:30:00Z');
    expect(dueAt(within, { workingDays: 1 }, week, false)).toBe(time('2027-01-18T10:30:00Z'));
  });

  it('run hours within the coverage, and flash always', () => {
    const start = time('2027-01-15T16:00:00Z');
    expect(dueAt(start, { hours: 2 }, week, false)).toBe(time('2027-01-18T10:00:00Z'));
    expect(dueAt(start, { hours: 2 }, week, true)).toBe(time('2027-01-15T18:00:00Z'));
    expect(dueAt(start, { workingDays: 1 }, week, true)).toBe(start + 86_400);
  });

  it('skip holidays and follow the dated offsets from UTC', () => {
    const local: Coverage = {
      kind: 'working-hours',
      weekdays: [1, 2, 3, 4, 5],
      from: '09:00',
      until: '17:00',
      timeZone: 'Europe/Berlin',
      offsets: [
        { since: null, minutes: 60 },
        { since: '2027-03-28T01:00:00Z', minutes: 120 },
      ],
      holidays: ['2027-01-18'],
    };
    const friday = time('2027-01-15T20:00:00Z');
    expect(dueAt(friday, { hours: 1 }, local, false)).toBe(time('2027-01-19T09:00:00Z'));
    const spring = time('2027-03-26T20:00:00Z');
    expect(dueAt(spring, { hours: 1 }, local, false)).toBe(time('2027-03-29T08:00:00Z'));
  });

  it('end even when every working day of a year is a holiday or offsets jump', () => {
    const holidays = Array.from({ length: 366 }, (_one, day) =>
      new Date(Date.UTC(2027, 0, 1 + day)).toISOString().slice(0, 10),
    );
    const coverage: Coverage = {
      kind: 'working-hours',
      weekdays: [1],
      from: '09:00',
      until: '10:00',
      timeZone: '',
      offsets: Array.from({ length: 64 }, (_one, at) => ({
        since: new Date((1_800_000_000 + at * 3600) * 1000).toISOString().slice(0, 19) + 'Z',
        minutes: at % 2 === 0 ? 840 : -840,
      })),
      holidays,
    };
    const due = dueAt(1_800_000_000, { hours: 744 }, coverage, false);
    expect(due).toBeGreaterThan(1_800_000_000);
  });
});
