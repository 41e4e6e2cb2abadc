/**
 * How a parser or verifier answers: a value, or a failure with a code from a closed set.
 *
 * Foreign input never throws (engineering.md, rule 3). What throws is `InvariantError`, for our
 * own mistakes only.
 */

/**
 * A refusal of foreign input. `code` is from the closed union that the function names; `path` says
 * where in the input (a JSON pointer, a line, an offset; '' for the whole); `detail` is for people
 * and is never compared.
 */
export type Failure<C extends string> = { ok: false; code: C; path: string; detail?: string };

/** A value of type T, or a failure with one of the codes C. */
export type Result<T, C extends string = string> = { ok: true; value: T } | Failure<C>;

/** Wraps a value. */
export function success<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** Makes a failure; `detail` is left out, not set to undefined, when absent. */
export function failure<C extends string>(code: C, path: string, detail?: string): Failure<C> {
  return detail === undefined ? { ok: false, code, path } : { ok: false, code, path, detail };
}

/** A broken invariant of this program. Never thrown for what other people sent. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}
