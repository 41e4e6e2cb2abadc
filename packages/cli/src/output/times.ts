/**
 * Times as an officer reads them: UTC to the second, and how long that is from now.
 */

/** `2026-11-24 03:00:09 UTC` from POSIX seconds; "not known" for null. */
export function utc(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return 'not known';
  const iso = new Date(seconds * 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** `2 h 05 min`, `3 d 4 h`, `40 s`; always positive, the two largest units. */
export function duration(seconds: number): string {
  const left = Math.abs(Math.round(seconds));
  if (left < 60) return `${left} s`;
  if (left < 3600) return `${Math.floor(left / 60)} min ${left % 60} s`;
  if (left < 86_400) return `${Math.floor(left / 3600)} h ${Math.floor((left % 3600) / 60)} min`;
  return `${Math.floor(left / 86_400)} d ${Math.floor((left % 86_400) / 3600)} h`;
}

/** `in 2 h 5 min`, `3 min 1 s ago`, `now`. */
export function fromNow(seconds: number, now: number): string {
  const difference = seconds - now;
  if (difference === 0) return 'now';
  return difference > 0 ? `in ${duration(difference)}` : `${duration(difference)} ago`;
}

/** The due time in words: the instant, and the time left or the time overdue. */
export function dueWords(due: number | null, now: number): string {
  if (due === null) return 'no due time yet';
  const left = due - now;
  return left >= 0
    ? `due ${utc(due)}, ${duration(left)} left`
    : `due ${utc(due)}, overdue by ${duration(left)}`;
}
