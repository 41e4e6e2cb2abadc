/**
 * Parties for the tests: deterministic keys, a log in memory, and statements that are really signed,
 * logged and proved. Not a mock of anything: it writes the formats as a node does.
 */
import {
  addSignature,
  cosign,
  ed25519PublicKey,
  encodeBase64,
  encodeBase64Url,
  exercisePayloadType,
  formatCheckpoint,
  formatNote,
  formatStatement,
  formatTime,
  formatVkey,
  inclusionFromNodes,
  inclusionNodes,
  leafHash,
  logEntry,
  mlDsa44PublicKey,
  nodeHash,
  noteKey,
  rootFromNodes,
  rootNodes,
  sealingRecipient,
  sha256,
  signatureListDigest,
  signEnvelopeEd25519,
  signEnvelopeMlDsa44,
  signNote,
  statementId,
  statementPayloadType,
  verifyCredentials,
} from '../src/index.ts';
import type {
  Chain,
  CredentialsBody,
  Envelope,
  JsonValue,
  LogProof,
  NodeAddress,
  NoteSigner,
  OfficerKey,
  Statement,
} from '../src/index.ts';

/** A seed from a label: the same in every run. */
export function seed(label: string): Uint8Array {
  return sha256(new TextEncoder().encode(label));
}

export const edKey = (label: string): OfficerKey => ({
  type: 'ed25519',
  key: encodeBase64(ed25519PublicKey(seed(label))),
});

export const pqKey = (label: string): OfficerKey => ({
  type: 'ml-dsa-44',
  key: encodeBase64(mlDsa44PublicKey(seed(label))),
});

/** A signing key of an officer: a label of a seed. */
export type Pen = string | { pq: string };

export function sign(payloadType: string, payload: Uint8Array, pens: Pen[]): Envelope {
  let envelope: Envelope = { payload, payloadType, signatures: [] };
  for (const pen of pens) {
    const signature =
      typeof pen === 'string'
        ? signEnvelopeEd25519(payloadType, payload, seed(pen))
        : signEnvelopeMlDsa44(payloadType, payload, seed(pen.pq));
    envelope = addSignature(envelope, signature);
  }
  return envelope;
}

/** An append-only log in memory that signs a checkpoint whenever one is asked for. */
export class TestLog {
  readonly origin: string;
  signers: NoteSigner[];
  readonly leaves: Uint8Array[] = [];

  constructor(origin: string, signers: NoteSigner[]) {
    this.origin = origin;
    this.signers = signers;
  }

  append(entry: Uint8Array): number {
    this.leaves.push(leafHash(entry));
    return this.leaves.length - 1;
  }

  /** Entries that stand for what else a log has. */
  pad(count: number): void {
    for (let i = 0; i < count; i++) this.append(sha256(Uint8Array.of(this.leaves.length)));
  }

  private at({ level, index }: NodeAddress): Uint8Array {
    if (level === 0) return this.leaves[index] ?? new Uint8Array(32);
    return nodeHash(
      this.at({ level: level - 1, index: index * 2 }),
      this.at({ level: level - 1, index: index * 2 + 1 }),
    );
  }

  root(size = this.leaves.length): Uint8Array {
    return rootFromNodes(
      size,
      rootNodes(size).map((node) => this.at(node)),
    );
  }

  checkpoint(size = this.leaves.length, cosigners: { signer: NoteSigner; time: number }[] = []) {
    const text = formatCheckpoint({ origin: this.origin, size, root: this.root(size) });
    const own = this.signers.map((signer) =>
      signer.key.type === 0x01 ? signNote(text, signer) : cosign(text, signer, 0),
    );
    const others = cosigners.map(({ signer, time }) => cosign(text, signer, time));
    return formatNote(text, [...own, ...others]);
  }

  prove(
    index: number,
    size = this.leaves.length,
    cosigners: { signer: NoteSigner; time: number }[] = [],
  ): LogProof {
    const hashes = inclusionNodes(index, size).map((node) => this.at(node));
    const path = inclusionFromNodes(index, size, hashes);
    return { index, path, checkpoint: this.checkpoint(size, cosigners) };
  }
}

export function noteSigner(name: string, type: 0x01 | 0x04 | 0x06, label: string): NoteSigner {
  const own = seed(label);
  const publicKey = type === 0x06 ? mlDsa44PublicKey(own) : ed25519PublicKey(own);
  return { key: noteKey(name, type, publicKey), seed: own };
}

export const testSealingIdentity =
  'AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZ9K4CN';

/** What a statement may be given; the rest is filled in. */
export type Said = Partial<Omit<Statement, 'comity'>> & { pens?: Pen[] };

/** What a statement became. */
export type Logged = { id: string; envelope: Envelope; proof: LogProof; statement: Statement };

let nonceCounter = 0;

/** A party with two officers, root and solemn 2 of 2, duty 1 of 2. */
export class TestParty {
  readonly slug: string;
  readonly exercise: boolean;
  log: TestLog;
  readonly witness: NoteSigner;
  readonly ownAccount: NoteSigner;
  readonly sealing: string;
  id = '';
  credentials = '';
  chain: Chain | null = null;
  readonly documents: Logged[] = [];

  constructor(slug: string, sealing: string, exercise = false) {
    this.slug = slug;
    this.exercise = exercise;
    this.sealing = sealing;
    this.log = this.newLog(`${slug}.example/log`, `${slug} log`);
    this.witness = noteSigner(`${slug}.example/witness`, 0x04, `${slug} witness`);
    this.ownAccount = noteSigner(`${slug}.example/own`, 0x04, `${slug} own account`);
  }

  newLog(name: string, label: string): TestLog {
    const origin = this.exercise ? `exercise.${name}` : name;
    return new TestLog(origin, [noteSigner(origin, 0x01, label)]);
  }

  get payloadType(): string {
    return this.exercise ? exercisePayloadType : statementPayloadType;
  }

  body(changes: Partial<CredentialsBody> = {}): CredentialsBody {
    const { slug } = this;
    const both = ['Duty officer 1', 'Duty officer 2'];
    return {
      version: this.documents.length + 1,
      previous: this.credentials === '' ? null : this.credentials,
      exercise: this.exercise,
      name: { en: slug },
      functions: ['organisation'],
      officers: {
        'Duty officer 1': { keys: [edKey(`${slug} 1`)] },
        'Duty officer 2': { keys: [edKey(`${slug} 2`)] },
      },
      authority: {
        root: { threshold: 2, offices: both },
        solemn: { threshold: 2, offices: both },
        duty: { threshold: 1, offices: both },
        automatic: { key: edKey(`${slug} automatic`).key },
      },
      onePerson: false,
      log: {
        origin: this.log.origin,
        keys: this.log.signers.map(({ key }) => formatVkey(key)),
        previous: null,
      },
      witnessKey: formatVkey(this.witness.key),
      ownAccountKey: formatVkey(this.ownAccount.key),
      sealing: [this.sealing],
      routes: [{ kind: 'direct', url: `https://${slug}.example` }],
      contacts: { duty: { languages: ['en'], hours: 'always', timeZone: 'UTC' } },
      kinds: { protocol: 1, folds: [1] },
      delegations: [],
      expires: '2028-01-01T00:00:00Z',
      ...changes,
    };
  }

  statement(kind: string, said: Said): Statement {
    const { pens: _pens, ...given } = said;
    nonceCounter += 1;
    const nonce = sha256(new TextEncoder().encode(`nonce ${this.slug} ${nonceCounter}`));
    return {
      comity: 1,
      kind,
      from: this.id === '' ? null : this.id,
      to: [],
      docket: null,
      after: [],
      prior: null,
      anchor: [],
      terms: null,
      cites: [],
      made: formatTime(1_790_000_000 + nonceCounter),
      credentials: this.credentials === '' ? null : this.credentials,
      nonce: encodeBase64Url(nonce.subarray(0, 16)),
      body: {},
      ...given,
    };
  }

  /** Signs and logs a statement, and proves it in the log as it then stands. */
  say(kind: string, said: Said = {}): Logged {
    const statement = this.statement(kind, said);
    const payload = formatStatement(statement);
    const pens = said.pens ?? [`${this.slug} 1`, `${this.slug} 2`];
    return this.enter(sign(this.payloadType, payload, pens), statement);
  }

  enter(envelope: Envelope, statement: Statement): Logged {
    const id = statementId(envelope.payloadType, envelope.payload);
    const entry = logEntry('said', id, signatureListDigest(envelope.signatures));
    const index = this.log.append(entry);
    return { id, envelope, statement, proof: this.log.prove(index) };
  }

  /** A receipt: this party's log holds the statement of another. */
  receive(logged: Logged, cosigners: { signer: NoteSigner; time: number }[] = []): LogProof {
    const digest = signatureListDigest(logged.envelope.signatures);
    const index = this.log.append(logEntry('held', logged.id, digest));
    return this.log.prove(index, undefined, cosigners);
  }

  /** The next version of the credentials, logged and not yet in the chain. */
  draftCredentials(changes: Partial<CredentialsBody> = {}, said: Said = {}): Logged {
    return this.say('party.credentials', {
      body: this.body(changes) as unknown as { [member: string]: JsonValue },
      ...said,
    });
  }

  /** The next version of the credentials; throws unless it verifies. */
  publish(changes: Partial<CredentialsBody> = {}, said: Said = {}): Logged {
    const logged = this.draftCredentials(changes, said);
    const result = verifyCredentials(this.chain, logged.envelope, logged.proof);
    if (!result.ok) throw new Error(`${result.code} ${result.path} ${result.detail ?? ''}`);
    this.chain = result.value.chain;
    this.id = this.chain.party;
    this.credentials = logged.id;
    this.documents.push(logged);
    return logged;
  }

  get verifiedChain(): Chain {
    if (this.chain === null) throw new Error('publish first');
    return this.chain;
  }
}

let recipient: Promise<string> | null = null;

/** A party whose version 1 is published. */
export async function testParty(slug: string, exercise = false): Promise<TestParty> {
  recipient ??= sealingRecipient(testSealingIdentity);
  const party = new TestParty(slug, await recipient, exercise);
  party.publish();
  return party;
}
