/**
 * Shapes of the officers' API, one zod schema each: what is taken is checked by them, what is
 * answered is written through them, and the OpenAPI document is made of them.
 */
import { z } from 'zod';

const time = z.number().int().describe('POSIX seconds');
const id = z.string().describe('64 lower-case hex digits');
const reference = z.string().min(1).max(200);
/** Bodies and other foreign JSON; the kind's own schema decides. */
const json = z.record(z.string(), z.unknown());

/** A party by identifier, the beginning of one, or a name. */
export const partyText = reference.describe('identifier, its beginning, or a name');
export const docketText = reference.describe('docket id or its beginning');

export const confirmRequest = z.strictObject({
  seconds: z.number().int().min(0).max(30).describe('how long to wait at most'),
});

export const confirmedResult = z.object({
  confirmed: z.boolean().describe('every participant confirmed the docket as it is now'),
  by: z.array(id),
  missing: z.array(id),
});

export const signature = z.strictObject({
  keyid: z.string().regex(/^[0-9a-f]{64}$/),
  sig: z.string().max(8_000),
  extension: z
    .strictObject({
      kind: z.literal('webauthn'),
      ext: z.strictObject({
        authenticatorData: z.string().max(8_000),
        clientDataJSON: z.string().max(8_000),
      }),
    })
    .optional(),
});

export const draftRequest = z.strictObject({
  kind: z.string().min(1).max(100),
  to: z.array(partyText).max(64).default([]),
  docket: docketText.nullable().default(null),
  body: json,
  cites: z.array(id).max(64).optional(),
  terms: id.optional(),
  unchecked: z.boolean().optional().describe('exercise parties only: rehearses a refusal'),
  evenIfVoid: z.boolean().optional().describe('drafts it although it would be void'),
});

export const draft = z.object({
  draft: id,
  state: z.enum(['open', 'stale', 'logged', 'discarded']),
  kind: z.string(),
  words: z.string().nullable(),
  idGroups: z.string(),
  to: z.array(id),
  docket: id.nullable(),
  level: z.string(),
  missingSignatures: z.number().int(),
  signedBy: z.array(z.string()),
  maySign: z.array(z.string()),
  payloadType: z.string(),
  payload: z.string().describe('base64; sign its DSSE pre-authentication encoding'),
  createdAt: time,
  body: json,
  wouldBeVoid: z
    .string()
    .nullable()
    .optional()
    .describe('of one draft: why it would be void if it were said now'),
});

export const approval = z.object({
  state: z.enum(['waiting', 'logged', 'stale']),
  /** The statement, once logged. */
  id: id.optional(),
  docket: z.string().optional(),
  index: z.number().int().optional(),
  size: z.number().int().optional(),
  /** The draft that still waits; a new one when the old went stale. */
  draft: id.nullable().optional(),
  missingSignatures: z.number().int(),
  maySign: z.array(z.string()),
  changed: z.array(z.string()).optional(),
});

export const docketRow = z.object({
  docket: id,
  type: z.string(),
  subject: z.string(),
  state: z.string(),
  counterparts: z.array(z.object({ party: id, name: z.string() })),
  lastAct: id.nullable(),
  lastActAt: time.nullable(),
  owed: z.number().int(),
});

export const owedRow = z.object({
  id,
  owedBy: id,
  owedByName: z.string(),
  owedTo: id,
  owedToName: z.string(),
  what: z.string(),
  docket: id,
  start: time.nullable(),
  due: time.nullable(),
  state: z.string(),
  overdue: z.boolean(),
  secondsLeft: z.number().int().nullable(),
  basis: z.string(),
  provisional: z.boolean(),
});

const delivery = z.object({
  party: id,
  state: z.enum(['logged', 'sent', 'received', 'refused']),
  code: z.string().nullable(),
  receiptIndex: z.number().int().nullable(),
  at: time.nullable(),
});

const shownStatement = z.object({
  id,
  kind: z.string(),
  from: id,
  fromName: z.string(),
  own: z.boolean(),
  words: z.string().nullable(),
  act: z.string(),
  reason: z.string().nullable(),
  delivery: z.array(delivery),
  deliveryState: z.string().nullable(),
  witnessed: time.nullable(),
  made: z.string(),
  loggedAt: time,
  prior: id.nullable(),
  after: z.array(id),
  introducedBy: id.nullable(),
  body: json,
});
export const statementOfDocket = shownStatement.extend({ docket: z.string() });

export const shownDocket = z.object({
  docket: id,
  type: z.string(),
  subject: z.string(),
  state: z.string(),
  stateDigest: z.string(),
  inputDigest: z.string(),
  heads: z.array(id),
  participants: z.array(z.object({ party: id, name: z.string() })),
  statements: z.array(shownStatement),
  obligations: z.array(owedRow),
});

export const partyRow = z.object({
  party: id,
  name: z.string(),
  state: z.string(),
  directUrl: z.string().nullable(),
});

export const pairing = z.object({
  party: id,
  name: z.string(),
  safetyNumber: z.string(),
  state: z.string(),
  weConfirmed: z.boolean().describe('a confirmation by us stands in the channel'),
  theyConfirmed: z.boolean().describe('a confirmation by them stands in the channel'),
});

export const alarm = z.object({
  id,
  code: z.string(),
  party: id.nullable(),
  detail: z.string(),
  raisedAt: time,
  clearedAt: time.nullable(),
});

export const witness = z.object({
  vkey: z.string(),
  url: z.string().nullable(),
  size: z.number().int().nullable(),
  time: time.nullable(),
});

export const status = z.object({
  party: id,
  name: z.string(),
  exercise: z.boolean(),
  unprotectedKeys: z.boolean(),
  counterparts: z.array(
    z.object({
      party: id,
      name: z.string(),
      state: z.string(),
      frozen: z.boolean(),
      directUrl: z.string().nullable(),
      waiting: z.number().int(),
      lastHeardAt: time.nullable(),
      lastSentAt: time.nullable(),
      lastTestSentAt: time.nullable(),
      lastTestHeardAt: time.nullable(),
      heartbeatSeconds: z.number().int(),
      failures: z.number().int(),
      lastError: z.string().nullable(),
      entriesCopied: z.number().int(),
      ourSizeConfirmed: z.number().int(),
    }),
  ),
  log: z.object({
    origin: z.string(),
    vkey: z.string(),
    size: z.number().int(),
    root: z.string().nullable(),
    blocked: z.string().nullable(),
    awaited: z.number().int(),
    todo: z.string().nullable(),
  }),
  witnesses: z.array(witness),
  alarms: z.array(alarm),
  drafts: z.number().int(),
  duty: z.object({
    notLookedAt: z.number().int(),
    dockets: z.array(id),
    owed: z.number().int(),
    overdue: z.number().int(),
  }),
  now: time,
});

export const roster = z.object({
  officers: z.array(
    z.object({
      office: z.string(),
      levels: z.array(z.enum(['duty', 'solemn', 'root'])),
      keys: z.array(z.object({ type: z.string(), keyid: z.string() })),
      keyFile: z.string().nullable(),
      unprotected: z.boolean(),
    }),
  ),
  thresholds: z.object({
    root: z.number().int(),
    solemn: z.number().int(),
    duty: z.number().int(),
  }),
  onePerson: z.boolean(),
  delegations: z.array(
    z.object({
      id,
      office: z.string(),
      kinds: z.array(z.string()),
      until: z.string(),
      ended: z.boolean(),
    }),
  ),
});

const thresholdWish = z.strictObject({
  threshold: z.number().int().min(1).max(64),
  offices: z.array(z.string()).optional(),
});
const officerKey = z.union([
  z.strictObject({ type: z.literal('ed25519'), key: z.string() }),
  z.strictObject({ type: z.literal('ml-dsa-44'), key: z.string() }),
  z.strictObject({
    type: z.literal('webauthn'),
    algorithm: z.enum(['ES256', 'EdDSA']),
    key: z.string(),
    rpId: z.string(),
    origins: z.array(z.string()),
  }),
]);
const contact = z.strictObject({
  languages: z.array(z.string()),
  hours: z.string(),
  timeZone: z.string(),
  telephone: z.string().optional(),
});
export const rotationWish = z.strictObject({
  name: z.record(z.string(), z.string()).optional(),
  functions: z.array(z.string()).optional(),
  officers: z.record(z.string(), z.strictObject({ keys: z.array(officerKey) })).optional(),
  removeOfficers: z.array(z.string()).optional(),
  thresholds: z
    .strictObject({
      root: thresholdWish.optional(),
      solemn: thresholdWish.optional(),
      duty: thresholdWish.optional(),
    })
    .optional(),
  onePerson: z.boolean().optional(),
  routes: z.array(z.strictObject({ kind: z.literal('direct'), url: z.string() })).optional(),
  contacts: z
    .strictObject({
      diplomatic: contact.optional(),
      technical: contact.optional(),
      duty: contact.optional(),
    })
    .optional(),
  sealing: z.array(z.string()).optional(),
  delegations: z.array(id).optional(),
  expires: time.optional(),
});

/** The officer says it in so many words: nothing else is a reason to go on. */
export const restoreWord = z.union([
  z.strictObject({ nobodyElse: z.literal(true) }),
  z.strictObject({ withoutTheRest: z.literal(true) }),
]);
export const restoreAnswer = z.object({
  /** Entries whose statements are given up. */
  givenUp: z.number().int(),
  size: z.number().int(),
  /** The log ended: a witness cosigned more than is left of it. */
  ended: z.boolean(),
});

export const importRequest = z.strictObject({
  to: z.array(partyText).min(1).max(64),
  dryRun: z.boolean().default(false),
  records: z
    .array(z.strictObject({ key: z.string().min(1).max(200), kind: z.string(), body: json }))
    .max(64),
});

export const importedItem = z.object({
  key: z.string(),
  state: z.enum(['unchanged', 'draft', 'would-raise', 'error']),
  docket: id.optional(),
  draft: id.optional(),
  payloadType: z.string().optional(),
  payload: z.string().optional(),
  maySign: z.array(z.string()).optional(),
  missingSignatures: z.number().int().optional(),
  code: z.string().optional(),
  detail: z.string().optional(),
});

export const pouchResult = z.object({
  records: z.number().int(),
  taken: z.number().int(),
  refused: z.number().int(),
});

export const fsckResult = z.object({
  ok: z.boolean(),
  statements: z.number().int(),
  proofs: z.number().int(),
  problems: z.array(z.object({ code: z.string(), about: z.string(), detail: z.string() })),
});
