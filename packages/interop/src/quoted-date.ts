/** Dates of a source: the original as written, and the calendar date beside it. */
import { success, failure, type Result } from '@comity/record';

/** `original` is the cell; `date` is YYYY-MM-DD in the source's own, unstated time zone. */
export type QuotedDate = { original: string; date: string };

const monthDayYear = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2}))?$/;
const yearMonthDay = /^(\d{4})-(\d{2})-(\d{2})$/;

/** M/D/YYYY, optionally with H:MM, which is kept in `original` only. Empty is null. */
export function parseMonthDayYear(cell: string): Result<QuotedDate | null, 'bad-date'> {
  if (cell === '') return success(null);
  const match = monthDayYear.exec(cell);
  if (match === null) return failure('bad-date', '', cell);
  const [, month = '', day = '', year = '', hour = '0', minute = '0'] = match;
  if (Number(hour) > 23 || Number(minute) > 59) return failure('bad-date', '', cell);
  return calendarDate(cell, Number(year), Number(month), Number(day));
}

/** YYYY-MM-DD. Empty is null. */
export function parseYearMonthDay(cell: string): Result<QuotedDate | null, 'bad-date'> {
  if (cell === '') return success(null);
  const match = yearMonthDay.exec(cell);
  if (match === null) return failure('bad-date', '', cell);
  return calendarDate(cell, Number(match[1]), Number(match[2]), Number(match[3]));
}

function calendarDate(
  original: string,
  year: number,
  month: number,
  day: number,
): Result<QuotedDate, 'bad-date'> {
  // Date.UTC reads years below 100 as 19xx and rolls 31 February over: both are refused here.
  const time = new Date(Date.UTC(year, month - 1, day));
  const exact =
    year >= 1000 && time.getUTCMonth() === month - 1 && time.getUTCDate() === day && month >= 1;
  if (!exact) return failure('bad-date', '', original);
  return success({ original, date: time.toISOString().slice(0, 10) });
}
