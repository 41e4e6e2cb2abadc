/**
 * Times in signed documents: UTC to the second, `YYYY-MM-DDTHH:MM:SSZ`, one form only.
 */

/**
 * POSIX seconds, or null for anything but the one form: no fraction, no offset, no 24:00:00, no
 * leap second, no day that the month does not have.
 */
export function parseTime(text: string): number | null {
  if (text.length !== 20 || text.charCodeAt(19) !== 0x5a) return null;
  const milliseconds = Date.parse(text);
  if (!Number.isFinite(milliseconds)) return null;
  const seconds = milliseconds / 1000;
  return formatTime(seconds) === text ? seconds : null;
}

/** The one form of a time. `seconds` must be whole POSIX seconds in the years 0000 to 9999. */
export function formatTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
