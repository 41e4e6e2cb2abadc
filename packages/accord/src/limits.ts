/** Limits on everything that a body or a terms object holds; units last. */

/** A heading: one line of text, in UTF-16 code units. */
export const titleUnitsMax = 512;
/** Free text, in UTF-16 code units; the payload limit of 256 KiB holds as well. */
export const textUnitsMax = 65_536;
/** A short name, a reference or an address. */
export const nameUnitsMax = 256;
/** A link, as quoted from a source. */
export const linkUnitsMax = 8_192;
/** Languages of one text. */
export const languagesMax = 32;
/** Members of an ordinary list in a body. */
export const listMax = 64;
/** Members of a long list (details of an imported row, codings). */
export const longListMax = 1_024;
/** Participants of a docket. */
export const participantsMax = 65;

/** Shortest duration that real terms may name; exercise terms may go down to one second. */
export const realDurationSecondsMin = 60;
/** Bounds of `count` in a duration, by unit; about ten years, a month for hours and shorter. */
export const durationCountMax = {
  seconds: 2_678_400,
  minutes: 44_640,
  hours: 744,
  days: 3_660,
  workingDays: 366,
  months: 120,
  years: 10,
} as const;
/** Holidays that one coverage can list. */
export const holidaysMax = 366;
/** Changes of the offset from UTC that one coverage can list. */
export const offsetsMax = 64;
/** Timing policies in terms: one for each log that is timed. */
export const timingPoliciesMax = 64;
/** Bytes of one timing policy as text. */
export const timingPolicyUnitsMax = 65_536;
