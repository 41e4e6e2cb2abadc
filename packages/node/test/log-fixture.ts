/** A log of our own for tests: keys, jobs that the sequencer takes, and a check of the whole log. */
import { join } from 'node:path';
import {
  consistencyFromNodes,
  consistencyNodes,
  ed25519PublicKey,
  encodeText,
  formatCheckpoint,
  formatEnvelope,
  formatNote,
  formatStatement,
  inclusionFromNodes,
  inclusionNodes,
  noteKey,
  sha256,
  signatureListDigest,
  signEnvelopeEd25519,
  signNote,
  statementId,
  statementPayloadType,
  type NodeAddress,
  type NoteSigner,
  type Statement,
} from '@comity/record';
import type { Clock } from '../src/context.ts';
import type { HeldJob, SaidJob, Sequencer } from '../src/log/jobs.ts';
import { openSequencer, type SequencerDeps } from '../src/log/sequencer.ts';
import { edgeRoot, emptyEdge, extendEdge } from '../src/log/tree.ts';
import type { Store } from '../src/store/store.ts';
import type { TestPlace } from './stores.ts';

export const origin = 'log.example/a';
export const self = '11'.repeat(32);
export const other = '22'.repeat(32);

export function signer(name: string, type: 0x01 | 0x04, seedByte: number): NoteSigner {
  const seed = new Uint8Array(32).fill(seedByte);
  return { key: noteKey(name, type, ed25519PublicKey(seed)), seed };
}

export const logSigner = signer(origin, 0x01, 1);
export const ownAccountSigner = signer(`${origin}/own`, 0x04, 2);
const authorSeed = new Uint8Array(32).fill(9);

export const fixedClock: Clock = { now: () => 1_800_000_000, nowMs: () => 1_800_000_000_000 };

export function openLog(
  store: Store,
  place: TestPlace,
  more: Partial<SequencerDeps> = {},
): Promise<Sequencer> {
  const highWaterPath = join(place.folder, 'state', 'high-water');
  const clock = fixedClock;
  return openSequencer({ store, clock, logSigner, ownAccountSigner, highWaterPath, ...more });
}

function makeStatement(text: string, more: Partial<Statement>): Statement {
  return {
    comity: 1,
    kind: 'channel.message',
    from: self,
    to: [other],
    docket: null,
    after: [],
    prior: null,
    anchor: [],
    terms: null,
    cites: [],
    made: '2026-11-24T03:00:00Z',
    credentials: null,
    nonce: Buffer.from(sha256(encodeText(text)).subarray(0, 16)).toString('base64url'),
    body: { text },
    ...more,
  };
}

/** A signed statement of ours that opens a docket unless `more` says otherwise. */
export function saidJob(text: string, more: Partial<Statement> = {}): SaidJob {
  const { id, statement, envelope, envelopeBytes, listDigest } = signed(makeStatement(text, more));
  return {
    id,
    statement,
    envelope,
    envelopeBytes,
    docket: statement.docket ?? id,
    chain: 'duty',
    anchorLines: [],
    listDigest,
    recipients: statement.to,
    draft: null,
  };
}

/** A statement of the other party; its said proof is not a real one. */
export function heldJob(text: string, more: Partial<Statement> = {}): HeldJob {
  const statement = makeStatement(text, {
    from: other,
    to: [self],
    credentials: '44'.repeat(32),
    ...more,
  });
  const made = signed(statement);
  return {
    ...made,
    docket: statement.docket ?? made.id,
    chain: 'duty',
    anchorLines: [],
    author: other,
    said: { origin: 'log.example/b', index: 0, size: 1, proof: 'c2sp.org/tlog-proof@v1\n' },
    introducedBy: null,
    receiptTo: [other],
    refused: null,
  };
}

function signed(statement: Statement) {
  const payload = formatStatement(statement);
  const signature = signEnvelopeEd25519(statementPayloadType, payload, authorSeed);
  const envelope = { payload, payloadType: statementPayloadType, signatures: [signature] };
  return {
    id: statementId(statementPayloadType, payload),
    statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    listDigest: signatureListDigest(envelope.signatures),
  };
}

/** Plain 32-byte entries, for logs of others. */
export function plainEntries(count: number, seed = 0): Uint8Array[] {
  return [...Array(count).keys()].map((n) => sha256(encodeText(`${seed} ${n}`)));
}

/** A log of another party in memory: checkpoints and proofs over plain entries. */
export class OtherLog {
  readonly signer: NoteSigner;
  readonly entries: Uint8Array[];

  constructor(name: string, entries: Uint8Array[], seedByte = 77) {
    this.signer = signer(name, 0x01, seedByte);
    this.entries = entries;
  }

  note(size: number): string {
    const { edge } = extendEdge(emptyEdge, this.entries.slice(0, size));
    const text = formatCheckpoint({ origin: this.signer.key.name, size, root: edgeRoot(edge) });
    return formatNote(text, [signNote(text, this.signer)]);
  }

  inclusion(index: number, size: number): Uint8Array[] {
    const hashes = inclusionNodes(index, size).map((node) => this.#root(node));
    return inclusionFromNodes(index, size, hashes);
  }

  /** Hash of a complete subtree. */
  #root({ level, index }: NodeAddress): Uint8Array {
    const start = index * 2 ** level;
    return edgeRoot(extendEdge(emptyEdge, this.entries.slice(start, start + 2 ** level)).edge);
  }

  consistency(from: number, to: number): { from: number; path: Uint8Array[] } {
    if (from === 0 || from === to) return { from, path: [] };
    const hashes = consistencyNodes(from, to).map((node) => this.#root(node));
    return { from, path: consistencyFromNodes(from, to, hashes) };
  }
}
