import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addSignature,
  decodeText,
  encodeBase64,
  encodeText,
  envelopeFromJson,
  envelopeToJson,
  formatEnvelope,
  isExercisePayloadType,
  parseEnvelope,
  preAuthEncoding,
  sha256,
  signatureListDigest,
  signEnvelopeEd25519,
  signEnvelopeMlDsa44,
  statementId,
  statementPayloadType,
} from '../src/index.ts';
import type { Envelope, EnvelopeSignature, JsonValue } from '../src/index.ts';
import { envelopeBytesMax, payloadBytesMax, signaturesMax } from '../src/limits.ts';
import { seed, sign } from './test-party.ts';

const payload = encodeText('{"a":1}');
const envelope = sign(statementPayloadType, payload, ['one', 'two']);
const text = decodeText(formatEnvelope(envelope)) ?? '';

const codeOf = (source: string | Uint8Array): string => {
  const result = parseEnvelope(typeof source === 'string' ? encodeText(source) : source);
  return result.ok ? 'ok' : result.code;
};
const withSignatures = (signatures: EnvelopeSignature[]): Uint8Array =>
  encodeText(
    JSON.stringify({
      payload: encodeBase64(payload),
      payloadType: statementPayloadType,
      signatures,
    }),
  );
const passkey: EnvelopeSignature = {
  keyid: 'ab'.repeat(32),
  sig: encodeBase64(new Uint8Array(64)),
  extension: {
    kind: 'webauthn',
    ext: { authenticatorData: encodeBase64(new Uint8Array(37)), clientDataJSON: 'e30=' },
  },
};

describe('pre-authentication encoding', () => {
  it('is that of DSSE', () => {
    const encoded = preAuthEncoding('http://example.com/HelloWorld', encodeText('hello world'));
    expect(decodeText(encoded)).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });

  it('counts bytes, not characters', () => {
    expect(decodeText(preAuthEncoding('é', encodeText('á')))).toBe('DSSEv1 2 é 2 á');
  });

  it('names a statement whoever signs it', () => {
    expect(statementId(statementPayloadType, payload)).toMatch(/^[0-9a-f]{64}$/);
    expect(statementId(statementPayloadType, payload)).not.toBe(
      statementId('application/vnd.comity.exercise+json', payload),
    );
  });
});

describe('envelope', () => {
  it('is read as it was written', () => {
    expect(parseEnvelope(encodeText(text))).toEqual({ ok: true, value: envelope });
    const passkeys = addSignature(envelope, passkey);
    const parsed = parseEnvelope(formatEnvelope(passkeys));
    expect(parsed).toEqual({ ok: true, value: passkeys });
  });

  it('without signatures is a draft', () => {
    const draft: Envelope = { ...envelope, signatures: [] };
    expect(parseEnvelope(formatEnvelope(draft))).toEqual({ ok: true, value: draft });
  });

  it('has one encoding: white space, order, escapes and repetition are bad-text', () => {
    expect(codeOf(` ${text}`)).toBe('bad-text');
    expect(codeOf(`${text}\n`)).toBe('bad-text');
    expect(codeOf(text.replace(',', ', '))).toBe('bad-text');
    expect(codeOf(text.replace('statement+json', 'statement\\u002bjson'))).toBe('bad-text');
    expect(codeOf(text.replace('{"payload"', '{"payload":"","payload"'))).toBe('bad-text');
    const {
      payload: first,
      payloadType,
      signatures,
    } = JSON.parse(text) as { [k: string]: JsonValue };
    expect(codeOf(JSON.stringify({ payloadType, payload: first, signatures }))).toBe('bad-text');
  });

  it('a byte order mark, other encodings and foreign characters are bad-text', () => {
    expect(codeOf(`\ufeff${text}`)).toBe('bad-text');
    expect(codeOf(Uint8Array.from(Buffer.from(text, 'utf16le')))).toBe('bad-text');
    expect(codeOf(encodeText(text).with(20, 0xff))).toBe('bad-text');
    expect(codeOf('')).toBe('bad-text');
    expect(codeOf(text.slice(0, -1))).toBe('bad-text');
  });

  it('a member too many or too few is bad-signature', () => {
    const value = JSON.parse(text) as { [k: string]: JsonValue };
    expect(codeOf(JSON.stringify({ ...value, extra: 1 }))).toBe('bad-signature');
    const { payload: _payload, ...rest } = value;
    expect(codeOf(JSON.stringify(rest))).toBe('bad-signature');
    expect(codeOf('null')).toBe('bad-signature');
    expect(codeOf('[]')).toBe('bad-signature');
    expect(codeOf('{"__proto__":{"payload":"","payloadType":"a","signatures":[]}}')).toBe(
      'bad-signature',
    );
  });

  it('signatures have exactly keyid, sig and for passkeys the extension', () => {
    const [first] = envelope.signatures;
    const odd = (change: object): string =>
      codeOf(withSignatures([{ ...(first as EnvelopeSignature), ...change }]));
    expect(odd({ cert: 'x' })).toBe('bad-signature');
    expect(odd({ keyid: 'AB'.repeat(32) })).toBe('bad-signature');
    expect(odd({ keyid: 'ab' })).toBe('bad-signature');
    expect(odd({ sig: '' })).toBe('bad-signature');
    expect(odd({ sig: 'AB==' })).toBe('bad-signature');
    expect(odd({ sig: 'AA' })).toBe('bad-signature');
    expect(odd({ sig: 'A-==' })).toBe('bad-signature');
    expect(odd({ sig: encodeBase64(new Uint8Array(2421)) })).toBe('bad-signature');
    expect(odd({ extension: { kind: 'other', ext: passkey.extension?.ext } })).toBe(
      'bad-signature',
    );
    expect(odd({ extension: { ...passkey.extension, more: 1 } })).toBe('bad-signature');
  });

  it('a key id that repeats, or is out of order, is bad-signature', () => {
    const [first, second] = envelope.signatures as [EnvelopeSignature, EnvelopeSignature];
    expect(codeOf(withSignatures([first, second]))).toBe('ok');
    expect(codeOf(withSignatures([second, first]))).toBe('bad-signature');
    expect(codeOf(withSignatures([first, first]))).toBe('bad-signature');
  });

  it('takes sixteen signatures and not one more', () => {
    const list = Array.from({ length: signaturesMax + 1 }, (_, i) => ({
      keyid: i.toString(16).padStart(64, '0'),
      sig: 'AA==',
    }));
    expect(codeOf(withSignatures(list.slice(1)))).toBe('ok');
    expect(codeOf(withSignatures(list))).toBe('bad-signature');
  });

  it('takes a payload of 256 KiB and not one byte more', () => {
    const of = (bytes: number): string =>
      codeOf(formatEnvelope({ ...envelope, payload: new Uint8Array(bytes), signatures: [] }));
    expect(of(payloadBytesMax)).toBe('ok');
    expect(of(payloadBytesMax + 1)).toBe('too-large');
    expect(of(payloadBytesMax + 3)).toBe('too-large');
    expect(codeOf(new Uint8Array(envelopeBytesMax + 1))).toBe('too-large');
  });

  it('deep nesting does not overflow the stack', () => {
    expect(codeOf('['.repeat(envelopeBytesMax))).toBe('bad-text');
    expect(codeOf('['.repeat(5e5) + ']'.repeat(5e5))).toBe('bad-signature');
  });

  it('reads the same inside a larger document', () => {
    expect(envelopeFromJson(envelopeToJson(envelope))).toEqual({ ok: true, value: envelope });
  });

  it('any JSON: what is accepted is written back byte for byte', () => {
    const part = fc.constantFrom('"', '\\', '{', '}', ',', ':', 'A', '=', '/', '[', ']', 'keyid');
    fc.assert(
      fc.property(fc.nat(text.length), part, fc.nat(3), (at, insert, drop) => {
        const changed = encodeText(text.slice(0, at) + insert + text.slice(at + drop));
        const parsed = parseEnvelope(changed);
        if (parsed.ok) expect(formatEnvelope(parsed.value)).toEqual(changed);
      }),
      { numRuns: 500 },
    );
  });

  it('any bytes: never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseEnvelope(bytes);
      }),
      { numRuns: 200 },
    );
  });
});

describe('signature list', () => {
  it('has one digest, whatever the order', () => {
    const reversed = envelope.signatures.toReversed();
    expect(signatureListDigest(reversed)).toEqual(signatureListDigest(envelope.signatures));
  });

  it('is digested as the text that stands in the envelope', () => {
    const list = text.slice(text.indexOf('"signatures":') + 13, -1);
    expect(signatureListDigest(envelope.signatures)).toEqual(sha256(encodeText(list)));
  });

  it('differs once a signature is stripped or replaced', () => {
    const [first] = envelope.signatures as [EnvelopeSignature];
    expect(signatureListDigest([first])).not.toEqual(signatureListDigest(envelope.signatures));
  });

  it('a second signature by one key replaces the first', () => {
    const again = addSignature(envelope, signEnvelopeEd25519('other', payload, seed('one')));
    expect(again.signatures.length).toBe(2);
    expect(again.signatures).not.toEqual(envelope.signatures);
  });

  it('post-quantum signatures fit', () => {
    const signed = addSignature(
      envelope,
      signEnvelopeMlDsa44(statementPayloadType, payload, seed('pq')),
    );
    expect(parseEnvelope(formatEnvelope(signed))).toEqual({ ok: true, value: signed });
  });
});

describe('payload types', () => {
  it('say whether it is an exercise', () => {
    expect(isExercisePayloadType(statementPayloadType)).toBe(false);
    expect(isExercisePayloadType('application/vnd.comity.exercise+json')).toBe(true);
    expect(isExercisePayloadType('application/vnd.comity.exercise-pouch+json')).toBe(true);
    expect(isExercisePayloadType('text/plain')).toBe(null);
  });
});
