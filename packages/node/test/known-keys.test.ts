/** Which log keys a checkpoint must be signed with, after the keys were changed. */
import { describe, expect, it } from 'vitest';
import { encodeText, formatLogProof, formatVkey, noteKey } from '@comity/record';
import type { Chain, NoteKey } from '@comity/record';
import { makeProofChecks } from '../src/exchange/proof-checks.ts';
import { OtherLog, other, plainEntries } from './log-fixture.ts';

const name = 'log.example/b';
const entries = plainEntries(10);
const first = new OtherLog(name, entries, 77);
const second = new OtherLog(name, entries, 78);
const postQuantum = noteKey(name, 0x06, new Uint8Array(1312).fill(7));

/** A chain whose second version, entry 4 of one log, lists these log keys. */
function chainWith(keys: NoteKey[]): Chain {
  const version = (index: number, listed: NoteKey[]) => ({
    index,
    origin: name,
    body: { log: { origin: name, keys: listed.map(formatVkey), previous: null } },
  });
  const versions = [version(0, [first.signer.key]), version(4, keys)];
  const chain = { party: other, exercise: false, delegations: [], frozen: false, versions };
  return chain as unknown as Chain;
}

function check(chain: Chain, log: OtherLog, size: number) {
  const index = 2;
  const path = log.inclusion(index, size);
  const proof = formatLogProof({ index, path, checkpoint: log.note(size) });
  const leaf = entries[index] ?? encodeText('');
  return makeProofChecks().check(chain, proof, leaf);
}

describe('log keys that were changed', () => {
  it('count for the checkpoints of their time only', () => {
    const chain = chainWith([second.signer.key]);
    expect(check(chain, first, 4)).toMatchObject({ ok: true });
    expect(check(chain, second, 5)).toMatchObject({ ok: true });
    expect(check(chain, first, 5)).toMatchObject({ ok: false, code: 'bad-proof' });
    expect(check(chain, second, 4)).toMatchObject({ ok: false, code: 'bad-proof' });
  });

  it('ask for a second type from its version on, and leave older proofs as they were', () => {
    const chain = chainWith([first.signer.key, postQuantum]);
    expect(check(chain, first, 4)).toMatchObject({ ok: true });
    expect(check(chain, first, 5)).toMatchObject({ ok: false, code: 'bad-proof' });
  });
});
