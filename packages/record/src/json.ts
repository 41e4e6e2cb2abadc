/**
 * Signed JSON: RFC 8785 (JCS), restricted to null, booleans, strings, arrays, objects and integers
 * within ±(2^53 − 1) (rulings.md, 3).
 *
 * Signed JSON must be its own canonical form: what is read is written again and compared, so that
 * a document has one encoding and two parsers cannot disagree on it.
 */
import { decodeText, encodeText } from './bytes.ts';
import { jsonDepthMax } from './limits.ts';
import { failure, InvariantError, success, type Result } from './result.ts';
import { checkText } from './text.ts';

/** What signed JSON can hold. */
export type JsonValue =
  null | boolean | number | string | JsonValue[] | { [member: string]: JsonValue };

/**
 * The RFC 8785 text of a value. Throws `InvariantError` on what signed JSON cannot hold: fractions,
 * −0, numbers past ±(2^53 − 1), undefined, nesting past 64, lone surrogates. Does not check the
 * text rules otherwise (see `checkText`): who makes a statement checks what was typed.
 */
export function canonicalJson(value: JsonValue): string {
  const order = survey(value, 0);
  if (order === 'refused') throw new InvariantError('not a value of signed JSON');
  return order === 'ordered' ? JSON.stringify(value) : write(value);
}

/** `canonicalJson` in UTF-8. */
export function canonicalJsonBytes(value: JsonValue): Uint8Array {
  return encodeText(canonicalJson(value));
}

/**
 * Reads bytes that must be the canonical form of a value, at most `bytesMax` of them.
 *
 * `too-large` past the limit; `bad-text` for anything else: malformed UTF-8 or JSON, another form
 * of the same value (member order, white space, escapes, exponents, duplicate members, a byte order
 * mark), other numbers, nesting past 64, and every string or member name that `checkText` refuses.
 * Members of the result are own properties, `__proto__` among them: use `Object.hasOwn`.
 */
export function parseCanonicalJson(
  bytes: Uint8Array,
  bytesMax: number,
): Result<JsonValue, 'bad-text' | 'too-large'> {
  if (bytes.length > bytesMax) {
    return failure('too-large', '', `${bytes.length} bytes, at most ${bytesMax}`);
  }
  const text = decodeText(bytes);
  if (text === null) return failure('bad-text', '', 'not UTF-8');
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return failure('bad-text', '', 'not JSON');
  }
  const order = survey(value, 0);
  if (order === 'refused') {
    return failure('bad-text', '', 'a number, a surrogate or the nesting is out of bounds');
  }
  if (text !== (order === 'ordered' ? JSON.stringify(value) : write(value))) {
    return failure('bad-text', '', 'not the canonical form (RFC 8785)');
  }
  // Most text is ASCII without an escape: then a search for two characters says as much as `suspect`.
  const isPlain = text.length === bytes.length && !text.includes('\\') && !text.includes('\x7f');
  if (isPlain || !suspect.test(text)) return success(value);
  const bad = badString(value);
  return bad === null ? success(value) : failure('bad-text', bad, 'characters that are refused');
}

// Canonical text without a match holds printable ASCII and line feeds only, so that no string in
// it can break the text rules. An escaped backslash before one of the letters matches in vain.
const suspect = /[^ -~]|\\[bfrtu]/;

/**
 * Whether a value is one of signed JSON, and whether the members of every object come in canonical
 * order when enumerated: then `JSON.stringify` writes the canonical form. (It does not for names
 * that are array indices, which an object enumerates first and by number.)
 */
function survey(value: JsonValue, depth: number): 'ordered' | 'unordered' | 'refused' {
  if (typeof value === 'string') return value.isWellFormed() ? 'ordered' : 'refused';
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'ordered' : 'refused';
  }
  if (value === null || typeof value === 'boolean') return 'ordered';
  if (typeof value !== 'object' || depth >= jsonDepthMax) return 'refused';
  let order: 'ordered' | 'unordered' = 'ordered';
  if (Array.isArray(value)) {
    for (const item of value) {
      const inner = survey(item, depth + 1);
      if (inner === 'refused') return inner;
      if (inner === 'unordered') order = inner;
    }
    return order;
  }
  let last: string | null = null;
  for (const member of Object.keys(value)) {
    if (last !== null && last >= member) order = 'unordered';
    if (!member.isWellFormed()) return 'refused';
    last = member;
    const inner = survey(value[member] as JsonValue, depth + 1);
    if (inner === 'refused') return inner;
    if (inner === 'unordered') order = inner;
  }
  return order;
}

/** The canonical text of a surveyed value: members sorted by UTF-16 code units. */
function write(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += text === '' ? write(item) : `,${write(item)}`;
    return `[${text}]`;
  }
  for (const member of Object.keys(value).sort()) {
    if (text !== '') text += ',';
    text += `${JSON.stringify(member)}:${write(value[member] as JsonValue)}`;
  }
  return `{${text}}`;
}

/** The JSON pointer of the first string or member name that breaks the text rules, or null. */
function badString(value: JsonValue): string | null {
  if (typeof value === 'string') return checkText(value).ok ? null : '';
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const bad = badString(item);
      if (bad !== null) return `/${index}${bad}`;
    }
    return null;
  }
  for (const member of Object.keys(value)) {
    if (!checkText(member).ok) return '';
    const bad = badString(value[member] as JsonValue);
    if (bad !== null) return `/${member.replaceAll('~', '~0').replaceAll('/', '~1')}${bad}`;
  }
  return null;
}
