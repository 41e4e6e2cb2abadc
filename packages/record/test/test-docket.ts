/**
 * A docket of two parties for bundle tests: an allegation, its denial, receipts, cosignatures,
 * anchors and heartbeats, really signed and logged.
 */
import {
  anchorDigest,
  canonicalJsonBytes,
  channelDocket,
  concatBytes,
  cosign,
  encodeBase64,
  encodeHex,
  formatCheckpoint,
  formatLogProof,
  leafHash,
  nodeHash,
  sha256,
  signatureListDigest,
} from '../src/index.ts';
import type {
  Anchor,
  Bundle,
  BundledHeartbeat,
  BundledStatement,
  JsonValue,
  Level,
  Meaning,
} from '../src/index.ts';
import { seed, testParty } from './test-party.ts';
import type { Logged, TestParty } from './test-party.ts';

const levels: { [kind: string]: Level } = {
  'allegation.raise': 'solemn',
  'allegation.answer': 'solemn',
  'incident.notify': 'duty',
  'incident.update': 'duty',
  'channel.test': 'automatic',
  'channel.message': 'duty',
  'channel.refuse': 'automatic',
};

/** POSIX seconds at which everything here begins. */
export const testStart = 1_790_000_000;

/** As much of the meaning of kinds as these tests need. */
export const testMeaning: Meaning = {
  levelOf: (kind) => levels[kind] ?? null,
  opens: (kind) => kind === 'allegation.raise' || kind === 'incident.notify',
  unanswered: (statements) => {
    const answers = statements.filter(({ statement }) => statement.kind === 'allegation.answer');
    const answered = new Set(answers.map(({ statement }) => statement.from));
    return statements
      .filter(({ statement }) => statement.kind === 'allegation.raise')
      .flatMap(({ statement }) => statement.to.filter((party) => !answered.has(party)));
  },
  refused: (statements) =>
    statements.flatMap(({ statement }) => {
      const { refused } = statement.body;
      return statement.kind === 'channel.refuse' && typeof refused === 'string' ? [refused] : [];
    }),
};

/** Anchors a statement to the newest checkpoint of a party's log, cosigned by the others. */
export function anchorTo(
  party: TestParty,
  cosigners: TestParty[],
  time: number,
): { anchor: Anchor[]; lines: string[] } {
  const { log } = party;
  const size = log.leaves.length;
  const text = formatCheckpoint({ origin: log.origin, size, root: log.root() });
  const lines = cosigners.map(({ witness }) => cosign(text, witness, time));
  const root = encodeBase64(log.root());
  return {
    anchor: [{ origin: log.origin, size, root, cosignatures: anchorDigest(lines) }],
    lines,
  };
}

/** A statement of a docket as a bundle has it, its `said` proof cosigned by the others. */
export function bundled(
  author: TestParty,
  said: Logged,
  cosigners: TestParty[],
  time: number,
  lines: string[] = [],
): BundledStatement {
  const proof = author.log.prove(said.proof.index, undefined, [
    { signer: author.ownAccount, time },
    ...cosigners.map(({ witness: signer }) => ({ signer, time: time + 5 })),
  ]);
  return { envelope: said.envelope, said: formatLogProof(proof), anchor: lines };
}

/** A heartbeat of `author` to `receiver` that confirms these heads among three dockets. */
export function heartbeat(
  author: TestParty,
  receiver: TestParty,
  docket: string,
  heads: string[],
  time: number,
): BundledHeartbeat {
  const salt = seed(`salt ${author.slug}`);
  const leaf = {
    docket,
    heads: heads.toSorted(),
    inputDigest: encodeHex(seed('inputs')),
    stateDigest: encodeHex(seed('state')),
  };
  const values: JsonValue = [leaf.docket, leaf.heads, leaf.inputDigest, leaf.stateDigest];
  const entry = leafHash(sha256(concatBytes(salt, canonicalJsonBytes(values))));
  const [before, after] = [leafHash(seed('other')), leafHash(seed('another'))];
  const root = nodeHash(nodeHash(before, entry), after);
  const said = author.say('channel.test', {
    to: [receiver.id],
    docket: channelDocket(author.id, receiver.id),
    body: { salt: encodeHex(salt), count: 3, root: encodeHex(root) },
    pens: [`${author.slug} automatic`],
  });
  const { envelope, said: proof } = bundled(author, said, [receiver], time);
  return { envelope, said: proof, leaf, index: 1, path: [before, after].map(encodeBase64) };
}

export type TestDocket = {
  north: TestParty;
  south: TestParty;
  raised: Logged;
  answered: Logged;
  bundle: Bundle;
};

/** An allegation by north, denied by south, both heads confirmed by both. */
export async function testDocket(exercise = false): Promise<TestDocket> {
  const north = await testParty('north', exercise);
  const south = await testParty('south', exercise);
  const start = testStart;
  const first = anchorTo(south, [north, south], start);
  const raised = north.say('allegation.raise', {
    to: [south.id],
    anchor: first.anchor,
    terms: encodeHex(seed('terms')),
    body: { text: 'what happened' },
  });
  const receipt = south.receive(raised, [{ signer: north.witness, time: start + 20 }]);
  const second = anchorTo(north, [south], start + 30);
  const answered = south.say('allegation.answer', {
    to: [north.id],
    docket: raised.id,
    after: [raised.id],
    anchor: second.anchor,
    body: { answer: 'deny' },
  });
  const receiptOfAnswer = north.receive(answered, [{ signer: south.witness, time: start + 60 }]);
  const receiptOf = (logged: Logged, party: TestParty, proof: typeof receipt) => ({
    statement: logged.id,
    party: party.id,
    role: 'held' as const,
    listDigest: encodeHex(signatureListDigest(logged.envelope.signatures)),
    proof: formatLogProof(proof),
  });
  const bundle: Bundle = {
    comityBundle: 1,
    docket: raised.id,
    envelopes: [
      bundled(north, raised, [south], start + 10, first.lines),
      bundled(south, answered, [north], start + 40, second.lines),
    ],
    credentials: [...chainOf(north), ...chainOf(south)],
    proofs: [receiptOf(raised, south, receipt), receiptOf(answered, north, receiptOfAnswer)],
    heartbeats: [
      heartbeat(north, south, raised.id, [answered.id], start + 100),
      heartbeat(south, north, raised.id, [answered.id], start + 110),
    ],
  };
  return { north, south, raised, answered, bundle };
}

/** The credentials of a party as a bundle has them. */
export const chainOf = (party: TestParty) =>
  party.documents.map(({ envelope, proof }) => ({ envelope, said: formatLogProof(proof) }));

/** A docket of one notification, confirmed by its addressee. */
export async function smallDocket(change: Partial<Bundle> = {}) {
  const one = await testParty('one');
  const two = await testParty('two');
  const notified = one.say('incident.notify', { to: [two.id], pens: ['one 1'] });
  const made: Bundle = {
    comityBundle: 1,
    docket: notified.id,
    envelopes: [bundled(one, notified, [], testStart)],
    credentials: [...chainOf(one), ...chainOf(two)],
    proofs: [],
    heartbeats: [heartbeat(two, one, notified.id, [notified.id], testStart + 60)],
    ...change,
  };
  return { one, two, notified, bundle: made, trusted: [one.id, two.id] };
}
