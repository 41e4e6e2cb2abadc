import { describe, expect, it } from 'vitest';
import { formatStatement, sealingRecipient, verifyCredentials } from '../src/index.ts';
import type { Chain, CredentialsBody } from '../src/index.ts';
import {
  edKey,
  noteSigner,
  pqKey,
  sign,
  TestLog,
  testParty,
  TestParty,
  testSealingIdentity,
} from './test-party.ts';
import type { Logged, Said } from './test-party.ts';

const recipient = await sealingRecipient(testSealingIdentity);

function codeOf(chain: Chain | null, { envelope, proof }: Logged): string {
  const result = verifyCredentials(chain, envelope, proof);
  return result.ok ? 'ok' : `${result.code} ${result.path}`;
}

/** The answer to version n+1 with these changes. */
async function next(changes: Partial<CredentialsBody>, said: Said = {}): Promise<string> {
  const party = await testParty('north');
  return codeOf(party.chain, party.draftCredentials(changes, said));
}

/** The answer to version 1 with these changes. */
function first(changes: Partial<CredentialsBody>, said: Said = {}, exercise = false): string {
  const party = new TestParty('north', recipient, exercise);
  return codeOf(null, party.draftCredentials(changes, said));
}

describe('version 1', () => {
  it('certifies itself: its id is the party', () => {
    const party = new TestParty('north', recipient);
    const logged = party.publish();
    expect(party.verifiedChain).toMatchObject({ party: logged.id, exercise: false, frozen: false });
  });

  it('is signed by its own root threshold', () => {
    expect(first({}, { pens: ['north 1'] })).toBe('insufficient-authority ');
    expect(first({}, { pens: [] })).toBe('bad-signature /signatures');
    expect(first({}, { pens: ['north 1', 'south 2'] })).toMatch(/^bad-signature \/signatures/);
  });

  it('the node’s own key has no part in it', () => {
    expect(first({}, { pens: ['north 1', 'north 2', 'north automatic'] })).toMatch(
      /^bad-signature/,
    );
  });

  it('every signature must verify, more than the threshold too', () => {
    const party = new TestParty('north', recipient);
    const logged = party.draftCredentials();
    const other = party.draftCredentials();
    const [one] = logged.envelope.signatures;
    const [, two] = other.envelope.signatures;
    if (one === undefined || two === undefined) throw new Error();
    const mixed = { ...logged.envelope, signatures: [one, two] };
    expect(codeOf(null, { ...logged, envelope: mixed })).toBe('bad-signature /signatures/1');
  });

  it('is by nobody, to nobody, in no docket', () => {
    expect(first({}, { to: ['ab'.repeat(32)] })).toBe('bad-schema /to');
    expect(first({}, { terms: 'ab'.repeat(32) })).toBe('bad-schema /terms');
    expect(first({ version: 2, previous: 'ab'.repeat(32) })).toBe('bad-schema /from');
    expect(first({}, { kind: 'party.delegate' })).toBe('bad-schema /from');
    expect(first({ functions: ['x'] as never })).toBe('bad-schema /body/functions');
  });

  it('comes first', async () => {
    const party = await testParty('north');
    const second = party.publish();
    expect(codeOf(null, second)).toBe('credentials-gap /body/version');
  });

  it('an exercise’s has the exercise payload type, and no other', () => {
    expect(first({}, {}, true)).toBe('ok');
    const rehearsal = new TestParty('north', recipient, true);
    const logged = rehearsal.draftCredentials();
    const payload = formatStatement(logged.statement);
    const pens = ['north 1', 'north 2'];
    const real = sign('application/vnd.comity.statement+json', payload, pens);
    expect(codeOf(null, rehearsal.enter(real, logged.statement))).toBe(
      'wrong-exercise /body/exercise',
    );
  });

  it('is in the log that it names, signed with the key that it names', () => {
    const party = new TestParty('north', recipient);
    const logged = party.draftCredentials();
    const stranger = new TestLog(party.log.origin, [noteSigner(party.log.origin, 0x01, 'thief')]);
    stranger.leaves.push(...party.log.leaves);
    expect(codeOf(null, { ...logged, proof: stranger.prove(0) })).toBe('bad-proof /checkpoint');
    party.log.pad(3);
    expect(codeOf(null, { ...logged, proof: party.log.prove(1) })).toBe('bad-proof /path');
    expect(codeOf(null, { ...logged, proof: party.log.prove(0) })).toBe('ok');
    const other = new TestLog('other.example/log', party.log.signers);
    other.leaves.push(...party.log.leaves);
    expect(codeOf(null, { ...logged, proof: other.prove(0) })).toBe('bad-proof /checkpoint');
  });

  it('a log that declares a 0x06 key signs with both: a stripped line is bad-proof', () => {
    const party = new TestParty('north', recipient);
    const [ed] = party.log.signers;
    if (ed === undefined) throw new Error();
    party.log.signers = [ed, noteSigner(party.log.origin, 0x06, 'north pq log')];
    const logged = party.draftCredentials();
    expect(codeOf(null, logged)).toBe('ok');
    party.log.signers = [ed];
    expect(codeOf(null, { ...logged, proof: party.log.prove(0) })).toBe('bad-proof /checkpoint');
  });

  it('a signature list other than the one logged is bad-proof', () => {
    const party = new TestParty('north', recipient);
    const third = { ...party.body().officers, Third: { keys: [edKey('north 3')] } };
    const pens = ['north 1', 'north 2', 'north 3'];
    const logged = party.draftCredentials({ officers: third }, { pens });
    expect(codeOf(null, logged)).toBe('ok');
    const signatures = logged.envelope.signatures.slice(0, 2);
    const stripped = { ...logged, envelope: { ...logged.envelope, signatures } };
    expect(codeOf(null, stripped)).toMatch(/^(bad-proof|insufficient-authority)/);
  });
});

describe('version n+1', () => {
  it('is signed by the root of n and of n+1', async () => {
    const newOfficers = {
      'Duty officer 1': { keys: [edKey('new 1')] },
      'Duty officer 2': { keys: [edKey('new 2')] },
    };
    const change = { officers: newOfficers };
    const all = ['north 1', 'north 2', 'new 1', 'new 2'];
    expect(await next(change, { pens: all })).toBe('ok');
    expect(await next(change, { pens: ['north 1', 'north 2'] })).toBe('insufficient-authority ');
    expect(await next(change, { pens: ['new 1', 'new 2'] })).toBe('insufficient-authority ');
    expect(await next(change, { pens: ['north 1', 'new 1', 'new 2'] })).toBe(
      'insufficient-authority ',
    );
  });

  it('thresholds count officers, not keys: one officer’s two keys are one officer', async () => {
    const party = new TestParty('north', recipient);
    const officers = {
      'Duty officer 1': { keys: [edKey('north 1'), edKey('north 1 spare')] },
      'Duty officer 2': { keys: [edKey('north 2')] },
    };
    const two = party.draftCredentials({ officers }, { pens: ['north 1', 'north 1 spare'] });
    expect(codeOf(null, two)).toBe('insufficient-authority ');
    const whole = party.draftCredentials({ officers }, { pens: ['north 1 spare', 'north 2'] });
    expect(codeOf(null, whole)).toBe('ok');
  });

  it('a stripped ML-DSA-44 companion signature leaves no officer', () => {
    const officers = {
      'Duty officer 1': { keys: [edKey('north 1'), pqKey('north 1 pq')] },
      'Duty officer 2': { keys: [edKey('north 2')] },
    };
    const pq = { pq: 'north 1 pq' };
    expect(first({ officers }, { pens: ['north 1', 'north 2'] })).toBe('insufficient-authority ');
    expect(first({ officers }, { pens: [pq, 'north 2'] })).toBe('insufficient-authority ');
    expect(first({ officers }, { pens: ['north 1', pq, 'north 2'] })).toBe('ok');
  });

  it('a gap is refused', async () => {
    const party = await testParty('north');
    const { chain } = party;
    party.publish();
    const third = party.publish();
    expect(codeOf(chain, third)).toBe('credentials-gap /body/version');
    expect(await next({ version: 3 })).toBe('credentials-gap /body/version');
  });

  it('one that rests on a version we do not hold is a gap', async () => {
    const party = await testParty('north');
    const unknown = 'ab'.repeat(32);
    const change = party.draftCredentials({ previous: unknown }, { credentials: unknown });
    expect(codeOf(party.chain, change)).toBe('credentials-gap /body/previous');
    expect(await next({}, { credentials: unknown })).toBe('bad-schema /credentials');
  });

  it('a rollback changes nothing: an older version leaves the chain as it is', async () => {
    const party = await testParty('north');
    const [one] = party.documents;
    party.publish();
    if (one === undefined) throw new Error();
    const result = verifyCredentials(party.chain, one.envelope, one.proof);
    expect(result).toEqual({ ok: true, value: { chain: party.chain } });
  });

  it('one logged before the version that it follows is bad-proof', async () => {
    const party = await testParty('north');
    party.publish();
    const draft = party.draftCredentials();
    const log = new TestLog(party.log.origin, party.log.signers);
    const entry = party.log.leaves.at(-1);
    if (entry === undefined) throw new Error();
    log.leaves.push(entry, ...party.log.leaves);
    expect(codeOf(party.chain, { ...draft, proof: log.prove(0) })).toBe('bad-proof /index');
  });

  it('is of the same party', async () => {
    const north = await testParty('north');
    const south = await testParty('south');
    south.publish();
    const second = south.documents[1];
    if (second === undefined) throw new Error();
    expect(codeOf(north.chain, second)).toBe('credentials-gap /from');
  });

  it('exercise is fixed for ever by version 1', async () => {
    const party = await testParty('north');
    const origin = 'exercise.north.example/log';
    const rehearsal = new TestParty('north', recipient, true);
    rehearsal.id = party.id;
    rehearsal.credentials = party.credentials;
    const logged = rehearsal.draftCredentials({
      version: 2,
      log: {
        origin,
        keys: rehearsal.body().log.keys,
        previous: { origin: party.log.origin, size: 1 },
      },
    });
    expect(codeOf(party.chain, logged)).toBe('wrong-exercise /body/exercise');
  });
});
