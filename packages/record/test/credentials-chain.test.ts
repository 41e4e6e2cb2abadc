import { describe, expect, it } from 'vitest';
import {
  freezeChain,
  isUnderVersion,
  logKeysAt,
  newestVersion,
  verifyCredentials,
  verifyPartyEntry,
  versionInForce,
  signatureListDigest,
} from '../src/index.ts';
import type { Chain, CredentialsBody } from '../src/index.ts';
import { noteSigner, TestLog, testParty } from './test-party.ts';
import type { Logged, Said } from './test-party.ts';

function codeOf(chain: Chain | null, { envelope, proof }: Logged): string {
  const result = verifyCredentials(chain, envelope, proof);
  return result.ok ? 'ok' : `${result.code} ${result.path}`;
}

/** The answer to version n+1 with these changes. */
async function next(changes: Partial<CredentialsBody>, said: Said = {}): Promise<string> {
  const party = await testParty('north');
  return codeOf(party.chain, party.draftCredentials(changes, said));
}

describe('fork of credentials', () => {
  async function forked() {
    const party = await testParty('north');
    const base = party.verifiedChain;
    party.log.pad(2);
    const a = party.draftCredentials();
    party.log.pad(2);
    const b = party.draftCredentials();
    const withA = verifyCredentials(base, a.envelope, a.proof);
    const withB = verifyCredentials(base, b.envelope, b.proof);
    if (!withA.ok || !withB.ok) throw new Error();
    return { party, base, a, b, withA: withA.value.chain, withB: withB.value.chain };
  }

  it('two valid versions n+1 freeze the chain at n, in either order', async () => {
    const { a, b, withA, withB, party } = await forked();
    expect(codeOf(withA, b)).toBe('credentials-fork ');
    expect(codeOf(withB, a)).toBe('credentials-fork ');
    const ab = freezeChain(withA, b.envelope, b.proof);
    const ba = freezeChain(withB, a.envelope, a.proof);
    expect(ab).toEqual(ba);
    expect(ab).toMatchObject({ ok: true, value: { chain: { frozen: true, bound: 3 } } });
    if (!ab.ok) throw new Error();
    const { chain } = ab.value;
    expect(chain.versions.length).toBe(1);
    expect(codeOf(chain, a)).toBe('credentials-fork ');
    // The lower bound counts (rulings.md, 8).
    expect(versionInForce(chain, 2, party.log.origin)?.version).toBe(1);
    expect(versionInForce(chain, 3, party.log.origin)).toBe(null);
    expect(versionInForce(chain, 9, party.log.origin)).toBe(null);
    expect(freezeChain(chain, a.envelope, a.proof)).toEqual(ab);
  });

  it('what rests on one of the rivals goes with it', async () => {
    const { party, a, b, withA } = await forked();
    party.chain = withA;
    party.credentials = a.id;
    party.documents.push(a);
    party.publish();
    const frozen = freezeChain(party.verifiedChain, b.envelope, b.proof);
    if (!frozen.ok) throw new Error(frozen.code);
    expect(frozen.value.chain.versions.map(({ version }) => version)).toEqual([1]);
    expect(frozen.value.chain.bound).toBe(3);
  });

  it('a second version that is not valid freezes nothing', async () => {
    const { party, withA, base } = await forked();
    party.chain = base;
    const weak = party.draftCredentials({}, { pens: ['north 1'] });
    expect(codeOf(withA, weak)).toBe('insufficient-authority ');
    expect(freezeChain(withA, weak.envelope, weak.proof)).toMatchObject({
      code: 'insufficient-authority',
    });
    const unlogged = party.draftCredentials();
    const proof = party.log.prove(0);
    expect(codeOf(withA, { ...unlogged, proof })).toBe('bad-proof /path');
  });

  it('a version that is no rival leaves the chain as it is', async () => {
    const { a, withA } = await forked();
    expect(freezeChain(withA, a.envelope, a.proof)).toEqual({ ok: true, value: { chain: withA } });
  });
});

describe('index rule', () => {
  it('an entry counts under n when it lies between version n and version n+1', async () => {
    const party = await testParty('north');
    const { origin } = party.log;
    party.log.pad(3);
    party.publish();
    party.log.pad(3);
    const chain = party.verifiedChain;
    const inForce = [0, 1, 3, 4, 5, 1000].map((i) => versionInForce(chain, i, origin)?.version);
    expect(inForce).toEqual([undefined, 1, 1, undefined, 2, 2]);
    expect(versionInForce(chain, 1, 'other.example/log')).toBe(null);
  });

  it('a retired key is worth nothing after rotation', async () => {
    const party = await testParty('north');
    const [old] = party.verifiedChain.versions;
    party.publish();
    const stolen = party.say('channel.message', {
      credentials: old?.id ?? null,
      pens: ['north 1'],
    });
    const chain = party.verifiedChain;
    if (old === undefined) throw new Error();
    expect(isUnderVersion(chain, old, stolen.proof.index)).toBe(false);
  });

  it('log keys follow the version whose entry a checkpoint covers', async () => {
    const party = await testParty('north');
    const [before] = party.log.signers;
    const early = party.say('channel.message');
    const after = noteSigner(party.log.origin, 0x01, 'north log 2');
    party.log.signers = [after];
    party.publish();
    const chain = party.verifiedChain;
    const { origin } = party.log;
    expect(logKeysAt(chain, origin, 2)).toEqual([before?.key]);
    expect(logKeysAt(chain, origin, 3)).toEqual([after.key]);
    expect(logKeysAt(chain, 'other.example/log', 3)).toEqual([]);
    const digest = signatureListDigest(early.envelope.signatures);
    const verify = (proof: typeof early.proof): boolean =>
      verifyPartyEntry(proof, 'said', early.id, digest, chain, origin).ok;
    expect(verify(early.proof)).toBe(true);
    expect(verify(party.log.prove(1))).toBe(true);
    // A thief of the old log key signs a later tree: not with the key of that time.
    if (before !== undefined) party.log.signers = [before];
    expect(verify(party.log.prove(1))).toBe(false);
  });
});

describe('change of log', () => {
  async function moved(size: number, changes: Partial<CredentialsBody> = {}) {
    const party = await testParty('north');
    party.log.pad(4);
    const old = party.log;
    party.log = party.newLog('north.example/log/2', 'north log 2');
    const logged = party.draftCredentials({
      log: {
        origin: party.log.origin,
        keys: party.body().log.keys,
        previous: { origin: old.origin, size },
      },
      ...changes,
    });
    return { party, old, logged, answer: codeOf(party.chain, logged) };
  }

  it('is entry 0 of the new log and states the old log’s final size', async () => {
    const { party, old, logged, answer } = await moved(3);
    expect(answer).toBe('ok');
    const result = verifyCredentials(party.chain, logged.envelope, logged.proof);
    if (!result.ok) throw new Error();
    const { chain } = result.value;
    expect(newestVersion(chain).origin).toBe(party.log.origin);
    expect(versionInForce(chain, 2, old.origin)?.version).toBe(1);
    expect(versionInForce(chain, 3, old.origin)).toBe(null);
    expect(versionInForce(chain, 0, party.log.origin)).toBe(null);
    expect(versionInForce(chain, 1, party.log.origin)?.version).toBe(2);
  });

  it('that does not cover the version before is refused', async () => {
    expect((await moved(0)).answer).toBe('bad-schema /body/log/previous');
  });

  it('is at entry 0 and nowhere else', async () => {
    const { party, logged } = await moved(3);
    const log = new TestLog(party.log.origin, party.log.signers);
    log.pad(1);
    log.leaves.push(...party.log.leaves);
    expect(codeOf(party.chain, { ...logged, proof: log.prove(1) })).toBe('bad-proof /index');
  });

  it('says from which log it comes, and only when it moves', async () => {
    const party = await testParty('north');
    party.log = party.newLog('north.example/log/2', 'north log 2');
    expect(codeOf(party.chain, party.draftCredentials())).toBe('bad-schema /body/log/previous');
    const stay = { origin: 'elsewhere.example/log', size: 3 };
    const { log } = (await testParty('north')).body();
    expect(await next({ log: { ...log, previous: stay } })).toBe('bad-schema /body/log/previous');
    const wrong = await moved(3);
    expect(wrong.answer).toBe('ok');
  });

  it('never goes back to a log that was left', async () => {
    const { party, old, logged } = await moved(3);
    const result = verifyCredentials(party.chain, logged.envelope, logged.proof);
    if (!result.ok) throw new Error();
    party.chain = result.value.chain;
    party.credentials = logged.id;
    party.documents.push(logged);
    const second = party.log;
    party.log = new TestLog(old.origin, old.signers);
    const back = party.draftCredentials({
      log: {
        origin: old.origin,
        keys: party.body().log.keys,
        previous: { origin: second.origin, size: 1 },
      },
    });
    expect(codeOf(party.chain, back)).toBe('bad-schema /body/log/origin');
  });

  it('two rivals, one in the log and one leaving it: the lower bound counts', async () => {
    const { party, old, logged } = await moved(2);
    const base = party.verifiedChain;
    const moving = verifyCredentials(base, logged.envelope, logged.proof);
    party.log = old;
    const staying = party.draftCredentials();
    if (!moving.ok) throw new Error();
    const frozen = freezeChain(moving.value.chain, staying.envelope, staying.proof);
    expect(frozen).toMatchObject({ ok: true, value: { chain: { frozen: true, bound: 2 } } });
  });
});
