/**
 * Durations and coverage (accord.md, "Obligations and clocks").
 *
 * A day is 86,400 s; months and years keep day and time in UTC, clamped to the month's end; a due
 * time is inclusive, to the second. Working time follows the coverage that the terms pin; offsets
 * from UTC are data in it, so that no runtime's time-zone tables enter the fold.
 */
import { z } from 'zod';
import { durationCountMax, holidaysMax, nameUnitsMax, offsetsMax } from './limits.ts';
import { timestamp } from './fields.ts';
import { parseTime } from '@comity/record';

const count = (max: number) => z.int().min(1).max(max);

/** One unit and a count, such as `{"hours":72}`. */
export const durationSchema = z.union([
  z.strictObject({ seconds: count(durationCountMax.seconds) }),
  z.strictObject({ minutes: count(durationCountMax.minutes) }),
  z.strictObject({ hours: count(durationCountMax.hours) }),
  z.strictObject({ days: count(durationCountMax.days) }),
  z.strictObject({ workingDays: count(durationCountMax.workingDays) }),
  z.strictObject({ months: count(durationCountMax.months) }),
  z.strictObject({ years: count(durationCountMax.years) }),
]);
export type Duration = z.infer<typeof durationSchema>;

const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/);
const calendarDay = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/** When a party works. Weekdays: 1 is Monday. `timeZone` is a label; `offsets` are what counts. */
export const coverageSchema = z.union([
  z.strictObject({ kind: z.literal('round-the-clock') }),
  z
    .strictObject({
      kind: z.literal('working-hours'),
      weekdays: z.array(z.int().min(1).max(7)).min(1).max(7),
      from: clockTime,
      until: clockTime,
      timeZone: z.string().max(nameUnitsMax),
      offsets: z
        .array(z.strictObject({ since: timestamp.nullable(), minutes: z.int().min(-840).max(840) }))
        .min(1)
        .max(offsetsMax),
      holidays: z.array(calendarDay).max(holidaysMax),
    })
    .refine((c) => minutesOf(c.until) - minutesOf(c.from) >= 60, 'at least one hour a day'),
]);
export type Coverage = z.infer<typeof coverageSchema>;
type WorkingHours = Extract<Coverage, { kind: 'working-hours' }>;

const daySeconds = 86_400;

/** Length in seconds by the plain reckoning: a month counts 30 days, a year 365. */
export function nominalSeconds(duration: Duration): number {
  if ('seconds' in duration) return duration.seconds;
  if ('minutes' in duration) return duration.minutes * 60;
  if ('hours' in duration) return duration.hours * 3600;
  if ('days' in duration) return duration.days * daySeconds;
  if ('workingDays' in duration) return duration.workingDays * daySeconds;
  if ('months' in duration) return duration.months * 30 * daySeconds;
  return duration.years * 365 * daySeconds;
}

/**
 * The last second of a duration that starts at `start` (POSIX seconds). Seconds, minutes, hours and
 * working days run within `coverage`; days, months and years by the calendar. `always` (flash)
 * ignores the coverage, and a working day is then a day.
 */
export function dueAt(
  start: number,
  duration: Duration,
  coverage: Coverage,
  always: boolean,
): number {
  if ('months' in duration) return addMonths(start, duration.months);
  if ('years' in duration) return addMonths(start, duration.years * 12);
  if ('days' in duration) return start + duration.days * daySeconds;
  if (always || coverage.kind === 'round-the-clock') return start + nominalSeconds(duration);
  if ('workingDays' in duration) return addWorkingDays(start, duration.workingDays, coverage);
  return addWorkingSeconds(start, nominalSeconds(duration), coverage);
}

/** Months keep day and time in UTC, clamped to the month's end. */
function addMonths(start: number, months: number): number {
  const from = new Date(start * 1000);
  const month = from.getUTCMonth() + months;
  const last = new Date(Date.UTC(from.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const day = Math.min(from.getUTCDate(), last);
  const midnight = Date.UTC(from.getUTCFullYear(), month, day) / 1000;
  return midnight + (((start % daySeconds) + daySeconds) % daySeconds);
}

/** The same time of day on the n-th working day after; a start out of hours moves to the opening. */
function addWorkingDays(start: number, days: number, coverage: WorkingHours): number {
  let time = opening(start, coverage);
  for (let left = days; left > 0; left -= 1) time = nextWorkingDay(time, coverage);
  return time;
}

function addWorkingSeconds(start: number, seconds: number, coverage: WorkingHours): number {
  let time = opening(start, coverage);
  let left = seconds;
  // Bounded: a working day has at least one hour. Offsets that jump back and forth end it early.
  for (let tries = 0; tries <= 2 * durationCountMax.hours; tries += 1) {
    const today = closing(time, coverage) - time;
    if (left <= today) return time + left;
    left -= today;
    time = opening(closing(time, coverage), coverage);
  }
  return time + left;
}

/** `time` itself within working hours, else the next opening. */
function opening(time: number, coverage: WorkingHours): number {
  const from = minutesOf(coverage.from) * 60;
  const until = minutesOf(coverage.until) * 60;
  let day = localDay(time, coverage);
  const second = time + offsetAt(time, coverage) - day * daySeconds;
  if (isWorkingDay(day, coverage)) {
    if (second >= from && second < until) return time;
    if (second < from) return utcOf(day, from, coverage);
  }
  // Bounded: every week has a working day, and a coverage lists at most `holidaysMax` holidays.
  for (let tries = 0; tries <= 7 * (holidaysMax + 1); tries += 1) {
    day += 1;
    if (isWorkingDay(day, coverage)) return utcOf(day, from, coverage);
  }
  return utcOf(day, from, coverage);
}

function closing(time: number, coverage: WorkingHours): number {
  return utcOf(localDay(time, coverage), minutesOf(coverage.until) * 60, coverage);
}

function nextWorkingDay(time: number, coverage: WorkingHours): number {
  let day = localDay(time, coverage);
  const second = time + offsetAt(time, coverage) - day * daySeconds;
  for (let tries = 0; tries <= 7 * (holidaysMax + 1); tries += 1) {
    day += 1;
    if (isWorkingDay(day, coverage)) break;
  }
  return utcOf(day, second, coverage);
}

function isWorkingDay(day: number, coverage: WorkingHours): boolean {
  // Day 0, 1 January 1970, was a Thursday (4).
  const weekday = ((((day + 3) % 7) + 7) % 7) + 1;
  if (!coverage.weekdays.includes(weekday)) return false;
  const date = new Date(day * daySeconds * 1000).toISOString().slice(0, 10);
  return !coverage.holidays.includes(date);
}

function localDay(time: number, coverage: WorkingHours): number {
  return Math.floor((time + offsetAt(time, coverage)) / daySeconds);
}

function utcOf(day: number, second: number, coverage: WorkingHours): number {
  const local = day * daySeconds + second;
  return local - offsetAt(local, coverage);
}

/** Seconds east of UTC: the latest offset whose `since` is not after `time`. */
function offsetAt(time: number, coverage: WorkingHours): number {
  let best = 0;
  let bestSince = -Infinity;
  for (const { since, minutes } of coverage.offsets) {
    const from = since === null ? -Number.MAX_SAFE_INTEGER : (parseTime(since) ?? 0);
    if (from <= time && from > bestSince) {
      best = minutes * 60;
      bestSince = from;
    }
  }
  return best;
}

function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}
