import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  anchorDigest,
  cosign,
  divideAnchorLines,
  encodeBase64,
  formatCheckpoint,
  formatVkey,
  verifyAnchors,
} from '../src/index.ts';
import type { Anchor } from '../src/index.ts';
import { anchorLinesMax } from '../src/document-limits.ts';
import { noteSigner, TestLog } from './test-party.ts';

const origin = 'south.example/log';
const log = new TestLog(origin, [noteSigner(origin, 0x01, 'south log')]);
log.pad(5);
const text = formatCheckpoint({ origin, size: 5, root: log.root() });
const witnesses = ['a', 'b', 'c'].map((name) => noteSigner(`${name}.example/w`, 0x04, name));
const lines = witnesses.map((witness, i) => cosign(text, witness, 1_790_000_000 + i));
const keys = witnesses.map(({ key }) => key);

function anchor(own: string[], change: Partial<Anchor> = {}): Anchor {
  const cosignatures = anchorDigest(own);
  return { origin, size: 5, root: encodeBase64(log.root()), cosignatures, ...change };
}

describe('anchor digest', () => {
  it('is SHA-256 of the cosignature lines with their newlines, sorted bytewise', () => {
    const joined = lines.toSorted().join('');
    const expected = createHash('sha256').update(joined).digest('hex');
    expect(anchorDigest(lines)).toBe(expected);
    expect(anchorDigest(lines.toReversed())).toBe(expected);
  });

  it('sorts by bytes of UTF-8, not by UTF-16 units', () => {
    // U+FF5E comes before U+1F600 in UTF-8 and after its surrogates in UTF-16.
    const pair = ['— \u{1f600} AAAA\n', '— \uff5e AAAA\n'];
    const bytewise = createHash('sha256').update(`${pair[1]}${pair[0]}`).digest('hex');
    expect(anchorDigest(pair)).toBe(bytewise);
  });

  it('of no lines is the digest of nothing', () => {
    expect(anchorDigest([])).toBe(createHash('sha256').digest('hex'));
  });
});

describe('anchor lines', () => {
  it('are divided among the anchors in their order', () => {
    const [first, second, third] = lines as [string, string, string];
    const anchors = [anchor([first, second]), anchor([]), anchor([third])];
    const divided = [[first, second], [], [third]];
    expect(divideAnchorLines(anchors, lines)).toEqual(divided);
    expect(divideAnchorLines(anchors, [second, first, third])).toEqual([
      [second, first],
      [],
      [third],
    ]);
    expect(divideAnchorLines([], [])).toEqual([]);
  });

  it('that are missing, too many or others are not the lines committed to', () => {
    const anchors = [anchor(lines)];
    expect(divideAnchorLines(anchors, lines.slice(1))).toBe(null);
    expect(divideAnchorLines(anchors, [...lines, lines[0] ?? ''])).toBe(null);
    expect(divideAnchorLines(anchors, [])).toBe(null);
    expect(divideAnchorLines([], lines)).toBe(null);
    const changed = lines.with(0, (lines[0] ?? '').replace('A', 'B'));
    expect(divideAnchorLines(anchors, changed)).toBe(null);
  });

  it('give times by the keys that are known', () => {
    const result = verifyAnchors([anchor(lines)], lines, keys);
    expect(result).toEqual({
      ok: true,
      value: {
        unknown: 0,
        times: keys.map((key, i) => ({ origin, vkey: formatVkey(key), time: 1_790_000_000 + i })),
      },
    });
    expect(verifyAnchors([anchor(lines)], lines, keys.slice(1))).toMatchObject({
      value: { unknown: 1, times: [{ time: 1_790_000_001 }, { time: 1_790_000_002 }] },
    });
  });

  it('on another checkpoint than the anchor’s are bad-anchor', () => {
    const other = [anchor(lines, { size: 4 })];
    expect(verifyAnchors(other, lines, keys)).toMatchObject({ code: 'bad-anchor' });
    expect(verifyAnchors(other, lines, [])).toMatchObject({ value: { unknown: 3 } });
  });

  it('the log’s own signature is no cosignature line', () => {
    const note = log.checkpoint(5);
    const own = [note.slice(note.indexOf('— '))];
    const signer = log.signers[0];
    if (signer === undefined) throw new Error();
    expect(verifyAnchors([anchor(own)], own, [signer.key])).toMatchObject({ code: 'bad-anchor' });
  });

  it.each([['not a line\n'], ['— a.example/w AAAAAAAA'], [lines.join('')], [''], ['\n']])(
    'that are no signature lines are bad-anchor: %j',
    (line) => {
      expect(verifyAnchors([anchor([line])], [line], keys)).toMatchObject({ code: 'bad-anchor' });
    },
  );

  it('takes 64 lines of one anchor and not one more', () => {
    const many = Array.from({ length: anchorLinesMax + 1 }, (_, i) => `— w${i} AAAAAAAA\n`);
    expect(divideAnchorLines([anchor(many.slice(1))], many.slice(1))).not.toBe(null);
    expect(divideAnchorLines([anchor(many)], many)).toBe(null);
  });
});
