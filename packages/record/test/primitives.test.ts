import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cachedKeysMax } from '../src/limits.ts';
import * as native from '../src/primitives/native.ts';
import * as portable from '../src/primitives/portable.ts';
import { seedOf } from './both-primitives.ts';

// The compiler says where the two sets of primitives do not have the same names and types.
const both: readonly [typeof native, typeof native] = [native, portable];

const { Point } = ed25519;
const order = Point.Fn.ORDER;
const message = new TextEncoder().encode('a message');

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function challenge(r: Uint8Array, a: Uint8Array, text: Uint8Array): bigint {
  return numberOf(sha512(join(r, a, text))) % order;
}

/** Both answers to one check, which must be the same in the calling thread and in the pool. */
async function answers(check: native.SignatureCheck): Promise<boolean> {
  const { algorithm, publicKey, message: text, signature } = check;
  const now = both.map((primitives) => {
    if (algorithm === 'ed25519') return primitives.ed25519Verify(publicKey, text, signature);
    if (algorithm === 'es256') return primitives.es256Verify(publicKey, text, signature);
    return primitives.mlDsa44Verify(publicKey, text, signature);
  });
  const later = await Promise.all(both.map((primitives) => primitives.verifySignatures([check])));
  const all = [...now, ...later.flat()];
  expect(new Set(all).size, `native and portable differ: ${all.join()}`).toBe(1);
  return all[0] === true;
}

function ed25519Answers(publicKey: Uint8Array, text: Uint8Array, signature: Uint8Array) {
  return answers({ algorithm: 'ed25519', publicKey, message: text, signature });
}

describe('Ed25519: canonical S, A and R, no A of small order, cofactorless', () => {
  const secret = 0x1234_5678_9abc_def0_1234n;
  const a = Point.BASE.multiply(secret);
  const torsion = Point.fromBytes(
    native.decodeHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a') ??
      a.toBytes(),
  );
  const multiples = Array.from({ length: 8 }, (_, i) =>
    i === 0 ? Point.ZERO : torsion.multiplyUnsafe(BigInt(i)),
  );

  /** A signature with R = nonce·B + extra that satisfies S·B = nonce·B + k·secret·B. */
  function signatureWith(publicKey: Uint8Array, text: Uint8Array, r: Uint8Array, nonce: bigint) {
    const s = (nonce + challenge(r, publicKey, text) * secret) % order;
    return join(r, littleEndian(s));
  }

  it('accepts an honest signature, and the same bytes come from both signers', async () => {
    const seed = seedOf(5);
    const publicKey = native.ed25519PublicKey(seed);
    expect(publicKey).toEqual(portable.ed25519PublicKey(seed));
    const signature = native.ed25519Sign(seed, message);
    expect(signature).toEqual(portable.ed25519Sign(seed, message));
    expect(await ed25519Answers(publicKey, message, signature)).toBe(true);
  });

  it('refuses S + L', async () => {
    const r = Point.BASE.multiply(99n).toBytes();
    const signature = signatureWith(a.toBytes(), message, r, 99n);
    expect(await ed25519Answers(a.toBytes(), message, signature)).toBe(true);
    const s = numberOf(signature.subarray(32));
    for (const multiple of [1n, 2n, 8n]) {
      const other = join(r, littleEndian(s + multiple * order));
      expect(await ed25519Answers(a.toBytes(), message, other)).toBe(false);
    }
  });

  it('refuses every A of small order, in every encoding', async () => {
    const p = 2n ** 255n - 19n;
    const encodings = multiples.map((point) => point.toBytes());
    for (const y of [0n, 1n, p - 1n, p, p + 1n]) {
      encodings.push(littleEndian(y), littleEndian(y + 2n ** 255n));
    }
    for (const publicKey of encodings) {
      for (const r of [Point.ZERO.toBytes(), Point.BASE.multiply(3n).toBytes()]) {
        // With A of small order, S·B = R + k·A for S = the nonce and the right k.
        for (let n = 0; n < 16; n++) {
          const text = Uint8Array.of(n);
          const nonce = r[0] === 1 ? 0n : 3n;
          expect(await ed25519Answers(publicKey, text, join(r, littleEndian(nonce)))).toBe(false);
        }
      }
    }
  });

  it('refuses an A that is not canonical', async () => {
    const p = 2n ** 255n - 19n;
    for (let y = p; y < 2n ** 255n; y++) {
      for (const sign of [0n, 2n ** 255n]) {
        const publicKey = littleEndian(y + sign);
        const r = Point.BASE.multiply(99n).toBytes();
        expect(await ed25519Answers(publicKey, message, join(r, littleEndian(99n)))).toBe(false);
      }
    }
  });

  it('refuses an R of small order and an R that is not canonical', async () => {
    for (const point of multiples) {
      const r = point.toBytes();
      const signature = signatureWith(a.toBytes(), message, r, 0n);
      expect(await ed25519Answers(a.toBytes(), message, signature)).toBe(false);
    }
    for (const y of [2n ** 255n - 19n, 2n ** 255n - 18n, 2n ** 256n - 19n, 2n ** 256n - 18n]) {
      const r = littleEndian(y);
      expect(
        await ed25519Answers(a.toBytes(), message, signatureWith(a.toBytes(), message, r, 0n)),
      ).toBe(false);
    }
  });

  it('refuses what only holds after multiplying by the cofactor', async () => {
    for (const [i, extra] of multiples.entries()) {
      const r = Point.BASE.multiply(77n).add(extra).toBytes();
      const signature = signatureWith(a.toBytes(), message, r, 77n);
      expect(ed25519.verify(signature, message, a.toBytes())).toBe(true);
      expect(await ed25519Answers(a.toBytes(), message, signature)).toBe(i === 0);
    }
  });

  it('decides for an A of mixed order by the exact equation', async () => {
    const publicKey = a.add(torsion).toBytes();
    const seen = new Set<boolean>();
    for (let n = 0; n < 24; n++) {
      const text = Uint8Array.of(n);
      const r = Point.BASE.multiply(77n).toBytes();
      const exact = challenge(r, publicKey, text) % 8n === 0n;
      const signature = signatureWith(publicKey, text, r, 77n);
      expect(await ed25519Answers(publicKey, text, signature)).toBe(exact);
      seen.add(exact);
    }
    expect(seen.size).toBe(2);
  });

  it('answers false, not an error, for bytes that are no point and for other lengths', async () => {
    for (const length of [0, 31, 32, 33, 64]) {
      const publicKey = new Uint8Array(length).fill(2);
      expect(await ed25519Answers(publicKey, message, new Uint8Array(64).fill(3))).toBe(false);
      expect(await ed25519Answers(a.toBytes(), message, new Uint8Array(length).fill(3))).toBe(
        false,
      );
    }
  });

  it('gives one answer to any change of one bit', async () => {
    const seed = seedOf(6);
    const valid = join(native.ed25519PublicKey(seed), native.ed25519Sign(seed, message), message);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: valid.length * 8 - 1 }), async (bit) => {
        const bytes = Uint8Array.from(valid);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const parts = [bytes.slice(0, 32), bytes.slice(96), bytes.slice(32, 96)] as const;
        expect(await ed25519Answers(...parts)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

describe('ES256: low s only', () => {
  const secretKey = seedOf(9);
  const publicKey = p256.getPublicKey(secretKey, true);
  const curveOrder = p256.Point.Fn.ORDER;
  const bigEndian = (value: bigint) => littleEndian(value).reverse();
  const low = p256.sign(message, secretKey, { lowS: true, prehash: true });
  const r = low.slice(0, 32);
  const s = numberOf(low.slice(32).reverse());
  const check = (key: Uint8Array, signature: Uint8Array) =>
    answers({ algorithm: 'es256', publicKey: key, message, signature });

  it('accepts low s and refuses its twin', async () => {
    expect(await check(publicKey, low)).toBe(true);
    expect(await check(publicKey, join(r, bigEndian(curveOrder - s)))).toBe(false);
  });

  it.each([
    ['r = 0', join(new Uint8Array(32), bigEndian(s))],
    ['s = 0', join(r, new Uint8Array(32))],
    ['r = n', join(bigEndian(curveOrder), bigEndian(s))],
    ['s + n', join(r, bigEndian(s + curveOrder))],
    ['63 bytes', low.slice(1)],
    ['DER', p256.sign(message, secretKey, { lowS: true, prehash: true, format: 'der' })],
  ])('refuses %s', async (_, signature) => {
    expect(await check(publicKey, signature)).toBe(false);
  });

  it('refuses keys in other forms and keys that are no point', async () => {
    expect(await check(p256.getPublicKey(secretKey, false), low)).toBe(false);
    expect(await check(join(Uint8Array.of(4), publicKey.slice(1)), low)).toBe(false);
    expect(await check(join(Uint8Array.of(0), publicKey.slice(1)), low)).toBe(false);
    expect(await check(join(Uint8Array.of(2), new Uint8Array(32).fill(255)), low)).toBe(false);
    expect(await check(new Uint8Array(33), low)).toBe(false);
  });
});

describe('ML-DSA-44', () => {
  const seed = seedOf(3);
  const publicKey = native.mlDsa44PublicKey(seed);
  const signature = native.mlDsa44Sign(seed, message);

  it('signs deterministically and verifies with both', async () => {
    expect(native.sha256Hex(publicKey)).toBe(
      'df5b5f45decfb203862a372b2fe7047bdbfdd7c54b39e8bff3f4b5442795f54b',
    );
    expect(portable.mlDsa44Sign(seed, message)).toEqual(signature);
    expect(await answers({ algorithm: 'ml-dsa-44', publicKey, message, signature })).toBe(true);
  });

  it('refuses other lengths, other messages and changed bytes, the hints among them', async () => {
    const refuse = async (key: Uint8Array, text: Uint8Array, bytes: Uint8Array) =>
      expect(
        await answers({ algorithm: 'ml-dsa-44', publicKey: key, message: text, signature: bytes }),
      ).toBe(false);
    await refuse(publicKey.slice(1), message, signature);
    await refuse(publicKey, message, signature.slice(1));
    await refuse(publicKey, new Uint8Array(0), signature);
    for (const at of [0, 31, 32, 1000, 2335, 2336, 2400, 2416, 2419]) {
      const changed = Uint8Array.from(signature);
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      await refuse(publicKey, message, changed);
    }
  });
});

describe('what the native primitives keep', () => {
  it('verifies after more keys than the cache holds, bad ones among them', () => {
    const seed = seedOf(8);
    const publicKey = native.ed25519PublicKey(seed);
    const signature = native.ed25519Sign(seed, message);
    for (let n = 0; n <= cachedKeysMax; n++) {
      const other = Uint8Array.from(publicKey);
      other[0] = n & 255;
      other[1] = n >> 8;
      native.ed25519Verify(other, message, signature);
    }
    expect(native.ed25519Verify(publicKey, message, signature)).toBe(true);
  });

  it('does not sign with a seed that was overwritten', () => {
    const seed = seedOf(8);
    native.ed25519Sign(seed, message);
    seed.fill(9);
    expect(native.ed25519Sign(seed, message)).toEqual(portable.ed25519Sign(seedOf(9), message));
  });

  it('answers in the order of the checks', async () => {
    const checks = Array.from({ length: 64 }, (_, n) => {
      const seed = seedOf(n % 5);
      const signature = native.ed25519Sign(seed, message);
      if (n % 3 === 0) signature[40] = (signature[40] ?? 0) ^ 1;
      const publicKey = native.ed25519PublicKey(seed);
      return { algorithm: 'ed25519' as const, publicKey, message, signature };
    });
    const expected = checks.map((_, n) => n % 3 !== 0);
    expect(await native.verifySignatures(checks)).toEqual(expected);
    expect(await portable.verifySignatures(checks)).toEqual(expected);
  });
});

describe('SHA-256', () => {
  it('gives what both implementations give, in memory of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const digest = native.sha256(bytes);
        expect(digest).toEqual(portable.sha256(bytes));
        expect(digest.buffer.byteLength).toBe(32);
        expect(native.sha256Hex(bytes)).toBe(portable.encodeHex(digest));
        expect(portable.sha256Hex(bytes)).toBe(native.encodeHex(digest));
      }),
    );
  });
});
