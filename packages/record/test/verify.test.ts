import { describe, expect, it } from 'vitest';
import {
  cosign,
  encodeHex,
  formatNote,
  formatLogProof,
  formatVkey,
  parseLogProof,
  parseNote,
  signatureLine,
  signatureListDigest,
  verifyBundle,
  writeBundle,
} from '../src/index.ts';
import type { Bundle, BundledProof, VerifyReport } from '../src/index.ts';
import {
  bundled,
  chainOf,
  heartbeat,
  smallDocket,
  testDocket,
  testMeaning,
  testStart,
} from './test-docket.ts';
import { edKey, noteSigner, seed, testParty } from './test-party.ts';
import type { Logged } from './test-party.ts';

const docket = await testDocket();
const { north, south, raised, answered, bundle } = docket;
const trust = [north.id, south.id];
const start = testStart;

function verify(changed: Bundle | Uint8Array, trusted: string[] = trust): VerifyReport {
  const encoded = changed instanceof Uint8Array ? changed : writeBundle(changed);
  return verifyBundle(encoded, { trust: trusted, meaning: testMeaning });
}

/** The verdict, and the names of checks that failed. */
function verdict(changed: Bundle | Uint8Array, trusted: string[] = trust): string {
  const report = verify(changed, trusted);
  const failed = report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  return [report.verdict, ...failed].join(' ');
}

describe('verdict', () => {
  it('valid: whole, answered, by parties that the caller trusts', () => {
    const report = verify(bundle);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report).toMatchObject({
      verdict: 'valid',
      completeness: 'complete to the heads that all confirmed at 2026-09-21T14:15:05Z',
      exercise: false,
      untrusted: [],
      unanswered: [],
    });
  });

  it('says who signed, with what authority, where, between which times', () => {
    const [first] = verify(bundle).statements.filter(({ id }) => id === raised.id);
    expect(first).toMatchObject({
      from: north.id,
      offices: ['Duty officer 1', 'Duty officer 2'],
      levels: ['root', 'solemn', 'duty', 'automatic'],
      origin: north.log.origin,
      receivedBy: [south.id],
      notBefore: start,
      witnessed: start + 15,
      ownAccount: start + 10,
      void: null,
    });
  });

  it('untrusted: everything verifies, and nobody known stands behind it', () => {
    expect(verdict(bundle, [])).toBe('untrusted');
    expect(verdict(bundle, [north.id])).toBe('untrusted');
    expect(verify(bundle, [north.id]).untrusted).toEqual([south.id]);
    expect(verdict(bundle, ['ab'.repeat(32)])).toBe('untrusted');
  });

  it('an exercise’s bundle bears the mark', async () => {
    const rehearsal = await testDocket(true);
    const report = verify(rehearsal.bundle, [rehearsal.north.id, rehearsal.south.id]);
    expect(report).toMatchObject({ verdict: 'valid', exercise: true });
  });

  it('a small one is valid too', async () => {
    const small = await smallDocket();
    expect(verdict(small.bundle, small.trusted)).toBe('valid');
  });
});

describe('invalid', () => {
  const withProof = (change: Partial<BundledProof>): Bundle => {
    const [first, ...rest] = bundle.proofs;
    if (first === undefined) throw new Error();
    return { ...bundle, proofs: [{ ...first, ...change }, ...rest] };
  };

  it('credentials are missing', () => {
    const credentials = bundle.credentials.slice(1);
    expect(verdict({ ...bundle, credentials })).toMatch(/^invalid statements/);
  });

  it('a statement of another docket', async () => {
    const stray = north.say('incident.notify', { to: [south.id], pens: ['north 1'] });
    const envelopes = [...bundle.envelopes, bundled(north, stray, [], start)];
    expect(verdict({ ...bundle, envelopes })).toBe('invalid docket');
    expect(verdict({ ...bundle, docket: 'ab'.repeat(32) })).toMatch(/^invalid/);
  });

  it('a statement signed by too few', async () => {
    const weak = await testDocket();
    const { north: a, south: b } = weak;
    const alone = a.say('allegation.raise', { to: [b.id], pens: ['north 1'] });
    const small: Bundle = {
      ...weak.bundle,
      docket: alone.id,
      envelopes: [bundled(a, alone, [], start)],
      proofs: [],
      heartbeats: [],
    };
    expect(verdict(small, [a.id, b.id])).toBe('invalid authority');
  });

  it('an unknown kind needs a duty signature', async () => {
    const small = await smallDocket();
    const { one, two, notified } = small;
    const say = (pens: string[]): Logged =>
      one.say('future.act', { to: [two.id], docket: notified.id, after: [notified.id], pens });
    const of = (said: Logged): string =>
      verdict(
        {
          ...small.bundle,
          envelopes: [...small.bundle.envelopes, bundled(one, said, [], start + 5)],
          heartbeats: [heartbeat(two, one, notified.id, [said.id], start + 60)],
        },
        small.trusted,
      );
    expect(of(say(['one 1']))).toBe('valid');
    expect(of(say(['one automatic']))).toBe('invalid authority');
  });

  it('the signature list is another than the one logged', () => {
    const envelopes = bundle.envelopes.map((item) => ({
      ...item,
      envelope: { ...item.envelope, signatures: item.envelope.signatures.slice(0, 1) },
    }));
    expect(verdict({ ...bundle, envelopes })).toMatch(/^invalid said/);
  });

  it('a receipt of another statement, list, party or role', () => {
    const other = encodeHex(signatureListDigest(answered.envelope.signatures));
    expect(verdict(withProof({ listDigest: other }))).toBe('invalid receipts');
    expect(verdict(withProof({ role: 'said' }))).toBe('invalid receipts');
    expect(verdict(withProof({ statement: 'ab'.repeat(32) }))).toBe('invalid receipts');
    const [first] = bundle.proofs;
    const party = first?.party === north.id ? south.id : north.id;
    expect(verdict(withProof({ party }))).toBe('invalid receipts');
    expect(verdict(withProof({ party: 'ab'.repeat(32) }))).toBe('invalid receipts');
    expect(verdict(withProof({ proof: 'x' }))).toBe('invalid receipts');
  });

  it('a signature line by nobody who is known', () => {
    const stranger = noteSigner('stranger.example/w', 0x04, 'stranger');
    const [first, ...rest] = bundle.proofs;
    const proof = parseLogProof(first?.proof ?? '');
    if (first === undefined || !proof.ok) throw new Error();
    const { checkpoint } = proof.value;
    const line = cosign(checkpoint, stranger, start);
    const changed = formatLogProof({ ...proof.value, checkpoint: checkpoint + line });
    const withLine: Bundle = { ...bundle, proofs: [{ ...first, proof: changed }, ...rest] };
    expect(verdict(withLine)).toBe('invalid checkpoints');
    // Listed as a witness its line is verified, and vouches for nothing by itself.
    const listed: Bundle = { ...withLine, witnesses: [formatVkey(stranger.key)] };
    expect(verdict(listed)).toBe('valid');
  });

  it('a listed witness that signed nothing', () => {
    const idle = formatVkey(noteSigner('idle.example/w', 0x04, 'idle').key);
    expect(verdict({ ...bundle, witnesses: [idle] })).toBe('invalid checkpoints');
  });

  it('an own-account line on somebody else’s log', () => {
    const [first, ...rest] = bundle.proofs.toReversed();
    const proof = parseLogProof(first?.proof ?? '');
    if (first === undefined || !proof.ok) throw new Error();
    const stranger = first.party === north.id ? south : north;
    const line = cosign(proof.value.checkpoint, stranger.ownAccount, start);
    const changed = formatLogProof({
      ...proof.value,
      checkpoint: proof.value.checkpoint + line,
    });
    expect(verdict({ ...bundle, proofs: [...rest, { ...first, proof: changed }] })).toBe(
      'invalid checkpoints',
    );
  });

  it('a cosignature line with another time', () => {
    const [first, ...rest] = bundle.proofs;
    const proof = parseLogProof(first?.proof ?? '');
    if (first === undefined || !proof.ok) throw new Error();
    const note = parseNote(proof.value.checkpoint);
    if (!note.ok) throw new Error();
    const lines = note.value.signatures.map(({ name, id, blob, line }) =>
      name.endsWith('/witness') ? signatureLine(name, id, blob.slice()) : line,
    );
    const earlier = note.value.signatures.map(({ name, id, blob, line }) =>
      name.endsWith('/witness') ? signatureLine(name, id, blob.with(7, (blob[7] ?? 0) ^ 1)) : line,
    );
    const of = (list: string[]): string => {
      const checkpoint = formatNote(note.value.text, list);
      const changed = formatLogProof({ ...proof.value, checkpoint });
      return verdict({ ...bundle, proofs: [{ ...first, proof: changed }, ...rest] });
    };
    expect(of(lines)).toBe('valid');
    expect(of(earlier)).toBe('invalid checkpoints');
  });

  it('anchors with other lines than those committed to', () => {
    const strip = bundle.envelopes.map((item) => ({ ...item, anchor: [] }));
    expect(verdict({ ...bundle, envelopes: strip })).toBe('invalid anchors');
  });

  it('a heartbeat whose leaf is not in the root it signed', () => {
    const [first, ...rest] = bundle.heartbeats;
    if (first === undefined) throw new Error();
    const of = (change: Partial<typeof first>): string =>
      verdict({ ...bundle, heartbeats: [{ ...first, ...change }, ...rest] });
    expect(of({ index: 0 })).toBe('invalid heartbeats');
    expect(of({ path: [] })).toBe('invalid heartbeats');
    const inputDigest = encodeHex(seed('other inputs'));
    expect(of({ leaf: { ...first.leaf, inputDigest } })).toBe('invalid heartbeats');
    expect(of({ leaf: { ...first.leaf, heads: [] } })).toBe('invalid heartbeats');
    expect(of({ envelope: raised.envelope })).toBe('invalid heartbeats');
  });

  it('exercise and real statements in one docket', async () => {
    const small = await smallDocket();
    const rehearsal = await testParty('rehearsal', true);
    const { notified, bundle: base } = small;
    const said = rehearsal.say('incident.update', { docket: notified.id, after: [notified.id] });
    const mixed: Bundle = {
      ...base,
      envelopes: [...base.envelopes, bundled(rehearsal, said, [], start)],
      credentials: [...base.credentials, ...chainOf(rehearsal)],
    };
    expect(verdict(mixed, [...small.trusted, rehearsal.id])).toBe('invalid docket');
  });
});

describe('void', () => {
  it('a retired key after rotation: the statement stands, has no effect, spoils nothing', async () => {
    const small = await smallDocket();
    const { one, two, notified } = small;
    const old = one.credentials;
    one.publish();
    const late = one.say('incident.update', {
      to: [two.id],
      docket: notified.id,
      after: [notified.id],
      credentials: old,
      pens: ['one 1'],
    });
    const changed: Bundle = {
      ...small.bundle,
      credentials: [...chainOf(one), ...chainOf(two)],
      envelopes: [...small.bundle.envelopes, bundled(one, late, [], start + 5)],
      heartbeats: [heartbeat(two, one, notified.id, [late.id], start + 60)],
    };
    const report = verify(changed, small.trusted);
    expect(report.verdict).toBe('valid');
    expect(report.statements.find(({ id }) => id === late.id)?.void).toBe('retired-credentials');
    const authority = report.checks.find(({ name }) => name === 'authority');
    expect(authority?.detail).toContain('without effect under retired credentials');
  });

  it('a statement to others than the participants is marked', async () => {
    const small = await smallDocket();
    const { one, two, notified } = small;
    const late = one.say('incident.update', {
      to: [two.id, 'ab'.repeat(32)].sort(),
      docket: notified.id,
      after: [notified.id],
      pens: ['one 1'],
    });
    const changed: Bundle = {
      ...small.bundle,
      envelopes: [...small.bundle.envelopes, bundled(one, late, [], start + 5)],
      heartbeats: [heartbeat(two, one, notified.id, [late.id], start + 60)],
    };
    const report = verify(changed, small.trusted);
    expect(report.statements.find(({ id }) => id === late.id)?.void).toBe('wrong-participants');
  });

  it('a frozen chain is said so', async () => {
    const small = await smallDocket();
    const { one } = small;
    const a = one.draftCredentials();
    const b = one.draftCredentials();
    const rivals = [a, b].map(({ envelope, proof }) => ({
      envelope,
      said: formatLogProof(proof),
    }));
    const report = verify(
      { ...small.bundle, credentials: [...small.bundle.credentials, ...rivals] },
      small.trusted,
    );
    expect(report.checks.find(({ name }) => name === 'credentials')).toMatchObject({
      ok: true,
      detail: '2 parties, 1 frozen by rival successors',
    });
  });
});

describe('delegates', () => {
  it('count when their delegation is in the bundle, and not without it', async () => {
    const small = await smallDocket();
    const { one, two, notified } = small;
    const grant = one.say('party.delegate', {
      body: {
        office: 'Roster 7',
        key: edKey('roster 7'),
        kinds: ['incident.update'],
        until: '2027-01-01T00:00:00Z',
      },
    });
    const late = one.say('incident.update', {
      to: [two.id],
      docket: notified.id,
      after: [notified.id],
      pens: ['roster 7'],
    });
    const without: Bundle = {
      ...small.bundle,
      envelopes: [...small.bundle.envelopes, bundled(one, late, [], start + 5)],
      heartbeats: [heartbeat(two, one, notified.id, [late.id], start + 60)],
    };
    const delegations = [{ envelope: grant.envelope, said: formatLogProof(grant.proof) }];
    expect(verdict(without, small.trusted)).toBe('invalid signatures');
    expect(verdict({ ...without, delegations }, small.trusted)).toBe('valid');
    const report = verify({ ...without, delegations }, small.trusted);
    expect(report.statements.find(({ id }) => id === late.id)).toMatchObject({
      offices: [],
      delegated: ['Roster 7'],
      levels: ['duty', 'automatic'],
    });
    const stranger = [{ envelope: late.envelope, said: formatLogProof(late.proof) }];
    expect(verdict({ ...without, delegations: stranger }, small.trusted)).toMatch(
      /^invalid delegations/,
    );
  });
});
