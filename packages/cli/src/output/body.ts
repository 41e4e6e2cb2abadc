/**
 * The body of a statement as indented lines: every member, nothing folded away, because an officer
 * signs all of it. Long opaque data (base64 rows of a source) is shown by its length and beginning.
 */
import { shown, shownLines } from './foreign-text.ts';
import { wrapText } from './table.ts';

const opaqueLettersMin = 200;

/** Lines of `value`, each beginning with `indent`. */
export function bodyLines(value: unknown, width: number, indent = '  '): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, at) => entryLines(`${at + 1}.`, item, width, indent));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) =>
      entryLines(`${shown(key)}:`, item, width, indent),
    );
  }
  return wrapText(leafText(value), width, indent).split('\n');
}

function entryLines(label: string, item: unknown, width: number, indent: string): string[] {
  const nested = typeof item === 'object' && item !== null && Object.keys(item).length > 0;
  if (nested) return [`${indent}${label}`, ...bodyLines(item, width, `${indent}  `)];
  const text = leafText(item);
  if (!text.includes('\n') && indent.length + label.length + text.length + 1 <= width) {
    return [`${indent}${label} ${text}`];
  }
  return [`${indent}${label}`, ...wrapText(text, width, `${indent}  `).split('\n')];
}

function leafText(value: unknown): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return 'none';
  if (typeof value === 'object') return 'empty';
  const text = shownLines(typeof value === 'string' ? value : JSON.stringify(value));
  if (text.length >= opaqueLettersMin && /^[A-Za-z0-9+/=_-]+$/u.test(text)) {
    return `${text.slice(0, 40)}… (${text.length} letters of data)`;
  }
  return text;
}
