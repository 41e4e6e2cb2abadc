/**
 * Opening a pouch: seal, manifest, running hash, and whose automatic key signed both
 * (protocol.md, Pouch and routes). What comes from strangers goes no further than this.
 */
import {
  encodeHex,
  failure,
  parseStatement,
  pouchSignatureChecks,
  readPouch,
  readU32be,
  sha256,
  statementId,
  success,
  verifySignatures,
  decodeBase64,
  decodeText,
} from '@comity/record';
import type { Chain, Pouch, PouchRecord, Result } from '@comity/record';
import { loadChain } from '../parties/chains.ts';
import { checkCredentials } from '../parties/taking.ts';
import type { PartyState } from '../store/schema.ts';
import type { ExchangeDeps } from './deps.ts';
import { sealedPouchBytesMax } from './limits.ts';
import type { Sealing } from './sealing.ts';

export type EnvelopeRecord = Extract<PouchRecord, { type: 'envelope' }>;

/** Why a pouch is not taken in; the answer is an unsigned 4xx and a counter. */
export type OpenFailure =
  'bad-signature' | 'not-for-us' | 'too-large' | 'unknown-sender' | 'unreadable' | 'wrong-exercise';

export interface OpenedPouch {
  pouch: Pouch;
  sender: string;
  state: PartyState;
  chain: Chain;
  /** Hex SHA-256 of the sealed bytes. */
  digest: string;
  /** Ids of statements that were too large to be read, as far as they can be told. */
  tooLarge: string[];
}

export type OpenDeps = Pick<ExchangeDeps, 'store' | 'keys'> & { sealing: Sealing };

/** Opens a pouch and verifies that a known party's automatic key signed it. */
export async function openPouch(
  deps: OpenDeps,
  sealed: Uint8Array,
): Promise<Result<OpenedPouch, OpenFailure>> {
  if (sealed.length > sealedPouchBytesMax) return failure('too-large', '');
  const opened = await deps.sealing.open(deps.keys.sealingIdentities, sealed);
  if (!opened.ok) return opened;
  const { plaintext, whole } = opened.value;
  const read = readPouch(plaintext, whole);
  if (!read.ok) return read;
  const pouch = read.value;
  if (pouch.manifest.receiver !== deps.keys.party) return failure('not-for-us', '');
  if (pouch.exercise !== deps.keys.exercise) return failure('wrong-exercise', '');
  const { sender } = pouch.manifest;
  const row = await deps.store.reader
    .selectFrom('parties')
    .select('state')
    .where('id', '=', sender)
    .executeTakeFirst();
  const known = await loadChain(deps.store.reader, sender);
  // An introduced party's statements come through others; it may not write to us itself.
  if (row === undefined || known === null || row.state === 'introduced' || row.state === 'self') {
    return failure('unknown-sender', sender);
  }
  const chain = extendedChain(known, pouch, deps.keys);
  const checks = pouchSignatureChecks(pouch, chain);
  if (!checks.ok) return checks;
  const verified = await verifySignatures(checks.value.checks);
  if (!verified.every((each) => each)) return failure('bad-signature', 'manifest');
  return success({
    pouch,
    sender,
    state: row.state,
    chain,
    digest: encodeHex(sha256(sealed)),
    tooLarge: pouch.bad.some((each) => each.code === 'too-large')
      ? tooLargeIds(plaintext, pouch.bad)
      : [],
  });
}

/**
 * A party that has just changed its automatic key signs the pouch with the new one and sends the
 * credentials that say so in the same pouch: they are verified against what we hold, for this
 * question only, and taken in afterwards like any others.
 */
function extendedChain(
  chain: Chain,
  pouch: Pouch,
  self: { party: string; exercise: boolean },
): Chain {
  if (pouchSignatureChecks(pouch, chain).ok) return chain;
  let extended = chain;
  for (const record of pouch.records) {
    if (record.type !== 'envelope') continue;
    const parsed = parseStatement(record.envelope.payload, record.envelope.payloadType);
    if (!parsed.ok || parsed.value.statement.kind !== 'party.credentials') continue;
    if (parsed.value.statement.from !== chain.party) continue;
    const coming = {
      envelope: record.envelope,
      said: record.said,
      introducedBy: null,
      receiptTo: [],
    };
    const checked = checkCredentials(extended, coming, self);
    if (checked.ok) extended = checked.value.chain;
  }
  return extended;
}

const recordHeadBytes = 5;

/** Names of the oversized statements of a pouch: only the id of such a one is kept (ruling 11). */
function tooLargeIds(plaintext: Uint8Array, bad: Pouch['bad']): string[] {
  const wanted = new Set(bad.filter((each) => each.code === 'too-large').map((each) => each.index));
  const ids: string[] = [];
  let offset = 0;
  for (let index = 0; offset < plaintext.length; index++) {
    const length = readU32be(plaintext, offset + 1);
    if (length === null) break;
    const end = offset + recordHeadBytes + length;
    if (wanted.has(index)) {
      const id = idInRecord(plaintext.subarray(offset + recordHeadBytes, end));
      if (id !== null) ids.push(id);
    }
    offset = end;
  }
  return ids;
}

function idInRecord(body: Uint8Array): string | null {
  try {
    const json = JSON.parse(decodeText(body) ?? '') as { envelope?: { [key: string]: unknown } };
    const { payload, payloadType } = json.envelope ?? {};
    if (typeof payload !== 'string' || typeof payloadType !== 'string') return null;
    const bytes = decodeBase64(payload);
    return bytes === null ? null : statementId(payloadType, bytes);
  } catch {
    return null;
  }
}
