/**
 * Verification of a bundle, part: the parties. Party identifiers certify themselves, so every chain
 * is verified from version 1 on, whoever is trusted.
 */
import type { Bundle, BundledCredentials } from './bundle.ts';
import type { Chain } from './credentials-chain.ts';
import { freezeChain, verifyCredentials } from './credentials.ts';
import { verifyDelegation } from './delegation.ts';
import { parseLogProof } from './proof.ts';
import { parseStatement, partyOf } from './statement.ts';

/** The chains that verified, and what did not. */
export type CheckedParties = {
  chains: Map<string, Chain>;
  credentialsProblems: string[];
  delegationProblems: string[];
};

/** Verifies all chains of a bundle, then the delegations under them. */
export function checkParties(bundle: Bundle): CheckedParties {
  const checked: CheckedParties = {
    chains: new Map(),
    credentialsProblems: [],
    delegationProblems: [],
  };
  // The bundle has them by party, then version.
  for (const item of bundle.credentials) addVersion(checked, item);
  for (const item of bundle.delegations ?? []) addDelegation(checked, item);
  return checked;
}

function addVersion({ chains, credentialsProblems }: CheckedParties, item: BundledCredentials) {
  const party = partyOfEnvelope(item);
  const said = parseLogProof(item.said);
  if (party === null || !said.ok) {
    credentialsProblems.push('credentials that cannot be read');
    return;
  }
  const chain = chains.get(party) ?? null;
  let extended = verifyCredentials(chain, item.envelope, said.value);
  if (!extended.ok && extended.code === 'credentials-fork' && chain !== null) {
    extended = freezeChain(chain, item.envelope, said.value);
  }
  if (extended.ok) chains.set(party, extended.value.chain);
  else credentialsProblems.push(`${party.slice(0, 12)}: ${extended.code} ${extended.path}`);
}

function addDelegation({ chains, delegationProblems }: CheckedParties, item: BundledCredentials) {
  const party = partyOfEnvelope(item);
  const said = parseLogProof(item.said);
  const chain = party === null ? undefined : chains.get(party);
  if (party === null || chain === undefined || !said.ok) {
    delegationProblems.push('a delegation that cannot be read, or of an unknown party');
    return;
  }
  const extended = verifyDelegation(chain, item.envelope, said.value);
  if (extended.ok) chains.set(party, extended.value.chain);
  else delegationProblems.push(`${party.slice(0, 12)}: ${extended.code} ${extended.path}`);
}

function partyOfEnvelope({ envelope }: BundledCredentials): string | null {
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  return parsed.ok ? partyOf(parsed.value.id, parsed.value.statement) : null;
}
