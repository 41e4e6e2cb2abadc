/**
 * A node's keys while they are locked: what is public of them, from the home and its own credentials.
 *
 * Reading signs nothing, so it needs no passphrase: the database is not sealed. Whatever reaches for a
 * secret all the same gets an error and no signature.
 */
import { newestVersion, parseVkey } from '@comity/record';
import type { NoteKey, NoteSigner } from '@comity/record';
import type { NodeKeys } from '../context.ts';
import { loadChain } from '../parties/chains.ts';
import type { StoreReader } from '../store/store.ts';
import type { PartyFile } from './party-file.ts';

/** Something wanted to sign or to open while the keys are locked. */
export class KeysLockedError extends Error {
  constructor() {
    super('the keys of this node are locked');
  }
}

/** Null where the home must be opened with its keys: something waits there to be signed. */
export async function lockedKeys(reader: StoreReader, party: PartyFile): Promise<NodeKeys | null> {
  const parked = await reader.selectFrom('parked').select('id').limit(1).execute();
  const chain = await loadChain(reader, party.id);
  if (parked.length > 0 || chain === null) return null;
  const { body } = newestVersion(chain);
  // The party file names the first log; credentials may have begun another since.
  const first = body.log.keys.includes(party.vkey);
  const vkey = first ? party.vkey : (body.log.keys[0] ?? '');
  const [log, ownAccount, witness] = [vkey, body.ownAccountKey, body.witnessKey].map(keyOf);
  if (!log || !ownAccount || !witness) return null;
  return {
    party: party.id,
    exercise: party.exercise,
    logSigner: lockedSigner(log),
    nextLogSigner: null,
    ownAccountSigner: lockedSigner(ownAccount),
    witnessSigner: lockedSigner(witness),
    get automaticSeed(): Uint8Array {
      throw new KeysLockedError();
    },
    get sealingIdentities(): string[] {
      throw new KeysLockedError();
    },
  };
}

function keyOf(vkey: string): NoteKey | null {
  const key = parseVkey(vkey);
  return key.ok ? key.value : null;
}

function lockedSigner(key: NoteKey): NoteSigner {
  return {
    key,
    get seed(): Uint8Array {
      throw new KeysLockedError();
    },
  };
}
