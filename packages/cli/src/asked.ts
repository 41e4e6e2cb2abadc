/**
 * What an officer asked for, compared with the statement that the node answered, before a key signs.
 *
 * The node finds the place of a statement: `after`, `prior`, `anchor`, `made`, `nonce`, `credentials`,
 * the terms of an opening with what they cite, and who else is in a docket. All the rest is the
 * officer's word. Whoever took over the node, or answers in its stead, must not have other words signed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DraftFile, RotationWish } from '@comity/node';
import type { Chain, Statement } from '@comity/record';
import { adviceFor } from './advice.ts';
import { refused } from './command-error.ts';
import type { CommandError } from './command-error.ts';
import type { NodeClient } from './client.ts';
import type { HomeParty } from './context.ts';
import { ungrouped } from './output/identifiers.ts';
import { listParties, pickParty } from './parties.ts';
import type { PartyRow } from './parties.ts';

/** Whether a statement says what was asked for, as far as the officer determined it. */
export type Asked = (statement: Statement) => boolean;

/** A draft that shall be signed. */
export interface ToSign {
  /** Its identifier, or the beginning that the officer typed. */
  draft: string;
  /** Whose officers sign. */
  self: HomeParty;
  /** What was asked for; null where the officer named the draft and nothing else. */
  asked: Asked | null;
  /** The draft's file as the officer was shown it: these bytes are signed, no others. */
  file?: Uint8Array;
}

/** An act as the officer asked for it. */
export interface AskedAct {
  kind: string;
  /** Identifiers, beginnings of them, or names; what a name means is the node's word. */
  to: readonly string[];
  docket: string | null;
  body: unknown;
  cites?: readonly string[] | undefined;
  terms?: string | undefined;
}

const identifier = /^[0-9a-f]{64}$/u;
const abbreviation = /^[0-9a-f]{6,63}$/u;

/** The draft of a file that the node answered. Throws `not-as-asked` where it is not the one wanted. */
export async function readAsked(
  file: Uint8Array,
  { draft, self, asked }: ToSign,
): Promise<DraftFile> {
  const { parseDraftFile } = await import('@comity/node');
  const parsed = parseDraftFile(file);
  if (!parsed.ok) {
    const { code, path } = parsed;
    throw refused(code, `the draft cannot be signed (${path})`, adviceFor(code));
  }
  if (!parsed.value.id.startsWith(ungrouped(draft))) throw notAsAsked();
  if (!isAsked(parsed.value, self, asked)) throw notAsAsked();
  return parsed.value;
}

/** Whether a statement is ours, of our world (exercise or not), and says what was asked for. */
export function isAsked(
  { statement, exercise }: { statement: Statement; exercise: boolean },
  self: HomeParty,
  asked: Asked | null,
): boolean {
  if (statement.from !== self.id || exercise !== self.exercise) return false;
  return asked === null || asked(statement);
}

export function notAsAsked(): CommandError {
  return refused(
    'not-as-asked',
    'the node answered another statement than the one asked for; it was not signed',
    adviceFor('not-as-asked'),
  );
}

/** An act of `say` or of an import. */
export async function askedAct(client: NodeClient, self: string, act: AskedAct): Promise<Asked> {
  const { isActKind, kinds } = await import('@comity/accord');
  const named = [...act.to, ...(act.docket === null ? [] : [act.docket])].map(ungrouped);
  const rows = named.every((text) => identifier.test(text)) ? [] : await listParties(client);
  const party = (text: string) => (identifier.test(text) ? text : pickParty(rows, text).party);
  const to = [...new Set(act.to.map(ungrouped).map(party))].sort();
  const docketFits = await docketRule(act, { self, to, rows });
  const opens = isActKind(act.kind) && kinds[act.kind].opens !== null;
  const cites = (act.cites ?? []).map(ungrouped);
  return (statement) =>
    statement.kind === act.kind &&
    sameJson(statement.body, act.body) &&
    (to.length === 0 || isDeepStrictEqual(statement.to, to)) &&
    docketFits(statement.docket) &&
    cites.every((cite) => statement.cites.includes(cite)) &&
    // Only an opening cites more than it was told: the statements that agree on its terms.
    (opens || statement.cites.every((cite) => cites.includes(cite))) &&
    (!opens || act.terms === undefined || statement.terms === act.terms);
}

/** Where the act belongs: its channel, a new docket, the docket that was named, or none. */
async function docketRule(
  { kind, docket }: AskedAct,
  { self, to, rows }: { self: string; to: readonly string[]; rows: readonly PartyRow[] },
): Promise<(given: string | null) => boolean> {
  const { channelDocket } = await import('@comity/record');
  const { isActKind, kinds } = await import('@comity/accord');
  const channel = (party: string) =>
    identifier.test(party) && party !== self ? channelDocket(self, party) : null;
  if (kind.startsWith('channel.')) {
    const [only] = to;
    const own = only === undefined ? null : channel(only);
    return (given) => own !== null && given === own;
  }
  const opens = isActKind(kind) && kinds[kind].opens !== null;
  if (opens || kind.startsWith('party.') || docket === null) return (given) => given === null;
  const text = ungrouped(docket);
  if (identifier.test(text)) return (given) => given === text;
  const counterpart = partyOrNull(rows, text);
  const own = counterpart === null ? null : channel(counterpart);
  const isBeginning = abbreviation.test(text);
  return (given) =>
    given !== null && ((isBeginning && given.startsWith(text)) || (own !== null && given === own));
}

function partyOrNull(rows: readonly PartyRow[], text: string): string | null {
  try {
    return pickParty(rows, text).party;
  } catch {
    return null;
  }
}

/** The confirmation of a pairing: `number` covers both parties and both credentials in the body. */
export async function askedPairing(self: string, party: string, number: string): Promise<Asked> {
  const { channelDocket, safetyNumber } = await import('@comity/record');
  const { sameSafetyNumber } = await import('@comity/node');
  const isOther = identifier.test(party) && party !== self;
  return ({ kind, to, docket, body }) => {
    const { own, theirs, ...rest } = body;
    if (!isOther || typeof own !== 'string' || typeof theirs !== 'string') return false;
    if (!identifier.test(own) || !identifier.test(theirs)) return false;
    const sides = [
      { party: self, credentials: own },
      { party, credentials: theirs },
    ] as const;
    return (
      kind === 'channel.pair' &&
      isDeepStrictEqual(to, [party]) &&
      docket === channelDocket(self, party) &&
      Object.keys(rest).length === 0 &&
      sameSafetyNumber(number, safetyNumber(...sides))
    );
  };
}

/**
 * The next version of our credentials: the one in force with the changes of `wish` and no others. The
 * chain proves itself against our identifier, so what the node says of it need not be believed.
 */
export async function askedRotation(
  client: NodeClient,
  self: string,
  wish: RotationWish,
): Promise<Asked> {
  const chain = await ownChain(client, self);
  const { rotateCredentials } = await import('@comity/node');
  return (statement) => {
    if (chain === null || !isCredentials(statement)) return false;
    const next = rotateCredentials(chain, wish, 0);
    if (!next.ok) return false;
    const { expires } = statement.body;
    // Unless it was asked for, the end follows from the node's clock.
    const body = wish.expires === undefined ? { ...next.value, expires } : next.value;
    return sameJson(statement.body, body);
  };
}

/** Credentials that begin another log and change nothing else; the log itself is the node's word. */
export async function askedNewLog(client: NodeClient, self: string): Promise<Asked> {
  const chain = await ownChain(client, self);
  const { rotateCredentials } = await import('@comity/node');
  const { parseCredentialsBody } = await import('@comity/record');
  return (statement) => {
    const body = parseCredentialsBody(statement.body);
    if (chain === null || !isCredentials(statement) || !body.ok) return false;
    const { origin, keys, previous } = body.value.log;
    const [vkey] = keys;
    if (vkey === undefined || previous === null) return false;
    const newLog = { vkey, origin, size: previous.size };
    const next = rotateCredentials(chain, { newLog }, 0);
    const { expires } = statement.body;
    return next.ok && sameJson(statement.body, { ...next.value, expires });
  };
}

function isCredentials({ kind, to, docket }: Statement): boolean {
  return kind === 'party.credentials' && to.length === 0 && docket === null;
}

async function ownChain(client: NodeClient, self: string): Promise<Chain | null> {
  const { parseCredentialsFile } = await import('@comity/node');
  const file = parseCredentialsFile(await client.file('/credentials'));
  return file.ok && file.value.chain.party === self ? file.value.chain : null;
}

/** Equal as JSON, in whatever order members stand. */
function sameJson(one: unknown, other: unknown): boolean {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  return isDeepStrictEqual(plain(one), plain(other));
}
