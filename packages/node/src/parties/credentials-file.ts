/**
 * The credentials file: what one party gives another so that they can pair (product.md, pairing).
 *
 * Canonical JSON: the chain's envelopes with their `said` proofs, the newest checkpoint, and where
 * the node can be reached. Nothing in it is trusted because of where it came from: the chain proves
 * itself against the party's identifier, and the safety number proves the identifier. The address
 * is unsigned; a false one loses time and nothing else, because pouches are sealed and signed.
 */
import { z } from 'zod';
import {
  canonicalJsonBytes,
  decodeText,
  encodeText,
  envelopeFromJson,
  envelopeToJson,
  failure,
  parseCanonicalJson,
  parseLogProof,
  success,
  verifyCredentials,
} from '@comity/record';
import type { Chain, Envelope, JsonValue, Result } from '@comity/record';

export const credentialsFileBytesMax = 4_194_304;
const versionsMax = 1_000;

/** A parsed and verified credentials file. */
export interface CredentialsFile {
  chain: Chain;
  /** The envelopes in order of version, with the proof text exactly as it came. */
  items: { envelope: Envelope; said: string }[];
  /** Newest checkpoint note of the party's log, or null. Not verified here. */
  checkpoint: string | null;
  /** Address for the direct route, or null. */
  direct: string | null;
}

export type CredentialsFileFailure =
  | 'bad-credentials-file'
  | 'too-large'
  | 'bad-text'
  | 'bad-signature'
  | 'bad-schema'
  | 'bad-proof'
  | 'insufficient-authority'
  | 'credentials-gap'
  | 'credentials-fork'
  | 'wrong-exercise';

const fileSchema = z.strictObject({
  comityCredentials: z.literal(1),
  party: z.string().regex(/^[0-9a-f]{64}$/),
  direct: z.union([z.null(), z.string().max(2_000)]),
  checkpoint: z.union([z.null(), z.string().max(100_000)]),
  chain: z
    .array(z.strictObject({ envelope: z.unknown(), said: z.string().max(100_000) }))
    .min(1)
    .max(versionsMax),
});

/** Writes a credentials file. The parts are not verified. */
export function formatCredentialsFile(
  party: string,
  items: readonly { envelope: Envelope; said: string }[],
  checkpoint: string | null,
  direct: string | null,
): Uint8Array {
  const chain = items.map((item): JsonValue => {
    return { envelope: envelopeToJson(item.envelope), said: item.said };
  });
  return canonicalJsonBytes({ comityCredentials: 1, party, direct, checkpoint, chain });
}

/**
 * Parses a file and verifies the whole chain from version 1. White space around the canonical JSON
 * (a final newline of an editor) is allowed, nothing else.
 */
export function parseCredentialsFile(
  bytes: Uint8Array,
): Result<CredentialsFile, CredentialsFileFailure> {
  if (bytes.length > credentialsFileBytesMax) return failure('too-large', '');
  const text = decodeText(bytes);
  if (text === null) return failure('bad-text', '');
  const json = parseCanonicalJson(encodeText(text.trim()), credentialsFileBytesMax);
  if (!json.ok) return failure('bad-credentials-file', json.path, 'not canonical JSON');
  const parsed = fileSchema.safeParse(json.value);
  if (!parsed.success) {
    return failure('bad-credentials-file', parsed.error.issues[0]?.path.join('.') ?? '');
  }
  const file = parsed.data;
  const read = readChain(file.chain);
  if (!read.ok) return read;
  if (read.value.chain.party !== file.party) {
    return failure('bad-credentials-file', 'party', 'names another party than its chain');
  }
  return success({
    chain: read.value.chain,
    items: read.value.items,
    checkpoint: file.checkpoint,
    direct: file.direct !== null && isHttp(file.direct) ? file.direct : null,
  });
}

function readChain(
  chainItems: readonly { envelope?: unknown; said: string }[],
): Result<{ chain: Chain; items: CredentialsFile['items'] }, CredentialsFileFailure> {
  let chain: Chain | null = null;
  const items: CredentialsFile['items'] = [];
  for (const [at, item] of chainItems.entries()) {
    const envelope = envelopeFromJson(item.envelope as JsonValue);
    if (!envelope.ok) return failure(envelope.code, `chain.${at}.envelope`, envelope.detail);
    const said = parseLogProof(item.said);
    if (!said.ok) return failure(said.code, `chain.${at}.said`, said.detail);
    const verified = verifyCredentials(chain, envelope.value, said.value);
    if (!verified.ok) return failure(verified.code, `chain.${at}`, verified.detail);
    chain = verified.value.chain;
    items.push({ envelope: envelope.value, said: item.said });
  }
  if (chain === null) return failure('bad-credentials-file', 'chain');
  return success({ chain, items });
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
