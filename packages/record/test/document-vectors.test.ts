/**
 * Runs our language-neutral vectors of what is built on envelopes (spec/vectors/documents.md), which
 * a second implementation wrote.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type {
  Anchor,
  Chain,
  EnvelopeSignature,
  JsonValue,
  Level,
  Meaning,
  WebauthnKey,
} from '../src/index.ts';
import { describeOnBoth, type RecordModule } from './both-primitives.ts';

const folder = new URL('../../../spec/vectors/', import.meta.url);

/** Inputs by name, with the outcome: either `expected` or a refusal's `code`. */
type Case = { comment: string; expected?: unknown; code?: string } & { [input: string]: unknown };
type Outcome = { expected: unknown } | { code: string };
type Runner = (record: RecordModule, each: Case) => Outcome;
type Document = { envelope: JsonValue; said: string };

const bytesOf = (hex: unknown) => Uint8Array.from(Buffer.from(hex as string, 'hex'));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const textOf = (value: unknown) => value as string;

function readDocument(record: RecordModule, { envelope, said }: Document) {
  const parsed = record.envelopeFromJson(envelope);
  const proof = record.parseLogProof(said);
  if (!parsed.ok || !proof.ok) throw new Error('a document that cannot be read');
  return { envelope: parsed.value, proof: proof.value };
}

/** The chain of the documents, with its delegations; the code of the first that is refused. */
function chainOf(record: RecordModule, each: Case): Chain | { code: string } {
  let chain: Chain | null = null;
  for (const document of each['documents'] as Document[]) {
    const { envelope, proof } = readDocument(record, document);
    let next = record.verifyCredentials(chain, envelope, proof);
    if (!next.ok && next.code === 'credentials-fork' && chain !== null) {
      next = record.freezeChain(chain, envelope, proof);
    }
    if (!next.ok) return { code: next.code };
    chain = next.value.chain;
  }
  for (const document of (each['delegations'] ?? []) as Document[]) {
    const { envelope, proof } = readDocument(record, document);
    const next = record.verifyDelegation(chain as Chain, envelope, proof);
    if (!next.ok) return { code: next.code };
    chain = next.value.chain;
  }
  return chain as Chain;
}

const readEnvelope: Runner = (record, each) => {
  const bytes = record.encodeText(textOf(each['text']));
  const parsed = record.parseEnvelope(bytes);
  if (!parsed.ok) return { code: parsed.code };
  expect(record.formatEnvelope(parsed.value)).toEqual(bytes);
  const { payload, payloadType, signatures } = parsed.value;
  return {
    expected: {
      id: record.statementId(payloadType, payload),
      listDigest: hexOf(record.signatureListDigest(signatures)),
      keyids: signatures.map(({ keyid }) => keyid),
    },
  };
};

const readStatement: Runner = (record, each) => {
  const payload = record.encodeText(textOf(each['text']));
  const parsed = record.parseStatement(payload, textOf(each['payloadType']));
  if (!parsed.ok) return { code: parsed.code };
  const { id, statement, exercise } = parsed.value;
  expect(record.formatStatement(statement)).toEqual(payload);
  return { expected: { id, exercise, party: record.partyOf(id, statement) } };
};

const readAnchors: Runner = (record, each) => {
  const keys = (each['vkeys'] as string[]).map((vkey) => record.noteKeyOf(vkey));
  const anchors = each['anchor'] as Anchor[];
  const verified = record.verifyAnchors(anchors, each['lines'] as string[], keys);
  return verified.ok ? { expected: verified.value } : { code: verified.code };
};

const checkAssertion: Runner = (record, each) => {
  const signature = each['signature'] as EnvelopeSignature;
  const key = each['key'] as WebauthnKey;
  expect(record.officerKeyId(key)).toBe(signature.keyid);
  const check = record.assertionCheck(key, signature, textOf(each['id']));
  if (!check.ok) return { code: check.code };
  return record.verifySignature(check.value) ? { expected: true } : { code: 'bad-signature' };
};

const readChain: Runner = (record, each) => {
  const chain = chainOf(record, each);
  if ('code' in chain) return chain;
  const { inForce = [] } = (each.expected ?? {}) as { inForce?: [string, number, number | null][] };
  return {
    expected: {
      versions: chain.versions.length,
      frozen: chain.frozen,
      bound: chain.bound ?? null,
      inForce: inForce.map(([origin, index]) => [
        origin,
        index,
        record.versionInForce(chain, index, origin)?.version ?? null,
      ]),
    },
  };
};

const readAuthority: Runner = (record, each) => {
  const chain = chainOf(record, each);
  if ('code' in chain) return chain;
  const envelope = record.envelopeFromJson(each['envelope'] as JsonValue);
  if (!envelope.ok) return { code: envelope.code };
  const { id } = record.newestVersion(chain);
  const verified = record.verifyEnvelope(envelope.value, chain, id, each['index'] as number);
  if (!verified.ok) return { code: verified.code };
  const { offices, delegated, levels } = verified.value;
  return { expected: { offices, delegated, levels: [...levels].sort() } };
};

const readPouch: Runner = (record, each) => {
  const plaintext = bytesOf(each['plaintext']);
  const read = record.readPouch(plaintext, each['whole'] as boolean);
  const opening = record.readPouchManifest(plaintext);
  expect(opening.ok).toBe(read.ok);
  if (!read.ok || !opening.ok) return { code: 'unreadable' };
  const chain = chainOf(record, each);
  if ('code' in chain) return chain;
  // The manifest alone says the same as the whole pouch.
  expect(read.value).toMatchObject(opening.value);
  const front = record.pouchManifestCheck(opening.value, chain);
  const { manifest, records, complete, unknown, bad } = read.value;
  const checks = record.pouchSignatureChecks(read.value, chain);
  const signed = checks.ok && checks.value.checks.every(record.verifySignature);
  expect(front.ok && record.verifySignature(front.value.check)).toBe(signed);
  return { expected: { manifest, records: records.length, complete, unknown, bad, signed } };
};

type MeaningTable = {
  levels: { [kind: string]: Level };
  opens: string[];
  answers: { [kind: string]: string };
};

function meaningOf({ levels, opens, answers }: MeaningTable): Meaning {
  return {
    levelOf: (kind) => levels[kind] ?? null,
    opens: (kind) => opens.includes(kind),
    unanswered: (statements) =>
      statements.flatMap(({ statement: { kind, to } }) => {
        const answer = answers[kind];
        if (answer === undefined) return [];
        const given = statements.filter(({ statement }) => statement.kind === answer);
        return to.filter((party) => !given.some(({ statement }) => statement.from === party));
      }),
  };
}

const readBundle: Runner = (record, each) => {
  const report = record.verifyBundle(record.encodeText(textOf(each['bundle'])), {
    trust: each['trust'] as string[],
    meaning: meaningOf(each['meaning'] as MeaningTable),
  });
  const failed = report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  return { expected: { verdict: report.verdict, failed } };
};

const runners: { [file: string]: Runner } = {
  'envelope/pae.json': (record, each) => {
    const [type, payload] = [textOf(each['payloadType']), bytesOf(each['payload'])];
    const id = record.statementId(type, payload);
    return { expected: { pae: hexOf(record.preAuthEncoding(type, payload)), id } };
  },
  'envelope/signing.json': (record, each) => ({
    expected: record.signEnvelopeEd25519(
      textOf(each['payloadType']),
      bytesOf(each['payload']),
      bytesOf(each['seed']),
    ),
  }),
  'envelope/envelope.json': readEnvelope,
  'statement/statement.json': readStatement,
  'statement/channel-docket.json': (record, each) => ({
    expected: record.channelDocket(...(each['parties'] as [string, string])),
  }),
  'statement/anchor-digest.json': (record, each) => ({
    expected: record.anchorDigest(each['lines'] as string[]),
  }),
  'statement/anchor-lines.json': readAnchors,
  'webauthn/challenge.json': (record, each) => ({
    expected: hexOf(record.signingChallenge(textOf(each['id']))),
  }),
  'webauthn/assertion.json': checkAssertion,
  'safety-number/safety-number.json': (record, each) => {
    type Side = { party: string; credentials: string };
    return { expected: record.safetyNumber(...(each['sides'] as [Side, Side])) };
  },
  'credentials/body.json': (record, each) => {
    const parsed = record.parseCredentialsBody(each['body'] as JsonValue);
    return parsed.ok ? { expected: true } : { code: parsed.code };
  },
  'credentials/chain.json': readChain,
  'credentials/authority.json': readAuthority,
  'pouch/pouch.json': readPouch,
  'bundle/bundle.json': readBundle,
};

function casesOf(file: string): Case[] {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];
}

describeOnBoth('vectors', (record) => {
  it.each(Object.keys(runners))('of %s', { timeout: 120_000 }, (file) => {
    const cases = casesOf(file);
    expect(cases.length).toBeGreaterThan(0);
    for (const each of cases) {
      const wanted = 'code' in each ? { code: each.code } : { expected: each.expected };
      expect(runners[file]?.(record(), each), `${file}: ${each.comment}`).toEqual(wanted);
    }
  });
});

it('every file of vectors of these formats is run, and each case has a name of its own', () => {
  const formats = new Set(Object.keys(runners).map((file) => file.split('/')[0] ?? ''));
  const files = [...formats].flatMap((format) =>
    readdirSync(new URL(format, folder)).map((name) => `${format}/${name}`),
  );
  expect(files.sort()).toEqual(Object.keys(runners).sort());
  for (const file of files) {
    const comments = casesOf(file).map(({ comment }) => comment);
    expect(new Set(comments).size, file).toBe(comments.length);
  }
});
