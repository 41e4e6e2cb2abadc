/** Confirming a pairing: the number that was compared becomes a `channel.pair` to sign. */
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { DeskDeps } from '../desk/deps.ts';
import { makeDraft } from '../desk/drafts.ts';
import type { Draft } from '../desk/drafts.ts';
import type { DraftFailure } from '../desk/requests.ts';
import { newestOwnPair, pairingWith, sameSafetyNumber } from './pairing.ts';
import type { Pairing } from './pairing.ts';

export interface Confirmation {
  pairing: Pairing;
  /** The `channel.pair` to sign; null when we said the same already. */
  draft: Draft | null;
}

/**
 * Checks the number that the officer heard and drafts `channel.pair` for both newest credentials.
 * `wrong-number`: the digits are not ours; nothing is drafted.
 */
export async function confirmPairing(
  deps: DeskDeps,
  party: string,
  number: string,
): Promise<Result<Confirmation, DraftFailure | 'wrong-number'>> {
  const { reader } = deps.store;
  const pairing = await pairingWith(reader, deps.self.party, party);
  if (!pairing.ok) return pairing;
  if (!sameSafetyNumber(number, pairing.value.safetyNumber))
    return failure('wrong-number', 'number');
  const { ours, theirs } = pairing.value;
  const said = await newestOwnPair(reader, deps.self.party, party);
  if (said === [ours, theirs].sort().join(' ')) {
    return success({ pairing: pairing.value, draft: null });
  }
  const body = { own: ours, theirs };
  const draft = await makeDraft(deps, { kind: 'channel.pair', to: [party], docket: null, body });
  return draft.ok ? success({ pairing: pairing.value, draft: draft.value }) : draft;
}
