/**
 * How far a statement or a pairing has come, and waiting for it for a bounded time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from './command-error.ts';
import { segment } from './client.ts';
import type { NodeClient } from './client.ts';
import { shown } from './output/foreign-text.ts';
import { partyWords, shortId } from './output/identifiers.ts';
import { partyNames } from './parties.ts';

/** A pairing as the API gives it. */
export interface PairingReply {
  party: string;
  name?: string;
  safetyNumber: string;
  state: string;
  weConfirmed: boolean;
  theyConfirmed: boolean;
}

interface StatementReply {
  id: string;
  kind: string;
  docket: string;
  own: boolean;
  delivery: { party: string; state: string; code: string | null }[];
  witnessed: number | null;
}

/** What is waited for: of a statement the receipts or its witnessed time, of a party the pairing. */
export type Awaited = 'received' | 'witnessed' | 'confirmed';

export interface Look {
  done: boolean;
  refused: boolean;
  document: object;
  words: string;
}

const pollMs = 250;

/** Looks until it is done or `seconds` are over; the last look. */
export async function waitFor(
  client: NodeClient,
  id: string,
  what: Awaited,
  seconds: number,
): Promise<Look> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const state = await look(client, id, what);
    if (state.done || Date.now() >= end) return state;
    await sleep(Math.min(pollMs, Math.max(1, end - Date.now())));
  }
}

async function look(client: NodeClient, id: string, what: Awaited): Promise<Look> {
  try {
    return await lookAtStatement(client, id, what);
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'unknown-statement') throw error;
  }
  const pairing = await client.get<PairingReply>(`/parties/${segment(id)}/number`);
  const { party, state, safetyNumber } = pairing;
  return {
    done: state === 'confirmed' || state === 'numbers-differ',
    refused: state === 'numbers-differ',
    document: { party, state, safetyNumber },
    words: `${shown(pairing.name ?? shortId(party))}: ${state}${state === 'added' ? `; ${whoIsMissing(pairing)}` : ''}`,
  };
}

/** Whose confirmation a pairing waits for, in words. */
export function whoIsMissing(pairing: PairingReply): string {
  const name = shown(pairing.name ?? shortId(pairing.party));
  const { weConfirmed, theyConfirmed } = pairing;
  if (weConfirmed && theyConfirmed) return 'both have confirmed, but not the same number';
  if (weConfirmed) return `you have confirmed; the confirmation by ${name} has not come`;
  if (theyConfirmed) return `${name} has confirmed; you have not`;
  return `neither you nor ${name} has confirmed`;
}

async function lookAtStatement(client: NodeClient, id: string, what: Awaited): Promise<Look> {
  const found = await client.get<StatementReply>(`/statements/${segment(id)}`);
  const refusedBy = found.delivery.filter((one) => one.state === 'refused');
  const open = found.delivery.filter((one) => one.state !== 'received' && one.state !== 'refused');
  const settled = found.delivery.length > 0 && open.length === 0;
  const witnessed = found.witnessed !== null;
  const done = what === 'witnessed' ? witnessed : settled;
  const names = await partyNames(client);
  const parts = found.delivery.map((one) =>
    deliveryWords(one, shown(partyWords(one.party, names))),
  );
  const delivery = parts.length === 0 ? 'addressed to nobody in particular' : parts.join(', ');
  return {
    done: done || (found.delivery.length === 0 && what === 'received'),
    refused: refusedBy.length > 0,
    document: {
      id: found.id,
      kind: found.kind,
      docket: found.docket,
      state: refusedBy.length > 0 ? 'refused' : settled ? 'received' : 'sent',
      delivery: found.delivery,
      witnessed: found.witnessed,
    },
    words: `${found.kind} ${shortId(found.id)}: ${delivery}; ${witnessed ? 'witnessed' : 'time not yet witnessed'}`,
  };
}

function deliveryWords(one: StatementReply['delivery'][number], party: string): string {
  switch (one.state) {
    case 'received':
      return `received by ${party}`;
    case 'refused':
      return `refused by ${party} (${one.code ?? 'no code'})`;
    case 'sent':
      return `sent to ${party}, no receipt yet`;
    default:
      return `waits to be sent to ${party}`;
  }
}
