/**
 * Draft files: a draft carried to an officer's own device, signed there, and carried back.
 *
 * `signDraftFile` needs no node, no store and no network (protocol.md, "Solemn means away from the
 * node"). What the officer is shown is computed from the payload that is signed; what the node adds
 * beside it (names of parties) is marked as the node's word.
 */
import { z } from 'zod';
import {
  canonicalJsonBytes,
  decodeBase64,
  decodeText,
  encodeBase64,
  encodeText,
  failure,
  parseCanonicalJson,
  parseEnvelope,
  formatEnvelope,
  parseStatement,
  success,
} from '@comity/record';
import type { EnvelopeSignature, JsonValue, Result, Statement } from '@comity/record';
import { isActKind, kinds, parseBody } from '@comity/accord';
import type { KindDefinition } from '@comity/accord';
import type { OfficerSecret } from '../officers/key-files.ts';
import { signAsOfficer } from '../officers/key-files.ts';
import { mergeSignatures } from './approvals.ts';

const draftFileBytesMax = 1_048_576;

/** A draft as it travels. */
export interface DraftFile {
  id: string;
  statement: Statement;
  exercise: boolean;
  payload: Uint8Array;
  payloadType: string;
  signatures: EnvelopeSignature[];
  /** Names of the parties in it as the node that wrote the file knows them; unsigned. */
  names: { [party: string]: string };
}

export type DraftFileFailure = 'bad-draft-file' | 'too-large' | 'bad-text' | 'bad-schema';

/** What an officer sees before signing. */
export interface DraftDisplay {
  id: string;
  /** The id in groups of four, to compare with the other officer. */
  idGroups: string;
  kind: string;
  /** One plain English sentence. */
  words: string;
  from: string;
  to: string[];
  docket: string | null;
  made: string;
  exercise: boolean;
  /** The whole body, for reading. */
  body: Statement['body'];
  /** Unsigned names beside identifiers. */
  names: { [party: string]: string };
}

const fileSchema = z.strictObject({
  comityDraft: z.literal(1),
  payload: z.string(),
  payloadType: z.string().max(200),
  signatures: z
    .array(
      z.strictObject({
        keyid: z.string(),
        sig: z.string(),
        extension: z.unknown().optional(),
      }),
    )
    .max(16),
  names: z.record(z.string().regex(/^[0-9a-f]{64}$/), z.string().max(1_000)),
});

/** Writes a draft file: canonical JSON. */
export function formatDraftFile(
  draft: Pick<DraftFile, 'payload' | 'payloadType' | 'signatures' | 'names'>,
): Uint8Array {
  const signatures = JSON.parse(JSON.stringify(draft.signatures)) as JsonValue;
  return canonicalJsonBytes({
    comityDraft: 1,
    payload: encodeBase64(draft.payload),
    payloadType: draft.payloadType,
    signatures,
    names: draft.names,
  });
}

/** Parses a draft file. Signatures are well-formed afterwards and not verified. */
export function parseDraftFile(bytes: Uint8Array): Result<DraftFile, DraftFileFailure> {
  if (bytes.length > draftFileBytesMax) return failure('too-large', '');
  const text = decodeText(bytes);
  if (text === null) return failure('bad-draft-file', '', 'not text');
  const json = parseCanonicalJson(encodeText(text.trim()), draftFileBytesMax);
  if (!json.ok) return failure('bad-draft-file', json.path, 'not canonical JSON');
  const parsed = fileSchema.safeParse(json.value);
  if (!parsed.success) {
    return failure('bad-draft-file', parsed.error.issues[0]?.path.join('.') ?? '');
  }
  const payload = decodeBase64(parsed.data.payload);
  if (payload === null) return failure('bad-draft-file', 'payload');
  // The envelope's own parser decides what a well-formed signature list is.
  const { payloadType } = parsed.data;
  const signatures = parsed.data.signatures as EnvelopeSignature[];
  const envelope = parseEnvelope(formatEnvelope({ payload, payloadType, signatures }));
  if (!envelope.ok) return failure('bad-draft-file', 'signatures', envelope.detail);
  const statement = parseStatement(payload, payloadType);
  if (!statement.ok) return statement;
  return success({
    id: statement.value.id,
    statement: statement.value.statement,
    exercise: statement.value.exercise,
    payload,
    payloadType,
    signatures: envelope.value.signatures,
    names: parsed.data.names,
  });
}

/** What to show. `bad-schema` when the body does not fit its kind: such a thing is not signed. */
export function displayDraft(file: DraftFile): Result<DraftDisplay, 'bad-schema'> {
  const { statement } = file;
  const words = wordsToSign(file);
  if (!words.ok) return words;
  return success({
    id: file.id,
    idGroups: inGroups(file.id),
    kind: statement.kind,
    words: words.value,
    from: statement.from ?? file.id,
    to: statement.to,
    docket: statement.docket,
    made: statement.made,
    exercise: file.exercise,
    body: statement.body,
    names: file.names,
  });
}

function wordsToSign({ statement, exercise }: DraftFile): Result<string, 'bad-schema'> {
  const body = parseBody(statement.kind, statement.body);
  if (body.ok && isActKind(statement.kind)) {
    const definition: KindDefinition = kinds[statement.kind];
    return success(definition.words(statement.body));
  }
  if (exercise) return success('says what does not fit its kind: an exercise of a refusal');
  return body.ok
    ? failure('bad-schema', 'kind', statement.kind)
    : failure('bad-schema', body.path, body.detail);
}

/** Adds an officer's signature and gives the file back with what was signed. Pure. */
export function signDraftFile(
  bytes: Uint8Array,
  secret: OfficerSecret,
): Result<{ file: Uint8Array; display: DraftDisplay }, DraftFileFailure> {
  const parsed = parseDraftFile(bytes);
  if (!parsed.ok) return parsed;
  const display = displayDraft(parsed.value);
  if (!display.ok) return display;
  const { payload, payloadType, signatures } = parsed.value;
  const signature = signAsOfficer(secret, payloadType, payload);
  const signed = { ...parsed.value, signatures: mergeSignatures(signatures, [signature]) };
  return success({ file: formatDraftFile(signed), display: display.value });
}

/** Sixteen groups of four hex digits. */
export function inGroups(id: string): string {
  return id.match(/.{1,4}/g)?.join(' ') ?? '';
}
