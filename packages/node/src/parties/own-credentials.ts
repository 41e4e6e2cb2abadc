/** Our own credentials as the file that we give to others. */
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { Sequencer } from '../log/jobs.ts';
import { ownProof } from '../log/proofs.ts';
import type { StoreReader } from '../store/store.ts';
import { loadChain } from './chains.ts';
import { formatCredentialsFile } from './credentials-file.ts';

/** The credentials file of this node; `direct` is where it can be reached, or null. */
export async function ownCredentialsFile(
  deps: { reader: StoreReader; sequencer: Sequencer; party: string },
  direct: string | null,
): Promise<Result<Uint8Array, 'no-credentials'>> {
  const chain = await loadChain(deps.reader, deps.party);
  if (chain === null) return failure('no-credentials', deps.party);
  await deps.sequencer.settled();
  const items = await Promise.all(
    chain.versions.map(async (version) => ({
      envelope: version.envelope,
      said: await ownProof(deps.reader, version.id, 'said'),
    })),
  );
  const checkpoint = deps.sequencer.newest()?.note ?? null;
  return success(formatCredentialsFile(deps.party, items, checkpoint, direct));
}
