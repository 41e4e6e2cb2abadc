import { describe, expect, it } from 'vitest';
import { freezeChain, verifyDelegation, verifyEnvelope } from '../src/index.ts';
import type { Chain, JsonValue } from '../src/index.ts';
import { edKey, sign, testParty } from './test-party.ts';
import type { Logged, Said, TestParty } from './test-party.ts';

const grant = {
  office: 'Roster 7',
  key: edKey('roster 7'),
  kinds: ['incident.acknowledge'],
  until: '2027-01-01T00:00:00Z',
};

function delegate(party: TestParty, body: object = grant, said: Said = {}): Logged {
  return party.say('party.delegate', { body: body as { [k: string]: JsonValue }, ...said });
}

function codeOf(chain: Chain, { envelope, proof }: Logged): string {
  const result = verifyDelegation(chain, envelope, proof);
  return result.ok ? 'ok' : `${result.code} ${result.path}`;
}

function take(party: TestParty, logged: Logged): Chain {
  const result = verifyDelegation(party.verifiedChain, logged.envelope, logged.proof);
  if (!result.ok) throw new Error(`${result.code} ${result.path}`);
  party.chain = result.value.chain;
  return party.chain;
}

/** Whether the delegate's signature counts for the entry at an index. */
function counts(party: TestParty, index?: number, kind = 'incident.acknowledge'): boolean {
  const said = party.statement(kind, {});
  const payload = new TextEncoder().encode(JSON.stringify(sorted(said)));
  const envelope = sign(party.payloadType, payload, ['roster 7']);
  const result = verifyEnvelope(envelope, party.verifiedChain, party.credentials, index);
  return result.ok && result.value.levels.has('duty');
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('delegation', () => {
  it('adds a duty key from its index on, and not before', async () => {
    const party = await testParty('north');
    party.log.pad(4);
    const logged = delegate(party);
    expect(counts(party)).toBe(false);
    take(party, logged);
    expect(logged.proof.index).toBe(5);
    expect([4, 5, 6, 1000].map((index) => counts(party, index))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(counts(party)).toBe(true);
  });

  it('never reaches above duty', async () => {
    const party = await testParty('north');
    take(party, delegate(party));
    const said = party.say('incident.acknowledge', { pens: ['roster 7', 'north 1'] });
    const verified = verifyEnvelope(said.envelope, party.verifiedChain, party.credentials);
    expect(verified).toMatchObject({
      value: { offices: ['Duty officer 1'], delegated: ['Roster 7'] },
    });
    expect(verified.ok && [...verified.value.levels]).toEqual(['duty', 'automatic']);
  });

  it('counts for the kinds that it names and for no others', async () => {
    const party = await testParty('north');
    take(party, delegate(party));
    expect(counts(party, 9, 'incident.notify')).toBe(false);
  });

  it('ends at the index of an ending, whichever came first', async () => {
    const party = await testParty('north');
    const logged = delegate(party);
    party.log.pad(3);
    const ending = delegate(party, { ends: logged.id });
    const fresh = party.verifiedChain;
    take(party, logged);
    expect(counts(party)).toBe(true);
    const inOrder = take(party, ending);
    party.chain = fresh;
    take(party, ending);
    expect(take(party, logged)).toEqual(inOrder);
    expect(ending.proof.index).toBe(5);
    expect([4, 5, 6].map((index) => counts(party, index))).toEqual([true, false, false]);
    expect(counts(party)).toBe(false);
    expect(take(party, ending)).toEqual(inOrder);
    expect(take(party, logged)).toEqual(inOrder);
  });

  it('ends with the next credentials that do not list it', async () => {
    const party = await testParty('north');
    const logged = delegate(party);
    take(party, logged);
    party.publish({ delegations: [logged.id] });
    expect(counts(party, 100)).toBe(true);
    party.publish({ delegations: [] });
    expect(counts(party, 100)).toBe(false);
    expect(party.verifiedChain.delegations[0]).toMatchObject({ endsAtIndex: 3 });
    party.publish({ delegations: [logged.id] });
    // Once ended it does not come back.
    expect(counts(party, 100)).toBe(false);
  });

  it('learned after the credentials that drop it is ended all the same', async () => {
    const party = await testParty('north');
    const logged = delegate(party);
    party.publish();
    expect(take(party, logged).delegations[0]).toMatchObject({ endsAtIndex: 2 });
  });

  it('needs the solemn threshold by officers', async () => {
    const party = await testParty('north');
    const code = (pens: string[]): string =>
      codeOf(party.verifiedChain, delegate(party, grant, { pens }));
    expect(code(['north 1'])).toBe('insufficient-authority ');
    expect(code(['north automatic'])).toBe('insufficient-authority ');
    expect(code(['north 1', 'stranger'])).toMatch(/^bad-signature/);
    take(party, delegate(party));
    const more = { ...grant, office: 'Roster 8', key: edKey('roster 8') };
    const byDelegate = delegate(party, more, { pens: ['roster 7', 'north 1'] });
    expect(codeOf(party.verifiedChain, byDelegate)).toMatch(/^bad-signature/);
  });

  it('has docket null, goes to nobody, and opens nothing', async () => {
    const party = await testParty('north');
    const { verifiedChain: chain } = party;
    const code = (said: Said): string => codeOf(chain, delegate(party, grant, said));
    const id = 'ab'.repeat(32);
    expect(code({ to: [id] })).toBe('bad-schema /to');
    expect(code({ docket: id })).toBe('bad-schema /docket');
    expect(code({ terms: id })).toBe('bad-schema /terms');
    expect(code({ credentials: id })).toBe('credentials-gap /credentials');
    expect(code({ from: id })).toBe('bad-schema /from');
    expect(codeOf(chain, delegate(party, { ends: 'x' }))).toBe('bad-schema /body/ends');
    expect(codeOf(chain, party.say('channel.message'))).toBe('bad-schema /kind');
  });

  it('under retired credentials it is refused', async () => {
    const party = await testParty('north');
    const old = party.credentials;
    party.publish();
    const late = delegate(party, grant, { credentials: old });
    expect(codeOf(party.verifiedChain, late)).toBe('retired-credentials /credentials');
  });

  it('adds no key and no office that the document has already', async () => {
    const party = await testParty('north');
    const code = (change: object): string =>
      codeOf(party.verifiedChain, delegate(party, { ...grant, ...change }));
    expect(code({ office: 'Duty officer 1' })).toBe('bad-schema /body/office');
    for (const label of ['1', 'automatic', 'log', 'witness', 'own account']) {
      expect(code({ key: edKey(`north ${label}`) })).toBe('bad-schema /body/key');
    }
  });

  it('an office that later credentials fill is no delegate’s any more', async () => {
    const party = await testParty('north');
    const logged = delegate(party);
    take(party, logged);
    const officers = { ...party.body().officers, 'Roster 7': { keys: [edKey('minister')] } };
    party.publish({ delegations: [logged.id], officers });
    expect(counts(party)).toBe(false);
  });

  it('a wrong proof is bad-proof', async () => {
    const party = await testParty('north');
    const logged = delegate(party);
    party.log.pad(1);
    const proof = party.log.prove(2);
    expect(codeOf(party.verifiedChain, { ...logged, proof })).toBe('bad-proof /path');
  });

  it('one delegate’s key is one delegate, in however many delegations', async () => {
    const party = await testParty('north');
    take(party, delegate(party));
    take(party, delegate(party, { ...grant, office: 'Roster 8' }));
    const said = party.say('incident.acknowledge', { pens: ['roster 7'] });
    const verified = verifyEnvelope(said.envelope, party.verifiedChain, party.credentials);
    expect(verified.ok && verified.value.delegated.length).toBe(1);
  });

  it('goes with the rival version under which it was made', async () => {
    const party = await testParty('north');
    const { chain: base } = party;
    const rival = party.draftCredentials();
    party.publish();
    take(party, delegate(party));
    if (base === null) throw new Error();
    const frozen = freezeChain(party.verifiedChain, rival.envelope, rival.proof);
    expect(frozen).toMatchObject({ ok: true, value: { chain: { frozen: true, delegations: [] } } });
  });
});
