/**
 * `channel.*`: pairing, terms, heartbeats, refusals and free text.
 *
 * Concurrent acts: the newest pairing of each side counts, wherever it stands; terms are in force
 * by what they replace, whichever was signed first (rulings.md, 19); tests and messages never meet.
 */
import { z } from 'zod';
import {
  attachments,
  hexDigest,
  language,
  marker,
  name,
  priority,
  text,
  title,
} from '../fields.ts';
import { listMax } from '../limits.ts';
import { termsSchema } from '../terms.ts';
import { define, oneLine } from './definition.ts';

/** Confirms the safety number: the credentials ids of both that it was computed from. */
export const pair = define({
  kind: 'channel.pair',
  opens: null,
  docketTypes: ['channel'],
  schema: z.strictObject({ own: hexDigest, theirs: hexDigest }),
  level: () => 'duty',
  words: (body) =>
    `confirms the safety number between credentials ${body.own.slice(0, 8)} and ${body.theirs.slice(0, 8)}`,
});

export const terms = define({
  kind: 'channel.terms',
  opens: null,
  docketTypes: ['channel'],
  schema: z.strictObject({
    terms: termsSchema,
    /** Digest of the terms in force that these replace, null for the first. */
    replaces: hexDigest.nullable(),
    /** Digests of the rival successors that these settle between. */
    settles: z.array(hexDigest).min(2).max(listMax).optional(),
  }),
  level: () => 'solemn',
  words: (body) =>
    `agrees to the terms “${oneLine(body.terms.name)}”${body.replaces === null ? '' : ' in place of those in force'}`,
});

/** Heartbeat (rulings.md, 26). `salt` is 16 to 32 bytes in hex. */
export const test = define({
  kind: 'channel.test',
  opens: null,
  docketTypes: ['channel'],
  schema: z.strictObject({
    salt: z.string().regex(/^(?:[0-9a-f]{2}){16,32}$/),
    count: z.int().min(0),
    root: hexDigest,
  }),
  level: () => 'automatic',
  words: (body) =>
    `tests the channel and confirms ${body.count} shared ${body.count === 1 ? 'docket' : 'dockets'}`,
});

export const refusalCodes = [
  'bad-signature',
  'insufficient-authority',
  'bad-schema',
  'not-addressed',
  'too-large',
  'credentials-gap',
  'rate-limited',
  'unreadable',
  'wrong-exercise',
  'bad-proof',
  'bad-text',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** `refused` is a statement id; for `unreadable` the digest of a pouch. */
export const refuse = define({
  kind: 'channel.refuse',
  opens: null,
  docketTypes: ['channel', 'assurance', 'incident', 'allegation', 'other'],
  schema: z.strictObject({
    refused: hexDigest,
    code: z.enum(refusalCodes),
    detail: name.optional(),
  }),
  level: () => 'automatic',
  words: (body) => `refuses ${body.refused.slice(0, 8)} (${body.code})`,
});

export const message = define({
  kind: 'channel.message',
  opens: null,
  docketTypes: ['channel'],
  schema: z.strictObject({
    marker,
    priority,
    /** `working`: not citable, not in reviews, disclosed only by both. */
    standing: z.enum(['official', 'working']),
    subject: title.optional(),
    text,
    language,
    inReplyTo: hexDigest.optional(),
    attachments: attachments.optional(),
  }),
  level: () => 'duty',
  words: (body) => `sends ${withArticle(body)}: ${oneLine(body.text)}`,
});

/** "an answer", "a flash warning", "urgent advice". */
function withArticle(body: { marker: z.infer<typeof marker>; priority: z.infer<typeof priority> }) {
  const sent = body.priority === 'ordinary' ? body.marker : `${body.priority} ${body.marker}`;
  if (body.marker === 'advice' || body.marker === 'information') return sent;
  return `${/^[aeiou]/.test(sent) ? 'an' : 'a'} ${sent}`;
}
