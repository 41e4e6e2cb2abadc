import { describe, expect, it } from 'vitest';
import {
  addSignature,
  authorityOf,
  levelsMet,
  officesThatSigned,
  sealingRecipient,
  signatureChecks,
  signEnvelopeEd25519,
  verifyEnvelope,
  verifySignatures,
} from '../src/index.ts';
import type { CredentialsBody, Signer } from '../src/index.ts';
import {
  edKey,
  pqKey,
  seed,
  sign,
  testParty,
  TestParty,
  testSealingIdentity,
} from './test-party.ts';
import type { Pen } from './test-party.ts';

const recipient = await sealingRecipient(testSealingIdentity);
const party = await testParty('north');
const [one, two] = ['Duty officer 1', 'Duty officer 2'] as const;

function verified(pens: Pen[], from: TestParty = party) {
  const said = from.say('channel.message', { pens });
  return verifyEnvelope(said.envelope, from.verifiedChain, from.credentials);
}

function levels(pens: Pen[], from: TestParty = party): string {
  const result = verified(pens, from);
  return result.ok ? [...result.value.levels].join(' ') : result.code;
}

describe('authority', () => {
  it('goes from the node’s own key to the keepers of the credentials', () => {
    expect(levels(['north automatic'])).toBe('automatic');
    expect(levels(['north 1'])).toBe('duty automatic');
    expect(levels(['north 1', 'north 2'])).toBe('root solemn duty automatic');
  });

  it('a stolen node signs nothing but what is automatic', () => {
    expect(levels(['north automatic'])).not.toContain('duty');
    expect(levels(['north automatic', 'north 1'])).toBe('duty automatic');
  });

  it('thresholds count officers, not keys', () => {
    const spare = new TestParty('spare', recipient);
    const officers = {
      [one]: { keys: [edKey('spare 1'), edKey('spare 1b')] },
      [two]: { keys: [edKey('spare 2')] },
    };
    spare.publish({ officers });
    expect(levels(['spare 1', 'spare 1b'], spare)).toBe('duty automatic');
    expect(levels(['spare 1b', 'spare 2'], spare)).toContain('solemn');
    expect(verified(['spare 1', 'spare 1b'], spare)).toMatchObject({ value: { offices: [one] } });
  });

  it('a stripped ML-DSA-44 companion signature leaves no officer', () => {
    const careful = new TestParty('careful', recipient);
    const officers = {
      [one]: { keys: [edKey('careful 1'), pqKey('careful 1 pq')] },
      [two]: { keys: [edKey('careful 2')] },
    };
    const pq = { pq: 'careful 1 pq' };
    careful.publish({ officers }, { pens: ['careful 1', pq, 'careful 2'] });
    expect(levels(['careful 1', pq], careful)).toBe('duty automatic');
    expect(levels(['careful 1'], careful)).toBe('');
    expect(levels([pq], careful)).toBe('');
    expect(levels(['careful 1', 'careful 2'], careful)).toBe('duty automatic');
    expect(levels(['careful 1', pq, 'careful 2'], careful)).toContain('solemn');
  });

  it('every signature in an envelope must verify, or it is bad-signature', () => {
    const said = party.say('channel.message', { pens: ['north 1'] });
    const { envelope } = said;
    const verify = (changed: typeof envelope): unknown =>
      verifyEnvelope(changed, party.verifiedChain, party.credentials);
    const bad = { ok: false, code: 'bad-signature' };
    const stranger = signEnvelopeEd25519(envelope.payloadType, envelope.payload, seed('stranger'));
    expect(verify(addSignature(envelope, stranger))).toMatchObject(bad);
    const other = party.say('channel.message', { pens: ['north 2'] }).envelope.signatures[0];
    if (other === undefined) throw new Error();
    expect(verify(addSignature(envelope, other))).toMatchObject(bad);
    expect(verify({ ...envelope, signatures: [] })).toMatchObject(bad);
    expect(verify({ ...envelope, payloadType: 'other' })).toMatchObject(bad);
    expect(verify({ ...envelope, payload: envelope.payload.with(9, 0) })).toMatchObject(bad);
    expect(verifyEnvelope(envelope, party.verifiedChain, 'ab'.repeat(32))).toMatchObject(bad);
  });

  it('a signature made in an exercise does not verify outside it', () => {
    const said = party.say('channel.message', { pens: ['north 1'] });
    const { payload } = said.envelope;
    const rehearsed = sign('application/vnd.comity.exercise+json', payload, ['north 1']);
    const { signatures } = rehearsed;
    expect(
      verifyEnvelope(rehearsed, party.verifiedChain, party.credentials),
      'not even as an exercise of a real party',
    ).toMatchObject({ code: 'bad-signature' });
    expect(
      verifyEnvelope({ ...said.envelope, signatures }, party.verifiedChain, party.credentials),
    ).toMatchObject({ code: 'bad-signature' });
  });

  it('checks can be verified elsewhere, many at once', async () => {
    const said = party.say('channel.message');
    const collected = signatureChecks(said.envelope, party.verifiedChain, party.credentials);
    if (!collected.ok) throw new Error();
    expect(collected.value.offices.toSorted()).toEqual([one, two]);
    expect(await verifySignatures(collected.value.checks)).toEqual([true, true]);
    const { levels: met } = authorityOf(party.body(), collected.value.signers);
    expect(met.has('solemn')).toBe(true);
  });
});

describe('levels', () => {
  const body = party.body();
  const met = (changes: Partial<CredentialsBody['authority']>, signed: string[], d?: string[]) =>
    [...levelsMet({ ...body, authority: { ...body.authority, ...changes } }, signed, d)].join(' ');

  it('offices that the thresholds do not name count for nothing', () => {
    expect(met({}, ['Cook'])).toBe('');
    expect(met({ duty: { threshold: 1, offices: [two] } }, [one])).toBe('');
  });

  it('solemn includes duty whoever is on the roster; root speaks of nothing else', () => {
    const solemn = { threshold: 2, offices: [one, two] };
    const duty = { threshold: 1, offices: ['Cook'] };
    const root = { threshold: 3, offices: [one, two, 'Cook'] };
    expect(met({ solemn, duty, root }, [one, two])).toBe('solemn duty automatic');
    const keepers = { threshold: 2, offices: [one, two] };
    const ministers = { threshold: 2, offices: ['Cook', 'Minister'] };
    const roster = { threshold: 1, offices: ['Cook'] };
    expect(met({ root: keepers, solemn: ministers, duty: roster }, [one, two])).toBe('root');
  });

  it('an office named twice is one officer', () => {
    expect(met({}, [one, one])).toBe('duty automatic');
  });

  it('delegates count for duty and for nothing above it', () => {
    expect(met({}, [], ['Roster 7'])).toBe('duty automatic');
    expect(met({}, [], ['Roster 7', 'Roster 8'])).toBe('duty automatic');
    expect(met({}, [one], ['Roster 7'])).not.toContain('solemn');
    expect(met({ duty: { threshold: 2, offices: [one, two] } }, [one], ['Roster 7'])).toContain(
      'duty',
    );
  });

  it('a delegate does not stand in for an officer of the document', () => {
    expect(met({}, [], [one, two])).toBe('');
  });

  it('signers of unknown offices are nobody', () => {
    const signer: Signer = { office: 'toString', keyType: 'ed25519', delegated: false };
    expect(officesThatSigned(body, [signer])).toEqual({ offices: [], delegated: [] });
  });
});
