import { createECDH, createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  addSignature,
  assertionCheck,
  concatBytes,
  decodeBase64,
  ed25519PublicKey,
  ed25519Sign,
  encodeBase64,
  encodeBase64Url,
  encodeText,
  formatEnvelope,
  officerKeyId,
  parseEnvelope,
  sealingRecipient,
  sha256,
  signingChallenge,
  statementPayloadType,
  verifyEnvelope,
  verifySignature,
  webauthnSignature,
} from '../src/index.ts';
import type { EnvelopeSignature, Statement, WebauthnKey } from '../src/index.ts';
import { edKey, seed, TestParty, testSealingIdentity } from './test-party.ts';

const rpId = 'comity.example';
const origin = 'https://desk.comity.example';
const id = 'c0'.repeat(32);
const groupOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** An authenticator with a real P-256 key. */
const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const scalar = pair.privateKey.export({ format: 'jwk' }).d ?? '';
const point = createECDH('prime256v1');
point.setPrivateKey(Buffer.from(scalar, 'base64url'));
const key: WebauthnKey = {
  type: 'webauthn',
  algorithm: 'ES256',
  key: point.getPublicKey('base64', 'compressed'),
  rpId,
  origins: ['https://other.example', origin],
};

type Ceremony = {
  clientData?: { [member: string]: unknown };
  clientText?: string;
  flags?: number;
  rp?: string;
  extra?: number;
};

function authenticatorData({ flags = 0x05, rp = rpId, extra = 0 }: Ceremony): Uint8Array {
  const rpIdHash = createHash('sha256').update(rp).digest();
  return concatBytes(rpIdHash, Uint8Array.of(flags, 0, 0, 0, 9), new Uint8Array(extra));
}

function clientDataOf(statement: string, ceremony: Ceremony): Uint8Array {
  const challenge = encodeBase64Url(signingChallenge(statement));
  const data = { type: 'webauthn.get', challenge, origin, crossOrigin: false };
  return encodeText(ceremony.clientText ?? JSON.stringify({ ...data, ...ceremony.clientData }));
}

function assert(statement = id, ceremony: Ceremony = {}): EnvelopeSignature {
  const data = authenticatorData(ceremony);
  const clientData = clientDataOf(statement, ceremony);
  const der = sign('sha256', concatBytes(data, sha256(clientData)), pair.privateKey);
  const made = webauthnSignature(key, data, clientData, Uint8Array.from(der));
  if (!made.ok) throw new Error(made.code);
  return made.value;
}

function answer(ceremony: Ceremony, of: WebauthnKey = key): string {
  const check = assertionCheck(of, assert(id, ceremony), id);
  if (!check.ok) return `${check.code}: ${check.detail}`;
  return verifySignature(check.value) ? 'ok' : 'does not verify';
}

describe('passkey assertion', () => {
  it('over the challenge of a statement id verifies', () => {
    for (let i = 0; i < 20; i++) expect(answer({})).toBe('ok');
  });

  it('challenge = SHA-256("comity/sign/v1\\n" ‖ raw id)', () => {
    const hash = createHash('sha256').update('comity/sign/v1\n').update(Buffer.from(id, 'hex'));
    expect(Buffer.from(signingChallenge(id)).equals(hash.digest())).toBe(true);
  });

  it('of another statement is refused', () => {
    expect(assertionCheck(key, assert('c1'.repeat(32)), id)).toMatchObject({ detail: 'challenge' });
  });

  it.each([
    [{ type: 'webauthn.create' }, 'type'],
    [{ challenge: encodeBase64(signingChallenge(id)) }, 'challenge'],
    [{ challenge: undefined }, 'challenge'],
    [{ origin: 'https://desk.comity.example:8443' }, 'origin'],
    [{ origin: 'https://evil.desk.comity.example' }, 'origin'],
    [{ origin: 'http://desk.comity.example' }, 'origin'],
    [{ origin: `${origin}/` }, 'origin'],
    [{ origin: [origin] }, 'origin'],
    [{ crossOrigin: true }, 'cross-origin'],
    [{ crossOrigin: 'false' }, 'cross-origin'],
    [{ topOrigin: origin }, 'top origin'],
  ])('client data %j is refused', (clientData, detail) => {
    expect(answer({ clientData })).toBe(`bad-signature: ${detail}`);
  });

  it('client data without crossOrigin, as older browsers write it, is taken', () => {
    expect(answer({ clientData: { crossOrigin: undefined } })).toBe('ok');
    expect(answer({ clientData: { other_keys_can_be_added_here: 'do not compare' } })).toBe('ok');
  });

  it('client data in which a member repeats, or that is no object, is refused', () => {
    const challenge = encodeBase64Url(signingChallenge(id));
    const text = JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false });
    const twice = text.replace('"type"', '"origin":"https://evil.example","type"');
    const refused = 'bad-signature: client data is not one compact JSON object';
    expect(answer({ clientText: text })).toBe('ok');
    expect(answer({ clientText: twice })).toBe(refused);
    expect(answer({ clientText: text.replace(',', ', ') })).toBe(refused);
    expect(answer({ clientText: '[]' })).toBe(refused);
    expect(answer({ clientText: '{' })).toBe(refused);
    expect(answer({ clientText: '{"__proto__":{"type":"webauthn.get"}}' })).toBe(
      'bad-signature: type',
    );
  });

  it.each([
    [{ rp: 'evil.example' }, 'rpIdHash'],
    [{ flags: 0x04 }, 'user not present'],
    [{ flags: 0x01 }, 'user not verified'],
    [{ flags: 0x15 }, 'backup flags'],
    [{ flags: 0x45 }, 'an attested key in an assertion'],
    [{ flags: 0x85 }, 'extension data'],
    [{ extra: 3 }, 'extension data'],
  ])('authenticator data %j is refused', (ceremony, detail) => {
    expect(answer(ceremony)).toBe(`bad-signature: ${detail}`);
  });

  it('authenticator data with extensions, or of a synchronised passkey, is taken', () => {
    expect(answer({ flags: 0x85, extra: 3 })).toBe('ok');
    expect(answer({ flags: 0x1d })).toBe('ok');
  });

  it('cut authenticator data is refused', () => {
    const signature = assert();
    const data = decodeBase64(signature.extension?.ext.authenticatorData ?? '') ?? new Uint8Array();
    const cut = encodeBase64(data.subarray(0, 36));
    const ext = { clientDataJSON: '', ...signature.extension?.ext, authenticatorData: cut };
    const changed = { ...signature, extension: { kind: 'webauthn' as const, ext } };
    expect(assertionCheck(key, changed, id)).toMatchObject({ code: 'bad-signature' });
  });

  it('high s is refused, and the assembled signature has it low', () => {
    const signature = assert();
    const raw = decodeBase64(signature.sig) ?? new Uint8Array();
    const s = BigInt(`0x${Buffer.from(raw.subarray(32)).toString('hex')}`);
    expect(s <= groupOrder / 2n).toBe(true);
    const high = Buffer.from((groupOrder - s).toString(16).padStart(64, '0'), 'hex');
    const sig = encodeBase64(concatBytes(raw.subarray(0, 32), high));
    const check = assertionCheck(key, { ...signature, sig }, id);
    expect(check.ok && verifySignature(check.value)).toBe(false);
  });

  it('DER in the envelope is refused: 64 bytes r ‖ s only', () => {
    const der = sign('sha256', Buffer.from('x'), pair.privateKey);
    const sig = encodeBase64(Uint8Array.from(der));
    expect(assertionCheck(key, { ...assert(), sig }, id)).toMatchObject({
      code: 'bad-signature',
      detail: 'the signature is not 64 bytes',
    });
  });

  it('DER from an authenticator is read strictly', () => {
    const make = (der: number[]): boolean =>
      webauthnSignature(key, new Uint8Array(37), encodeText('{}'), Uint8Array.from(der)).ok;
    expect(make([0x30, 6, 2, 1, 1, 2, 1, 1])).toBe(true);
    expect(make([0x30, 6, 2, 1, 0, 2, 1, 1])).toBe(false);
    expect(make([0x30, 6, 2, 1, 0x80, 2, 1, 1])).toBe(false);
    expect(make([0x30, 7, 2, 2, 0, 1, 2, 1, 1])).toBe(false);
    expect(make([0x30, 6, 2, 1, 1, 2, 1, 1, 0])).toBe(false);
    expect(make([0x30, 7, 2, 1, 1, 2, 1, 1, 0])).toBe(false);
    expect(make([0x31, 6, 2, 1, 1, 2, 1, 1])).toBe(false);
    expect(make([0x30, 5, 2, 1, 1, 2, 1])).toBe(false);
    expect(make([])).toBe(false);
    const order = [...Buffer.from(groupOrder.toString(16), 'hex')];
    expect(make([0x30, 38, 2, 33, 0, ...order, 2, 1, 1])).toBe(false);
  });

  it('a signature that is not the key’s does not verify', () => {
    const other = createPrivateKey({
      key: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
        format: 'jwk',
      }),
      format: 'jwk',
    });
    const data = authenticatorData({});
    const clientData = clientDataOf(id, {});
    const der = sign('sha256', concatBytes(data, sha256(clientData)), other);
    const made = webauthnSignature(key, data, clientData, Uint8Array.from(der));
    const check = made.ok ? assertionCheck(key, made.value, id) : made;
    expect(check.ok && verifySignature(check.value)).toBe(false);
  });

  it('EdDSA passkeys sign too', () => {
    const eddsa: WebauthnKey = {
      ...key,
      algorithm: 'EdDSA',
      key: encodeBase64(ed25519PublicKey(seed('passkey'))),
    };
    const data = authenticatorData({});
    const clientData = clientDataOf(id, {});
    const raw = ed25519Sign(seed('passkey'), concatBytes(data, sha256(clientData)));
    const made = webauthnSignature(eddsa, data, clientData, raw);
    const check = made.ok ? assertionCheck(eddsa, made.value, id) : made;
    expect(check.ok && verifySignature(check.value)).toBe(true);
  });

  it('signs an envelope for its officer', async () => {
    const party = new TestParty('north', await sealingRecipient(testSealingIdentity));
    const both = ['Duty officer 1', 'Duty officer 2'];
    const officers = {
      'Duty officer 1': { keys: [key] },
      'Duty officer 2': { keys: [edKey('north 2')] },
    };
    // Version 1 is signed by the passkey as well.
    const draft = party.draftCredentials({ officers }, { pens: ['north 2'] });
    const signature = assert(draft.id);
    expect(signature.keyid).toBe(officerKeyId(key));
    const envelope = addSignature(draft.envelope, signature);
    expect(parseEnvelope(formatEnvelope(envelope))).toEqual({ ok: true, value: envelope });
    const logged = party.enter(envelope, draft.statement);
    const { verifyCredentials } = await import('../src/index.ts');
    const chain = verifyCredentials(null, logged.envelope, logged.proof);
    if (!chain.ok) throw new Error(chain.code);
    party.chain = chain.value.chain;
    party.id = logged.id;
    party.credentials = logged.id;
    const said = party.say('allegation.raise', { pens: ['north 2'] });
    const signed = addSignature(said.envelope, assert(said.id));
    const verified = verifyEnvelope(signed, chain.value.chain, logged.id);
    expect(verified).toMatchObject({ ok: true, value: { offices: both } });
    const stolen = addSignature(said.envelope, assert(id));
    expect(verifyEnvelope(stolen, chain.value.chain, logged.id)).toMatchObject({
      code: 'bad-signature',
    });
    const bare: Statement = said.statement;
    expect(bare.kind).toBe('allegation.raise');
    expect(said.envelope.payloadType).toBe(statementPayloadType);
    const [passkeyOnly] = signed.signatures.filter(({ extension }) => extension !== undefined);
    const { extension: _extension, ...naked } = passkeyOnly as EnvelopeSignature;
    const unextended = { ...signed, signatures: [naked] };
    expect(verifyEnvelope(unextended, chain.value.chain, logged.id)).toMatchObject({
      code: 'bad-signature',
    });
    const extended = said.envelope.signatures.map((each) => ({
      ...each,
      extension: signature.extension as NonNullable<EnvelopeSignature['extension']>,
    }));
    expect(
      verifyEnvelope({ ...said.envelope, signatures: extended }, chain.value.chain, logged.id),
    ).toMatchObject({ code: 'bad-signature' });
  });
});
