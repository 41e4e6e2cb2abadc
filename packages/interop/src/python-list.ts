/**
 * List cells as the EuRepoC tables hold them: `repr()` of a Python list of str, or of lists of str.
 *
 * Grammar (Python 3 lexical analysis, string literals without prefix, on one line):
 * list = "[" [item *(", " item)] "]" ; item = string | "None" | list (one level).
 * Only what repr() writes is read: one space after a comma, no trailing comma, known escapes.
 */
import { failure, success, type Result } from '@comity/record';
import { listElementsMax } from './limits.ts';

export type PythonValue = string | null;
/** `None` is null. */
export type PythonList = (PythonValue | PythonValue[])[];

/** What is read: a value, or nothing where the text is not one. */
type Read<T> = { value: T } | null;

type Cursor = { text: string; at: number; elements: number };

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const hexEscapes: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

/** Reads one list cell; anything else than the whole cell being one list is `bad-list`. */
export function parsePythonList(cell: string): Result<PythonList, 'bad-list'> {
  const cursor: Cursor = { text: cell, at: 0, elements: 0 };
  const list = readList(cursor, 0);
  if (list === null || cursor.at !== cell.length) {
    return failure('bad-list', '', `at character ${cursor.at + 1}`);
  }
  return success(list.value);
}

/** The values of a list cell, nested ones in order. */
export function flattenList(list: PythonList): PythonValue[] {
  return list.flat();
}

function readList(cursor: Cursor, depth: number): Read<PythonList> {
  if (!take(cursor, '[')) return null;
  const list: PythonList = [];
  if (take(cursor, ']')) return { value: list };
  for (;;) {
    cursor.elements += 1;
    if (cursor.elements > listElementsMax) return null;
    const item = readItem(cursor, depth);
    if (item === null) return null;
    list.push(item.value);
    if (take(cursor, ']')) return { value: list };
    if (!take(cursor, ', ')) return null;
  }
}

function readItem(cursor: Cursor, depth: number): Read<PythonValue | PythonValue[]> {
  if (take(cursor, 'None')) return { value: null };
  if (cursor.text[cursor.at] !== '[') return readString(cursor);
  if (depth > 0) return null;
  const inner = readList(cursor, depth + 1);
  return inner === null ? null : { value: inner.value.flat() };
}

function readString(cursor: Cursor): Read<string> {
  const quote = cursor.text[cursor.at];
  if (quote !== "'" && quote !== '"') return null;
  cursor.at += 1;
  let value = '';
  while (cursor.at < cursor.text.length) {
    const unit = cursor.text.charAt(cursor.at);
    cursor.at += 1;
    if (unit === quote) return { value };
    if (unit === '\n' || unit === '\r') return null;
    if (unit === '\\') {
      const escaped = readEscape(cursor);
      if (escaped === null) return null;
      value += escaped;
    } else {
      value += unit;
    }
  }
  return null;
}

function readEscape(cursor: Cursor): string | null {
  const letter = cursor.text.charAt(cursor.at);
  cursor.at += 1;
  const simple = simpleEscapes.get(letter);
  if (simple !== undefined) return simple;
  const length = hexEscapes.get(letter);
  if (length === undefined) return null;
  const digits = cursor.text.slice(cursor.at, cursor.at + length);
  if (digits.length !== length || !/^[0-9a-f]+$/.test(digits)) return null;
  cursor.at += length;
  const point = Number.parseInt(digits, 16);
  const isScalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return isScalar ? String.fromCodePoint(point) : null;
}

function take(cursor: Cursor, token: string): boolean {
  if (!cursor.text.startsWith(token, cursor.at)) return false;
  cursor.at += token.length;
  return true;
}
