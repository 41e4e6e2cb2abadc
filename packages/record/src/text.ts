/**
 * Which text may be signed (protocol.md, "Statement", limits; rulings.md, 3).
 *
 * NFC, and only code points that Unicode 16.0 assigns; no control characters but line feed, no
 * bidirectional embeddings, overrides or isolates, no surrogates. Two people who read a statement
 * see the same characters in the same order, in every runtime.
 */
import { failure, InvariantError, success, type Result } from './result.ts';
import { unassignedRuns } from './unicode16.ts';

const notPrintableAscii = /[^\n -~]/gu;

/**
 * Accepts or refuses a string; `path` of a failure is the UTF-16 offset of the code point that is
 * refused, or '' where the string as a whole is not NFC. Not checked: length, spoofing by
 * look-alikes, invisible characters other than those named above.
 */
export function checkText(text: string): Result<void, 'bad-text'> {
  let isAscii = true;
  for (const { 0: character, index } of text.matchAll(notPrintableAscii)) {
    isAscii = false;
    const reason = refusal(character.codePointAt(0) ?? 0);
    if (reason !== null) return failure('bad-text', String(index), reason);
  }
  if (isAscii) return success(undefined);
  return text.normalize('NFC') === text ? success(undefined) : failure('bad-text', '', 'not NFC');
}

function refusal(codePoint: number): string | null {
  if (codePoint <= 0x9f) return 'a control character';
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return 'a surrogate';
  if (
    (codePoint >= 0x202a && codePoint <= 0x202e) ||
    (codePoint >= 0x2066 && codePoint <= 0x2069)
  ) {
    return 'a bidirectional control';
  }
  return isAssigned(codePoint) ? null : 'not assigned in Unicode 16.0';
}

let assigned: Uint8Array | null = null;

/** Whether Unicode 16.0 assigns the code point. Surrogates and private use count as assigned. */
export function isAssigned(codePoint: number): boolean {
  assigned ??= expand(unassignedRuns);
  return (((assigned[codePoint >> 3] ?? 0) >> (codePoint & 7)) & 1) === 1;
}

/** One bit per code point; 136 KiB, made when the first text that is not ASCII comes. */
function expand(runs: string): Uint8Array {
  const bits = new Uint8Array(0x110000 / 8).fill(0xff);
  let at = 0;
  let isGap = false;
  for (const run of runs.split(' ')) {
    const length = Number.parseInt(run, 36);
    if (isGap) {
      for (let c = at; c < at + length; c++) bits[c >> 3] = (bits[c >> 3] ?? 0) & ~(1 << (c & 7));
    }
    at += length;
    isGap = !isGap;
  }
  if (at > 0x110000) throw new InvariantError('the table of code points runs past the last one');
  return bits;
}

// For text that Unicode 16.0 assigns, newer runtimes normalise alike (the stability policy);
// older ones do not know the newest compositions, here of Todhri and of Gurung Khema.
if (
  '\u{105d2}\u{0307}'.normalize('NFC') !== '\u{105c9}' ||
  '\u{1611e}\u{1611e}'.normalize('NFC') !== '\u{16121}'
) {
  throw new InvariantError('this runtime knows no Unicode 16.0: use a newer one');
}
