/**
 * Hand-written shape checks of JSON values: exact members, digests, sets, names.
 *
 * They look at own members only. Order and repetition of members are the canonical parser's matter.
 */
import type { JsonValue } from './json.ts';
import { kindCharactersMax, originCharactersMax } from './document-limits.ts';

/** A JSON object. */
export type JsonObject = { [member: string]: JsonValue };

/** Neither null nor an array nor a scalar. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Has exactly these own members, in whatever order. */
export function hasExactMembers(object: JsonObject, names: readonly string[]): boolean {
  if (Object.keys(object).length !== names.length) return false;
  for (const name of names) if (!Object.hasOwn(object, name)) return false;
  return true;
}

/** 64 lower-case hex digits: a statement id, a party identifier or a digest. */
export function isDigest(value: JsonValue | undefined): value is string {
  if (typeof value !== 'string' || value.length !== 64) return false;
  for (let i = 0; i < 64; i++) {
    const code = value.charCodeAt(i);
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false;
  }
  return true;
}

/** A digest or null. */
export function isDigestOrNull(value: JsonValue | undefined): value is string | null {
  return value === null || isDigest(value);
}

/** An array of at most `countMax` digests in ascending order without repetition. */
export function isDigestSet(value: JsonValue | undefined, countMax: number): value is string[] {
  if (!Array.isArray(value) || value.length > countMax) return false;
  let previous = '';
  for (const item of value) {
    if (!isDigest(item) || item <= previous) return false;
    previous = item;
  }
  return true;
}

/** An integer from `min` to `max`, both included. */
export function isIntegerWithin(
  value: JsonValue | undefined,
  min: number,
  max: number,
): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

/** A size or an index: 0 … 2^53 − 1. */
export function isCount(value: JsonValue | undefined): value is number {
  return isIntegerWithin(value, 0, Number.MAX_SAFE_INTEGER);
}

/** A text of 1 to `charactersMax` UTF-16 units on one line. */
export function isShortText(value: JsonValue | undefined, charactersMax: number): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= charactersMax &&
    !value.includes('\n')
  );
}

/** Visible ASCII (0x21 … 0x7e) of 1 to `charactersMax` characters. */
export function isVisibleAscii(
  value: JsonValue | undefined,
  charactersMax: number,
): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > charactersMax) return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x21 || code > 0x7e) return false;
  }
  return true;
}

/** The name of a log: visible ASCII without '+', as signed notes ask of key names. */
export function isOrigin(value: JsonValue | undefined): value is string {
  return isVisibleAscii(value, originCharactersMax) && !value.includes('+');
}

/** A kind: two or more words of a–z, 0–9 and '-', joined by dots, each beginning with a letter. */
export function isKind(value: JsonValue | undefined): value is string {
  if (typeof value !== 'string' || value.length > kindCharactersMax) return false;
  let dots = 0;
  let wordStarts = true;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    const letter = code >= 0x61 && code <= 0x7a;
    if (wordStarts) {
      if (!letter) return false;
      wordStarts = false;
    } else if (code === 0x2e) {
      dots += 1;
      wordStarts = true;
    } else if (!letter && code !== 0x2d && !(code >= 0x30 && code <= 0x39)) {
      return false;
    }
  }
  return dots > 0 && !wordStarts;
}

/** An array of 0 to `countMax` strings without repetition, each passing `check`. */
export function isUniqueList(
  value: JsonValue | undefined,
  countMax: number,
  check: (item: JsonValue) => item is string,
): value is string[] {
  if (!Array.isArray(value) || value.length > countMax) return false;
  const seen = new Set<string>();
  for (const item of value) {
    if (!check(item) || seen.has(item)) return false;
    seen.add(item);
  }
  return true;
}
