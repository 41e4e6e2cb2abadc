/** The proof of one statement in one party's log, as a C2SP tlog-proof. */
import { failure, formatVkey, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { NodeKeys } from '../context.ts';
import type { Sequencer } from '../log/jobs.ts';
import { bestProof } from '../log/proofs.ts';
import type { StoreReader } from '../store/store.ts';

/**
 * At our own log: our `said` or `held` entry, at the smallest checkpoint that somebody else
 * cosigned, else at its birth. At another party's: the newest proof that we hold of its entry.
 */
export async function proofAt(
  deps: { reader: StoreReader; sequencer: Sequencer; keys: NodeKeys },
  statement: string,
  party: string,
): Promise<Result<string, 'no-proof'>> {
  const { reader, keys } = deps;
  if (party !== keys.party) {
    const row = await reader
      .selectFrom('proofs')
      .select('proof')
      .where('statement', '=', statement)
      .where('party', '=', party)
      .orderBy('size', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? failure('no-proof', statement, party) : success(row.proof);
  }
  const row = await reader
    .selectFrom('statements')
    .select(['own', 'held_index'])
    .where('id', '=', statement)
    .executeTakeFirst();
  if (row === undefined || (row.own === 0 && row.held_index === null)) {
    return failure('no-proof', statement, party);
  }
  await deps.sequencer.settled();
  const ownAccount = formatVkey(keys.ownAccountSigner.key);
  const someoneElse = (vkeys: string[]) => vkeys.some((vkey) => vkey !== ownAccount);
  const role = row.own === 1 ? 'said' : 'held';
  return success(await bestProof(reader, statement, role, someoneElse));
}
