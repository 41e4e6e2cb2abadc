/** Credentials version 1: what makes a party (protocol.md, Party and credentials). Pure. */
import {
  ed25519PublicKey,
  encodeBase64,
  encodeBase64Url,
  exercisePayloadType,
  formatStatement,
  formatVkey,
  statementId,
  statementPayloadType,
} from '@comity/record';
import type { CredentialsBody, Statement } from '@comity/record';
import type { NodeKeys, Random } from '../context.ts';
import { officerPublicKey } from '../officers/key-files.ts';
import type { OfficerSecret } from '../officers/key-files.ts';

const secondsPerYear = 31_536_000;
/** A warning, never a stop. */
const validYears = 2;

export interface FirstCredentials {
  /** The party's identifier for ever. */
  id: string;
  statement: Statement;
  payload: Uint8Array;
  payloadType: string;
}

/** What a new party says of itself. */
export interface NewParty {
  name: string;
  functions: string[];
  officers: OfficerSecret[];
  keys: NodeKeys;
  sealing: string[];
  direct: string | null;
  now: number;
}

/**
 * The body of version 1. With one officer the party is a one-person organisation, which every
 * counterpart sees; with more, solemn and root need two.
 */
function firstCredentialsBody(party: NewParty): CredentialsBody {
  const { keys } = party;
  const offices = party.officers.map((officer) => officer.office).sort();
  const two = { threshold: Math.min(2, offices.length), offices };
  return {
    version: 1,
    previous: null,
    exercise: keys.exercise,
    name: { en: party.name },
    functions: [...new Set(party.functions)].sort(),
    officers: Object.fromEntries(
      party.officers.map((officer) => [officer.office, { keys: [officerPublicKey(officer)] }]),
    ),
    authority: {
      root: two,
      solemn: two,
      duty: { threshold: 1, offices },
      automatic: { key: encodeBase64(ed25519PublicKey(keys.automaticSeed)) },
    },
    onePerson: offices.length === 1,
    log: {
      origin: keys.logSigner.key.name,
      keys: [formatVkey(keys.logSigner.key)],
      previous: null,
    },
    witnessKey: formatVkey(keys.witnessSigner.key),
    ownAccountKey: formatVkey(keys.ownAccountSigner.key),
    sealing: party.sealing,
    routes: party.direct === null ? [] : [{ kind: 'direct', url: party.direct }],
    contacts: {},
    kinds: { protocol: 1, folds: [1] },
    delegations: [],
    expires: isoTime(party.now + validYears * secondsPerYear),
  };
}

/** The statement around it: `from`, `credentials` and `docket` are null in version 1. */
export function firstCredentials(party: NewParty, random: Random): FirstCredentials {
  const statement: Statement = {
    comity: 1,
    kind: 'party.credentials',
    from: null,
    to: [],
    docket: null,
    after: [],
    prior: null,
    anchor: [],
    terms: null,
    cites: [],
    made: isoTime(party.now),
    credentials: null,
    nonce: encodeBase64Url(random(16)),
    body: firstCredentialsBody(party),
  };
  const payloadType = party.keys.exercise ? exercisePayloadType : statementPayloadType;
  const payload = formatStatement(statement);
  return { id: statementId(payloadType, payload), statement, payload, payloadType };
}

function isoTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
