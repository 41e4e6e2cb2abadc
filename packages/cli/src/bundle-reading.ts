/**
 * What a bundle says, in words, and whether a proof is of a statement in it. Reads only: whether any
 * of it is true is the verdict of `verifyBundle`, which stands above these words.
 */
import { kinds, isActKind } from '@comity/accord';
import {
  decodeHex,
  logEntry,
  parseBundle,
  parseCheckpoint,
  parseLogProof,
  parseStatement,
  parseVkey,
  partyOf,
  signatureListDigest,
  verifyLogProof,
} from '@comity/record';
import type { Bundle, Envelope, NoteKey, Statement } from '@comity/record';

export interface ReadStatement {
  id: string;
  from: string;
  statement: Statement;
  envelope: Envelope;
}

export interface BundleReading {
  docket: string;
  type: string;
  subject: string;
  /** Names that the parties give themselves, by identifier. */
  names: Map<string, string>;
  statements: ReadStatement[];
  /** Keys of logs by their names, with the party that declares them. */
  logs: Map<string, { party: string; keys: NoteKey[] }>;
}

/** True for what does not even begin to look like a bundle. */
export function isNoBundle(bytes: Uint8Array): boolean {
  return !Buffer.from(bytes).includes('"comityBundle"');
}

/** True for a file that says of itself that it is a log proof. */
export function isProof(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 64)).toString('latin1').startsWith('c2sp.org/tlog-proof');
}

/** The reading of a bundle; null where it cannot be read. */
export function readBundleWords(bytes: Uint8Array): BundleReading | null {
  const parsed = parseBundle(bytes);
  if (!parsed.ok) return null;
  const bundle: Bundle = parsed.value;
  // By the authors' own clocks: good enough to read, and the proofs say what is sure.
  const statements = bundle.envelopes
    .flatMap(({ envelope }) => readOne(envelope))
    .sort((a, b) => (a.statement.made < b.statement.made ? -1 : 1));
  const names = new Map<string, string>();
  const logs: BundleReading['logs'] = new Map();
  for (const { from, statement } of bundle.credentials.flatMap((one) => readOne(one.envelope))) {
    const { name, log } = statement.body as { name?: Record<string, string>; log?: LogBody };
    const shownName = name?.['en'] ?? Object.values(name ?? {})[0];
    if (typeof shownName === 'string') names.set(from, shownName);
    if (log === undefined) continue;
    const keys = log.keys.flatMap((vkey) => {
      const key = parseVkey(vkey);
      return key.ok ? [key.value] : [];
    });
    logs.set(log.origin, { party: from, keys });
  }
  const opening = statements.find(({ id }) => id === bundle.docket)?.statement;
  return { docket: bundle.docket, ...aboutOf(opening), names, statements, logs };
}

type LogBody = { origin: string; keys: string[] };

function readOne(envelope: Envelope): ReadStatement[] {
  const parsed = parseStatement(envelope.payload, envelope.payloadType);
  if (!parsed.ok) return [];
  const { id, statement } = parsed.value;
  return [{ id, from: partyOf(id, statement), statement, envelope }];
}

function aboutOf(opening: Statement | undefined): { type: string; subject: string } {
  if (opening === undefined) return { type: 'channel', subject: 'channel' };
  const { title, subject, conduct } = opening.body as { [member: string]: unknown };
  const text = [title, subject, conduct].find((one) => one !== undefined) ?? '';
  const type = isActKind(opening.kind) ? (kinds[opening.kind].opens ?? 'other') : 'other';
  return { type, subject: typeof text === 'string' ? text : (localText(text) ?? '') };
}

function localText(text: unknown): string | undefined {
  if (typeof text !== 'object' || text === null) return undefined;
  const byTag = new Map<string, unknown>(Object.entries(text));
  const found = byTag.get('en') ?? byTag.values().next().value;
  return typeof found === 'string' ? found : undefined;
}

export interface ProofReading {
  /** Null where no statement of the bundle is what the proof proves. */
  statement: ReadStatement | null;
  role: 'said' | 'held' | null;
  origin: string;
  party: string | null;
  index: number;
  size: number;
}

/** What a log proof proves of the statements of a bundle; null where it is no proof at all. */
export function readProof(bytes: Uint8Array, bundle: BundleReading): ProofReading | null {
  const proof = parseLogProof(Buffer.from(bytes).toString('utf8'));
  if (!proof.ok) return null;
  const { checkpoint, index } = proof.value;
  const stated = parseCheckpoint(checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1));
  if (!stated.ok) return null;
  const { origin, size } = stated.value;
  const log = bundle.logs.get(origin);
  const nothing = { statement: null, role: null, origin, party: log?.party ?? null, index, size };
  if (log === undefined) return nothing;
  for (const statement of bundle.statements) {
    const digest = signatureListDigest(statement.envelope.signatures);
    const role = statement.from === log.party ? 'said' : 'held';
    const list = typeof digest === 'string' ? decodeHex(digest) : digest;
    if (list === null) continue;
    const entry = logEntry(role, statement.id, list);
    if (verifyLogProof(proof.value, entry, log.keys).ok) return { ...nothing, statement, role };
  }
  return nothing;
}
