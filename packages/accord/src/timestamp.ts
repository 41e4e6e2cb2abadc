/** Times as text in bodies, and as POSIX seconds in the fold. */

const form = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/;

/**
 * POSIX seconds of `2026-11-24T03:00:00Z`, or null for any other form and for dates that are not
 * in the calendar. Leap seconds are refused.
 */
export function secondsOf(text: string): number | null {
  const match = form.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const millis = Date.UTC(year, month - 1, day, hour, minute, second);
  const exact = year >= 1000 && new Date(millis).toISOString() === `${text.slice(0, 19)}.000Z`;
  return exact ? millis / 1000 : null;
}

/** The text form of whole POSIX seconds. */
export function timestampOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
