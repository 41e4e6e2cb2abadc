/**
 * Opening a pouch: seal, manifest, running hash, and whose automatic key signed both
 * (protocol.md, Pouch and routes). What comes from strangers goes no further than this.
 */
import {
  encodeHex,
  failure,
  pouchManifestCheck,
  pouchSignatureChecks,
  readPouch,
  readPouchManifest,
  readU32be,
  sha256,
  statementId,
  success,
  verifySignatures,
  decodeBase64,
  decodeText,
} from '@comity/record';
import type { Chain, Pouch, PouchOpening, PouchRecord, Result } from '@comity/record';
import { loadChain } from '../parties/chains.ts';
import type { PartyState } from '../store/schema.ts';
import { chainWithCredentialsAhead } from './credentials-ahead.ts';
import type { ExchangeDeps } from './deps.ts';
import { sealedPouchBytesMax } from './limits.ts';
import type { Opening } from './opening.ts';

export type EnvelopeRecord = Extract<PouchRecord, { type: 'envelope' }>;

/** Why a pouch is not taken in; the answer is an unsigned 4xx, or 503 for `busy`, and a counter. */
export type OpenFailure =
  | 'bad-signature'
  | 'busy'
  | 'not-for-us'
  | 'too-large'
  | 'unknown-sender'
  | 'unreadable'
  | 'wrong-exercise';

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

export type OpenDeps = Pick<ExchangeDeps, 'store' | 'keys'> & { sealing: Opening };

/**
 * Opens a pouch and verifies that a known party's automatic key signed it. The manifest comes first:
 * nothing that follows it is read before its signature holds, so that a stranger, even one that names
 * somebody whom we know, costs us one opening, one manifest and one signature.
 */
export async function openPouch(
  deps: OpenDeps,
  sealed: Uint8Array,
): Promise<Result<OpenedPouch, OpenFailure>> {
  if (sealed.length > sealedPouchBytesMax) return failure('too-large', '');
  const opened = await deps.sealing.open(deps.keys.sealingIdentities, sealed);
  if (!opened.ok) return opened;
  const { plaintext, whole } = opened.value;
  const opening = readPouchManifest(plaintext);
  if (!opening.ok) return opening;
  const from = await senderOf(deps, opening.value, plaintext);
  if (!from.ok) return from;
  const { chain, state } = from.value;
  const read = readPouch(plaintext, whole);
  if (!read.ok) return read;
  const pouch = read.value;
  const checks = pouchSignatureChecks(pouch, chain);
  if (!checks.ok) return checks;
  // The manifest's own, the first, holds already.
  const verified = await verifySignatures(checks.value.checks.slice(1));
  if (!verified.every((each) => each)) return failure('bad-signature', 'end');
  return success({
    pouch,
    sender: pouch.manifest.sender,
    state,
    chain,
    digest: encodeHex(sha256(sealed)),
    tooLarge: pouch.bad.some((each) => each.code === 'too-large')
      ? tooLargeIds(plaintext, pouch.bad)
      : [],
  });
}

/** Who sent it: a party that may, whose automatic key provably signed the manifest for us. */
async function senderOf(
  deps: OpenDeps,
  opening: PouchOpening,
  plaintext: Uint8Array,
): Promise<Result<{ chain: Chain; state: PartyState }, OpenFailure>> {
  const { sender, receiver } = opening.manifest;
  if (receiver !== deps.keys.party) return failure('not-for-us', '');
  if (opening.exercise !== deps.keys.exercise) return failure('wrong-exercise', '');
  const row = await deps.store.reader
    .selectFrom('parties')
    .select('state')
    .where('id', '=', sender)
    .executeTakeFirst();
  // An introduced party's statements come through others; it may not write to us itself.
  if (row === undefined || row.state === 'introduced' || row.state === 'self') {
    return failure('unknown-sender', sender);
  }
  const known = await loadChain(deps.store.reader, sender);
  if (known === null) return failure('unknown-sender', sender);
  const chain = pouchManifestCheck(opening, known).ok
    ? known
    : chainWithCredentialsAhead(known, plaintext, deps.keys);
  const front = pouchManifestCheck(opening, chain);
  if (!front.ok) return front;
  const [holds] = await verifySignatures([front.value.check]);
  return holds === true
    ? success({ chain, state: row.state })
    : failure('bad-signature', 'manifest');
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
