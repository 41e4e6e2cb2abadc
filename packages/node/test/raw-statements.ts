/** Statements and pouches that a node would not make, for tests of what others must do with them. */
import { randomBytes } from 'node:crypto';
import {
  encodeBase64Url,
  exercisePayloadType,
  exercisePouchPayloadType,
  formatEnvelope,
  formatStatement,
  sealTo,
  signatureListDigest,
  signEnvelopeEd25519,
  statementId,
  writePouch,
} from '@comity/record';
import type { Envelope, JsonValue, PouchManifest, PouchRecord, Statement } from '@comity/record';
import { ownProof } from '../src/log/proofs.ts';
import type { TestParty } from './parties.ts';

export type EnvelopeRecord = Extract<PouchRecord, { type: 'envelope' }>;

/** A statement of a party that its node would not make: anything may be wrong with it. */
export interface RawStatement {
  kind?: string;
  to: string[];
  body: { [key: string]: JsonValue };
  more?: Partial<Statement>;
  /** Signed by this automatic key instead of officers. */
  automatic?: Uint8Array;
  /** Puts it in these parties' queues. */
  recipients?: string[];
  /** How many of its officers sign, the first ones. */
  officers?: number;
  payloadType?: string;
  /** Replaces the payload's bytes after they were made, before anything is signed. */
  payload?: (payload: Uint8Array) => Uint8Array;
  /** Changes the envelope before it is logged as said. */
  envelope?: (envelope: Envelope) => Envelope;
}

/** Logs it as said in the party's own log, past every check, and gives the record of it. */
export async function sayRaw(party: TestParty, raw: RawStatement): Promise<EnvelopeRecord> {
  const { store, sequencer } = party.node.storage;
  const credentials = await store.reader
    .selectFrom('credentials')
    .select('id')
    .where('party', '=', party.id)
    .orderBy('version', 'desc')
    .executeTakeFirstOrThrow();
  const statement: Statement = {
    comity: 1,
    kind: raw.kind ?? 'channel.message',
    from: party.id,
    to: [...raw.to].sort(),
    docket: null,
    after: [],
    prior: null,
    anchor: [],
    terms: null,
    cites: [],
    made: '2027-01-15T08:00:00Z',
    credentials: credentials.id,
    nonce: encodeBase64Url(new Uint8Array(randomBytes(16))),
    body: raw.body,
    ...raw.more,
  };
  const made = formatStatement(statement);
  const payload = raw.payload === undefined ? made : raw.payload(made);
  const payloadType = raw.payloadType ?? exercisePayloadType;
  const officers = party.secrets.slice(0, raw.officers ?? 1).map((secret) => secret.seed);
  const seeds = raw.automatic === undefined ? officers : [raw.automatic];
  const signatures = seeds
    .map((seed) => signEnvelopeEd25519(payloadType, payload, seed))
    .sort((x, y) => (x.keyid < y.keyid ? -1 : 1));
  const signed = { payload, payloadType, signatures };
  const envelope = raw.envelope === undefined ? signed : raw.envelope(signed);
  const id = statementId(payloadType, payload);
  const logged = await sequencer.said({
    id,
    statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    docket: `raw ${id}`,
    chain: 'duty',
    anchorLines: [],
    listDigest: signatureListDigest(envelope.signatures),
    recipients: raw.recipients ?? [],
    draft: null,
  });
  if (!logged.ok) throw new Error(logged.code);
  for (const to of raw.recipients ?? []) party.exchange.courier.kick(to);
  const said = await ownProof(store.reader, id, 'said');
  return { type: 'envelope', envelope, said, anchorLines: [] };
}

let rawSequence = 1_000_000;

/** A pouch with these records, signed by the sender's automatic key and sealed for the receiver. */
export async function craftPouch(
  sender: TestParty,
  receiver: TestParty,
  records: PouchRecord[],
  more: Partial<PouchManifest> = {},
): Promise<Uint8Array> {
  const plaintext = craftPlaintext(sender, receiver, records, more);
  const credentials = await receiver.node.storage.store.reader
    .selectFrom('credentials')
    .select('body')
    .where('party', '=', receiver.id)
    .orderBy('version', 'desc')
    .executeTakeFirstOrThrow();
  const { sealing } = JSON.parse(credentials.body) as { sealing: string[] };
  return sealTo(sealing, plaintext);
}

/** The same before it is sealed. */
export function craftPlaintext(
  sender: TestParty,
  receiver: TestParty,
  records: PouchRecord[],
  more: Partial<PouchManifest> = {},
): Uint8Array {
  rawSequence += 1;
  const manifest: PouchManifest = {
    comityPouch: 1,
    sender: sender.id,
    receiver: receiver.id,
    sequence: rawSequence,
    nonce: encodeBase64Url(new Uint8Array(randomBytes(16))),
    made: '2027-01-15T08:00:00Z',
    ...more,
  };
  const { automaticSeed } = sender.node.keys;
  const sign = (payload: Uint8Array) =>
    signEnvelopeEd25519(exercisePouchPayloadType, payload, automaticSeed);
  return writePouch(manifest, records, sign, true);
}
