import { describe, expect, it } from 'vitest';
import {
  freezeChain,
  levelsMet,
  parseCredentialsBody,
  verifyCredentials,
  verifyEnvelope,
  versionInForce,
} from '../src/index.ts';
import type { CredentialsBody, JsonValue } from '../src/index.ts';
import { edKey, pqKey, testParty, TestParty, testSealingIdentity } from './test-party.ts';
import { sealingRecipient } from '../src/index.ts';

const recipient = await sealingRecipient(testSealingIdentity);

function refusal(party: TestParty, changes: Partial<CredentialsBody>): string {
  const result = parseCredentialsBody(party.body(changes) as unknown as JsonValue);
  return result.ok ? 'ok' : `${result.code} ${result.path}`;
}

describe('credentials body', () => {
  const party = new TestParty('north', recipient);
  it('accepts a plain body', () => expect(refusal(party, {})).toBe('ok'));

  it('refuses a raw public key that stands twice, whatever its purpose', () => {
    const { officers, authority } = party.body();
    const copy = { ...officers, Third: { keys: [edKey('north 1')] } };
    expect(refusal(party, { officers: copy })).toBe('bad-schema /officers/Third');
    const automatic = { key: edKey('north 2').key };
    expect(refusal(party, { authority: { ...authority, automatic } })).toBe(
      'bad-schema /authority/automatic',
    );
  });
});

describe('chain', () => {
  it('extends by versions signed by the root of n and n+1', async () => {
    const party = await testParty('north');
    party.publish();
    expect(party.verifiedChain.versions.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('two valid versions n+1 freeze the chain at n, in either order', async () => {
    const party = await testParty('north');
    const { chain } = party;
    const a = party.draftCredentials();
    const b = party.draftCredentials();
    const first = verifyCredentials(chain, a.envelope, a.proof);
    if (!first.ok || chain === null) throw new Error('a');
    expect(verifyCredentials(first.value.chain, b.envelope, b.proof)).toMatchObject({
      code: 'credentials-fork',
    });
    const ab = freezeChain(first.value.chain, b.envelope, b.proof);
    const second = verifyCredentials(chain, b.envelope, b.proof);
    if (!second.ok || !ab.ok) throw new Error('b');
    const ba = freezeChain(second.value.chain, a.envelope, a.proof);
    expect(ba).toEqual(ab);
    expect(ab.value.chain).toMatchObject({ frozen: true, bound: 1 });
    expect(versionInForce(ab.value.chain, 1, party.log.origin)).toBe(null);
  });

  it('ML-DSA companion', async () => {
    const party = new TestParty('north', recipient);
    const officers = {
      'Duty officer 1': { keys: [edKey('north 1'), pqKey('north 1 pq')] },
      'Duty officer 2': { keys: [edKey('north 2')] },
    };
    expect(() => party.publish({ officers })).toThrow('insufficient-authority');
    party.publish({ officers }, { pens: ['north 1', { pq: 'north 1 pq' }, 'north 2'] });
    const said = party.say('channel.message', { pens: ['north 1'] });
    const verified = verifyEnvelope(said.envelope, party.verifiedChain, party.credentials);
    expect(verified).toMatchObject({ ok: true, value: { offices: [] } });
    expect([...levelsMet(party.body({ officers }), ['Duty officer 1'])]).toEqual([
      'duty',
      'automatic',
    ]);
  });
});
