/** Adding a party by its credentials, the first step of pairing (rulings.md 10). */
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import { ensureChannel } from '../exchange/channels.ts';
import { loadChain } from './chains.ts';
import type { CredentialsFile } from './credentials-file.ts';
import { takeCredentials } from './taking.ts';
import type { TakeCredentialsFailure, TakingDeps } from './taking.ts';

export interface AddedParty {
  party: string;
  /** False when everything in the file was known already. */
  changed: boolean;
}

export type AddFailure = TakeCredentialsFailure;

/**
 * Takes in every version in the file and notes where the party is reached. The party is then
 * `added`: it may send its credentials and `channel.pair`, nothing else. Adding again with newer
 * credentials extends the chain; an older file changes nothing.
 */
export async function addParty(
  deps: TakingDeps,
  file: CredentialsFile,
): Promise<Result<AddedParty, AddFailure>> {
  const { party, exercise } = file.chain;
  if (party === deps.self.party) return failure('own-party', party);
  if (exercise !== deps.self.exercise) return failure('wrong-exercise', party);
  const before = await loadChain(deps.store.reader, party);
  for (const item of file.items) {
    const taken = await takeCredentials(
      deps,
      { envelope: item.envelope, said: item.said, introducedBy: null, receiptTo: [] },
      'added',
    );
    if (!taken.ok) return taken;
  }
  await deps.store.transact(async (tx) => {
    const row = await tx
      .selectFrom('parties')
      .select(['state', 'direct_url'])
      .where('id', '=', party)
      .executeTakeFirst();
    const state = row?.state === 'introduced' || row === undefined ? 'added' : row.state;
    const directUrl = file.direct ?? row?.direct_url ?? null;
    await tx
      .updateTable('parties')
      .set({ state, direct_url: directUrl })
      .where('id', '=', party)
      .execute();
    await ensureChannel(tx, party);
  });
  const after = await loadChain(deps.store.reader, party);
  const changed = (before?.versions.length ?? 0) !== (after?.versions.length ?? 0);
  return success({ party, changed });
}
