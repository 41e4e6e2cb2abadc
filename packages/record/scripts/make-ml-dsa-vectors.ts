/**
 * Writes spec/vectors/cosignature/ml-dsa-44.json, the one file of vectors that the second
 * implementation in spec/vectors/make.py cannot write.
 *
 * Run from the root: node packages/record/scripts/make-ml-dsa-vectors.ts
 */
import { writeFileSync } from 'node:fs';
import {
  concatBytes,
  cosign,
  encodeText,
  formatCheckpoint,
  formatVkey,
  mlDsa44PublicKey,
  mlDsa44Sign,
  noteKey,
  parseSignatureLines,
  sha256,
  signatureLine,
  u64be,
} from '../src/index.ts';

const seed = new Uint8Array(32).fill(3);
const key = noteKey('witness.example/w', 0x06, mlDsa44PublicKey(seed));
const renamed = noteKey('witness.example/v', 0x06, key.publicKey);
const root = sha256(encodeText('a root'));
const text = formatCheckpoint({ origin: 'log.example/a', size: 300, root });
const time = 1_700_000_000;
const line = cosign(text, { key, seed }, time);
const parsed = parseSignatureLines(line);
const blob = (parsed.ok ? parsed.value[0]?.blob : undefined) ?? new Uint8Array(0);
const vkey = formatVkey(key);

function changed(at: number): string {
  const other = Uint8Array.from(blob);
  other[at] = (other[at] ?? 0) ^ 1;
  return signatureLine(key.name, key.id, other);
}

/** A cosignature of the subtree [256, 300), which is no checkpoint. */
function subtreeLine(): string {
  const message = concatBytes(
    encodeText('subtree/v1\n\0\u0011witness.example/w'),
    u64be(time),
    encodeText('\rlog.example/a'),
    u64be(256),
    u64be(300),
    root,
  );
  return signatureLine(key.name, key.id, concatBytes(u64be(time), mlDsa44Sign(seed, message)));
}

const bad = 'bad-signature';
const cases = [
  { comment: 'a cosignature', text, line, vkey, expected: { time } },
  { comment: 'another tree', text: text.replace('300', '301'), line, vkey, code: bad },
  { comment: 'another log', text: text.replace('/a', '/b'), line, vkey, code: bad },
  {
    comment: 'an extension line, which is not covered',
    text: `${text}more\n`,
    line,
    vkey,
    code: bad,
  },
  { comment: 'another time', text, line: changed(7), vkey, code: bad },
  { comment: 'time 2^56', text, line: changed(0), vkey, code: bad },
  { comment: 'a bit of the signature flipped', text, line: changed(100), vkey, code: bad },
  { comment: 'a bit of the hints flipped', text, line: changed(2427), vkey, code: bad },
  { comment: 'time 0', text, line: cosign(text, { key, seed }, 0), vkey, code: bad },
  { comment: 'a subtree for the tree', text, line: subtreeLine(), vkey, code: bad },
  {
    comment: 'the cosigner’s name is bound',
    text,
    line: signatureLine(renamed.name, renamed.id, blob),
    vkey: formatVkey(renamed),
    code: bad,
  },
  {
    comment: 'a byte short',
    text,
    line: signatureLine(key.name, key.id, blob.subarray(0, -1)),
    vkey,
    code: bad,
  },
];

writeFileSync(
  new URL('../../../spec/vectors/cosignature/ml-dsa-44.json', import.meta.url),
  `[\n${cases.map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]\n`,
);
