import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from '../src/checkpoint.ts';
import { describeOnBoth, seedOf, type RecordModule } from './both-primitives.ts';
import { hasSharedVectors, sharedVectorText } from './shared-vectors.ts';

const root = 'gw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=';
const text = `log.example/a\n300\n${root}\n`;
const time = 1_700_000_000;

function signers(record: RecordModule) {
  const ed25519 = (name: string, type: 0x01 | 0x04, byte: number) => ({
    key: record.noteKey(name, type, record.ed25519PublicKey(seedOf(byte))),
    seed: seedOf(byte),
  });
  const mlDsa44 = (name: string, byte: number) => ({
    key: record.noteKey(name, 0x06, record.mlDsa44PublicKey(seedOf(byte))),
    seed: seedOf(byte),
  });
  return {
    log: ed25519('log.example/a', 0x01, 1),
    witness: ed25519('witness.example/w', 0x04, 2),
    quantumWitness: mlDsa44('witness.example/w', 3),
    quantumLog: mlDsa44('log.example/a', 4),
  };
}

function lineOf(record: RecordModule, line: string) {
  const lines = record.parseSignatureLines(line);
  if (!lines.ok || lines.value[0] === undefined) throw new Error('not a line');
  return lines.value[0];
}

describeOnBoth('checkpoints and cosignatures', (record) => {
  it('writes the deterministic note of the format notes, byte for byte', () => {
    const { log, witness } = signers(record());
    expect(record().formatVkey(witness.key)).toBe(
      'witness.example/w+cb1393dc+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU',
    );
    const note = record().formatNote(text, [
      record().signNote(text, log),
      record().cosign(text, witness, time),
    ]);
    expect(note).toBe(
      `${text}\n— log.example/a hwgG+Cj+FR9dE00DucWpQ2VHwkj85bqonXcc5KTL1Rfm42pdobwJfEXKnQ251MPvaEp4/TjqP946x780PA4da5C0oAA=\n` +
        '— witness.example/w yxOT3AAAAABlU/EAomoiHBbDBXMy7sFjyB1S0XGeaBZQ+rM234rnIL1eJDLHpEgaCGDye+5K1evM0pcPM1m95Di75NjSbW9VKEdeDg==\n',
    );
    expect(record().cosign(note, witness, time)).toBe(record().cosign(text, witness, time));
    const opened = record().openCheckpoint(note, [log.key, witness.key]);
    expect(opened.ok && opened.value.checkpoint.size).toBe(300);
  });

  it('writes the deterministic ML-DSA-44 cosignature of the format notes', () => {
    const { quantumWitness } = signers(record());
    expect(quantumWitness.key.id).toBe('289b6f02');
    const line = lineOf(record(), record().cosign(text, quantumWitness, time));
    expect(record().sha256Hex(line.blob.subarray(8))).toBe(
      '52f814a6e4df1ac462ba0eef5d1e5dcc8d927d1b86edab436cf9a3f454488330',
    );
    const verified = record().verifyCosignature(text, line, quantumWitness.key);
    expect(verified.ok && verified.value.time).toBe(time);
    const timed = record().timedSignature(text, line, quantumWitness.key);
    expect(timed === null ? '' : record().encodeHex(timed.check.message)).toBe(
      '737562747265652f76310a00117769746e6573732e6578616d706c652f77000000006553f1000d6c6f672e6578616d706c652f610000000000000000000000000000012c830df5c90aea65909c10e3ebcd7f9ba72de727a4209e04ca9fc1b59b48badae5',
    );
  });

  it('verifies cosignatures that a live mirror and a live witness implementation made', () => {
    const mirror = record().parseVkey(
      'mirror.example.org+3fb148ef+BAAjjch9GyYz0sJsJx7ALhbdAtz2ov0unbzSl1vMp94O',
    );
    const witness = record().parseVkey(
      'witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN',
    );
    if (!mirror.ok || !witness.ok) throw new Error('not vkeys');
    const rome = `rome2026h1.example.org\n300\n${root}\n`;
    const line =
      '— mirror.example.org P7FI7wAAAABpVGeAjA1S4pJm6MbcXjX7UUImu4azZtrfcVW2uyr/LXIYlwEJzXC0N0EiZkbqfLdXt/4gVEEuGmxJjAfXKMCISpsJAg==\n';
    expect(record().verifyCosignature(rome, lineOf(record(), line), mirror.value)).toEqual({
      ok: true,
      value: { time: 1_767_139_200 },
    });
    const later = `rome2026h1.example.org\n300\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n`;
    const second =
      '— witness.example.org uKLPIAAAAABpVGeAhm2bOvKc3LaB9PFN1ruG19Y5yqslmcAAbhftnn1Zznmo0LXFZq4LGvqKqLX8jWlwLKasxEGTLIqAVusneCBmBw==\n';
    expect(record().verifyCosignature(later, lineOf(record(), second), witness.value)).toEqual({
      ok: true,
      value: { time: 1_767_139_200 },
    });
  });

  it('refuses a cosignature of another time, text, key or length', () => {
    const { log, witness, quantumWitness } = signers(record());
    for (const signer of [witness, quantumWitness]) {
      const line = lineOf(record(), record().cosign(text, signer, time));
      const refuse = (body: string, changed: typeof line, key = signer.key) => {
        const verified = record().verifyCosignature(body, changed, key);
        expect(verified.ok ? null : verified.code).toBe('bad-signature');
      };
      const otherTime = Uint8Array.from(line.blob);
      otherTime[7] = (otherTime[7] ?? 0) ^ 1;
      refuse(text, { ...line, blob: otherTime });
      const hugeTime = Uint8Array.from(line.blob);
      hugeTime[0] = 0xff;
      refuse(text, { ...line, blob: hugeTime });
      refuse(text.replace('300', '301'), line);
      refuse(text, { ...line, blob: line.blob.subarray(0, -1) });
      refuse(text, { ...line, blob: line.blob.subarray(0, 7) });
      refuse(text, line, log.key);
      refuse(text, { ...line, name: 'witness.example/v' });
    }
  });

  it('binds an ML-DSA-44 cosignature to the cosigner’s name', () => {
    const { quantumWitness: signer } = signers(record());
    const { blob } = lineOf(record(), record().cosign(text, signer, time));
    const other = record().noteKey('witness.example/v', 0x06, signer.key.publicKey);
    const moved = lineOf(record(), record().signatureLine(other.name, other.id, blob));
    expect(record().verifyCosignature(text, moved, other).ok).toBe(false);
  });

  it('takes a time of 0 only for a log’s own ML-DSA-44 line, never as a cosignature', () => {
    const { witness, quantumLog, log } = signers(record());
    expect(() => record().cosign(text, witness, 0)).toThrow(/not a time/);
    const line = record().cosign(text, quantumLog, 0);
    expect(record().verifyCosignature(text, lineOf(record(), line), quantumLog.key).ok).toBe(false);
    const note = record().formatNote(text, [record().signNote(text, log), line]);
    expect(record().openCheckpoint(note, [log.key, quantumLog.key]).ok).toBe(true);
  });

  it('refuses a checkpoint whose second log signature was stripped', () => {
    const { log, quantumLog } = signers(record());
    const lines = [record().signNote(text, log), record().cosign(text, quantumLog, time)];
    const keys = [log.key, quantumLog.key];
    expect(record().openCheckpoint(record().formatNote(text, lines), keys).ok).toBe(true);
    for (const line of lines) {
      const opened = record().openCheckpoint(record().formatNote(text, [line]), keys);
      expect(opened.ok ? null : opened.code).toBe('bad-signature');
    }
  });

  it('refuses a checkpoint that another log’s key signed', () => {
    const { log } = signers(record());
    const other = text.replace('log.example/a', 'log.example/b');
    const note = record().formatNote(other, [record().signNote(other, log)]);
    const opened = record().openCheckpoint(note, [log.key]);
    expect(opened.ok ? null : opened.code).toBe('unknown-signer');
  });

  it('refuses a signed note that is no checkpoint', () => {
    const { log } = signers(record());
    const note = record().formatNote('text\n', [record().signNote('text\n', log)]);
    const opened = record().openCheckpoint(note, [log.key]);
    expect(opened.ok ? null : opened.code).toBe('bad-checkpoint');
  });

  it('cosigns nothing but checkpoints, and with nothing but cosigning keys', () => {
    const { log, witness } = signers(record());
    for (const body of ['text\n', `${text}extension\n`, text.replace('300', '0300'), '']) {
      expect(() => record().cosign(body, witness, time)).toThrow(/checkpoints/);
    }
    expect(() => record().cosign(text, log, time)).toThrow(/0x01/);
    expect(() => record().signNote(text, witness)).toThrow(/0x01/);
  });

  it.skipIf(!hasSharedVectors)('opens an ML-DSA-44 checkpoint made in Go (shared data)', () => {
    const seed = '2886adc2b0eabfce67c0472939127998bf886cf256bfee8ba76a253fce1146e0';
    const publicKey = record().mlDsa44PublicKey(record().decodeHex(seed) ?? new Uint8Array(0));
    const key = record().noteKey('example.com/mldsa-log', 0x06, publicKey);
    expect(key.id).toBe('b5df45c5');
    const note = sharedVectorText('mldsa-44-checkpoint.txt');
    const opened = record().openCheckpoint(note, [key]);
    const leaf = record().leafHash(record().encodeText('testonly'));
    expect(opened.ok && opened.value.checkpoint.size).toBe(1);
    expect(opened.ok && opened.value.checkpoint.root).toEqual(leaf);
    const altered = record().openCheckpoint(note.replace('\n1\n', '\n2\n'), [key]);
    expect(altered.ok ? null : altered.code).toBe('bad-signature');
  });
});

describe('what is no checkpoint', () => {
  it.each([
    ['two lines', `log.example/a\n300\n`],
    ['an extension line', `${text}more\n`],
    ['an empty fourth line', `${text}\n`],
    ['no final line feed', text.slice(0, -1)],
    ['no origin', text.replace('log.example/a', '')],
    ['an origin of 256 bytes', text.replace('log.example/a', 'x'.repeat(256))],
    ['an origin of 128 letters in 256 bytes', text.replace('log.example/a', 'é'.repeat(128))],
    ['a control character in the origin', text.replace('log', '\u0000')],
    ['a leading zero', text.replace('300', '0300')],
    ['a sign', text.replace('300', '+300')],
    ['a negative size', text.replace('300', '-1')],
    ['a hexadecimal size', text.replace('300', '0x1')],
    ['an exponent', text.replace('300', '3e2')],
    ['other digits', text.replace('300', '٣٠٠')],
    ['2^53', text.replace('300', '9007199254740992')],
    ['a size beyond all', text.replace('300', '9'.repeat(400))],
    ['a root of 31 bytes', text.replace(root, 'gw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62g==')],
    ['a root with stray bits', text.replace('2uU=', '2uV=')],
    ['white space', text.replace('300', '300 ')],
    ['a carriage return', text.replace('300\n', '300\r\n')],
  ])('refuses %s', (_, body) => {
    const parsed = parseCheckpoint(body);
    expect(parsed.ok ? null : parsed.code).toBe('bad-checkpoint');
  });

  it('takes an origin of 255 bytes and a size of 2^53 − 1', () => {
    const body = text.replace('log.example/a', 'x'.repeat(255)).replace('300', '9007199254740991');
    expect(parseCheckpoint(body).ok).toBe(true);
  });

  it('throws for checkpoints of our own that could not be read back', () => {
    const good = { origin: 'log.example/a', size: 1, root: new Uint8Array(32) };
    for (const bad of [
      { origin: 'a\nb' },
      { size: -1 },
      { size: 0.5 },
      { root: new Uint8Array(31) },
    ]) {
      expect(() => formatCheckpoint({ ...good, ...bad })).toThrow(/not an? |32 bytes/);
    }
  });
});
