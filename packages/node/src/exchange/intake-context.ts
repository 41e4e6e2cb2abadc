/** What intake knows of the parties that one pouch speaks of. */
import { loadChain } from '../parties/chains.ts';
import type { PartyState } from '../store/schema.ts';
import type { ExchangeDeps } from './deps.ts';
import type { EnvelopeContext, KnownAuthor, ReadEnvelope } from './envelope-checks.ts';
import type { OpenedPouch } from './open-pouch.ts';
import type { ProofChecks } from './proof-checks.ts';

export type IntakeContext = EnvelopeContext & { chains: Map<string, KnownAuthor> };

/** Chains and states of every author in these statements. */
export async function contextFor(
  deps: Pick<ExchangeDeps, 'store' | 'keys'>,
  opened: OpenedPouch,
  reads: readonly ReadEnvelope[],
  proofs: ProofChecks,
): Promise<IntakeContext> {
  const chains = new Map<string, KnownAuthor>();
  const wanted = new Set([opened.sender]);
  for (const read of reads) if (read.author !== null) wanted.add(read.author);
  for (const record of opened.pouch.records) if (record.type === 'proof') wanted.add(record.party);
  for (const party of wanted) {
    const chain = await loadChain(deps.store.reader, party);
    const state = await stateOf(deps, party);
    if (chain !== null) chains.set(party, { chain, state });
  }
  return {
    self: deps.keys.party,
    exercise: deps.keys.exercise,
    sender: opened.sender,
    author: (party) => chains.get(party) ?? null,
    proofs,
    chains,
  };
}

/** How the pairing with a party stands; `introduced` for one that we know nothing of. */
export async function stateOf(
  deps: Pick<ExchangeDeps, 'store'>,
  party: string,
): Promise<PartyState> {
  const row = await deps.store.reader
    .selectFrom('parties')
    .select('state')
    .where('id', '=', party)
    .executeTakeFirst();
  return row?.state ?? 'introduced';
}
