/**
 * Which encodings of keys and signatures count, decided on bytes alone, the same for every
 * implementation of the primitives (rulings.md, 2).
 */

/** Public key, message, signature, and what they are. All raw bytes; ES256 as 33 and r ‖ s. */
export type SignatureCheck = {
  algorithm: 'ed25519' | 'es256' | 'ml-dsa-44';
  publicKey: Uint8Array;
  message: Uint8Array;
  signature: Uint8Array;
};

// y coordinates, little-endian, of the eight points of small order, sign bit cleared.
const smallOrderY = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((hex) => hex.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? []);

/**
 * Whether 32 bytes encode a y below 2^255 − 19 that belongs to no point of small order. Whether a
 * point with that y exists is left to the verification itself.
 *
 * The two encodings that are canonical in y but not in the sign bit (x = 0) are of small order too.
 */
export function isAcceptableEd25519Point(encoded: Uint8Array): boolean {
  if (encoded.length !== 32) return false;
  const top = (encoded[31] ?? 0) & 0x7f;
  if (top === 0x7f && (encoded[0] ?? 0) >= 0xed) {
    let ones = true;
    for (let i = 1; i < 31; i++) if (encoded[i] !== 0xff) ones = false;
    if (ones) return false;
  }
  return !smallOrderY.some((y) => y.every((byte, i) => byte === (i === 31 ? top : encoded[i])));
}

/**
 * Whether R is acceptable, of 64 bytes R ‖ S. No honest signer makes an R of small order; some
 * releases of OpenSSL accept one and others do not, so it is refused before either is asked.
 */
export function isAcceptableEd25519Signature(signature: Uint8Array): boolean {
  return signature.length === 64 && isAcceptableEd25519Point(signature.subarray(0, 32));
}

// Half the order of P-256, big-endian, rounded down.
const halfOrderP256 = [
  0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/** Whether r ‖ s is 64 bytes with s at most half the order of P-256, so that it has no twin. */
export function isLowS(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  for (let i = 0; i < 32; i++) {
    const difference = (signature[32 + i] ?? 0) - (halfOrderP256[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/** Whether 33 bytes look like a compressed SEC1 point. */
export function isCompressedPoint(publicKey: Uint8Array): boolean {
  return publicKey.length === 33 && (publicKey[0] === 2 || publicKey[0] === 3);
}
