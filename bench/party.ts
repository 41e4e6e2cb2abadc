/** A party and its statements for measurements, made with record alone. */
import { randomBytes } from 'node:crypto';
import {
  addSignature,
  ed25519PublicKey,
  encodeBase64,
  encodeBase64Url,
  exercisePayloadType,
  formatEnvelope,
  formatStatement,
  formatVkey,
  noteKey,
  signEnvelopeEd25519,
  statementId,
} from '@comity/record';
import type {
  Chain,
  CredentialsBody,
  Envelope,
  JsonValue,
  NoteSigner,
  Statement,
} from '@comity/record';

export interface BenchParty {
  chain: Chain;
  officerSeed: Uint8Array;
  logSigner: NoteSigner;
  ownAccountSigner: NoteSigner;
}

function signer(name: string, type: 0x01 | 0x04): NoteSigner {
  const seed = randomBytes(32);
  return { key: noteKey(name, type, ed25519PublicKey(seed)), seed };
}

/** A party with one officer. Its chain is put together, not verified: the measurement does that. */
export function benchParty(): BenchParty {
  const origin = `exercise.bench/${randomBytes(8).toString('hex')}`;
  const logSigner = signer(origin, 0x01);
  const ownAccountSigner = signer(`${origin}/own-account`, 0x04);
  const officerSeed = randomBytes(32);
  const all = { threshold: 1, offices: ['Duty officer 1'] };
  const body: CredentialsBody = {
    version: 1,
    previous: null,
    exercise: true,
    name: { en: 'Bench' },
    functions: ['organisation'],
    officers: {
      'Duty officer 1': {
        keys: [{ type: 'ed25519', key: encodeBase64(ed25519PublicKey(officerSeed)) }],
      },
    },
    authority: {
      root: all,
      solemn: all,
      duty: all,
      automatic: { key: encodeBase64(ed25519PublicKey(randomBytes(32))) },
    },
    onePerson: true,
    log: { origin, keys: [formatVkey(logSigner.key)], previous: null },
    witnessKey: formatVkey(signer(`${origin}/witness`, 0x04).key),
    ownAccountKey: formatVkey(ownAccountSigner.key),
    sealing: [],
    routes: [],
    contacts: {},
    kinds: { protocol: 1, folds: [1] },
    delegations: [],
    expires: '2030-01-01T00:00:00Z',
  };
  const statement = emptyStatement('party.credentials', body);
  const payload = formatStatement(statement);
  const id = statementId(exercisePayloadType, payload);
  const envelope: Envelope = { payload, payloadType: exercisePayloadType, signatures: [] };
  const version = { id, version: 1, body, origin, index: 0, envelope };
  return {
    chain: { party: id, exercise: true, versions: [version], delegations: [], frozen: false },
    officerSeed,
    logSigner,
    ownAccountSigner,
  };
}

function emptyStatement(kind: string, body: { [member: string]: JsonValue }): Statement {
  return {
    comity: 1,
    kind,
    from: null,
    to: [],
    docket: null,
    after: [],
    prior: null,
    anchor: [],
    terms: null,
    cites: [],
    made: '2026-11-24T03:00:00Z',
    credentials: null,
    nonce: encodeBase64Url(randomBytes(16)),
    body,
  };
}

/** Body of the `incident.notify` that every measurement says. */
export const notification = {
  title: 'Intrusion into a voter registration gateway',
  text: 'We see an intrusion that comes through networks you answer for.',
  category: 'intrusion',
  sector: 'elections',
  severity: 'high',
  priority: 'ordinary',
  times: [],
  origin: null,
  proposition: null,
  confidence: null,
  signals: [],
  tlp: 'AMBER',
  asked: [],
};

/** Bytes of a signed `incident.notify` of some 800 bytes of payload, a different one each time. */
export function signedNotification(party: BenchParty, to: string): Uint8Array {
  const statement: Statement = {
    ...emptyStatement('incident.notify', notification),
    from: party.chain.party,
    to: [to],
    terms: '0'.repeat(64),
    credentials: party.chain.party,
  };
  const payload = formatStatement(statement);
  const empty: Envelope = { payload, payloadType: exercisePayloadType, signatures: [] };
  const signature = signEnvelopeEd25519(exercisePayloadType, payload, party.officerSeed);
  return formatEnvelope(addSignature(empty, signature));
}
