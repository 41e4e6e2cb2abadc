/**
 * `allegation.*`: an allegation stands with its reply or with "no reply, due …".
 *
 * Concurrent acts: of one respondent's answers the last in its own log counts, and a `holding` one
 * never displaces an answer; a withdrawal beats everything; two conclusions of one digest by raiser
 * and respondent are one; evidence never meets anything.
 */
import { z } from 'zod';
import {
  attachments,
  confidence,
  hexDigest,
  name,
  originLevel,
  proposition,
  text,
  textByLanguage,
  timestamp,
} from '../fields.ts';
import { listMax } from '../limits.ts';
import { define, readText } from './definition.ts';

const docketTypes = ['allegation'] as const;

export const raise = define({
  kind: 'allegation.raise',
  opens: 'allegation',
  docketTypes,
  schema: z.strictObject({
    /** A participant other than the author, by identifier; never a natural person. */
    respondent: hexDigest,
    conduct: textByLanguage,
    level: originLevel,
    basis: z
      .array(
        z.strictObject({
          kind: z.enum(['assurance', 'instrument', 'norm']),
          /** A docket id for an assurance, otherwise a name in a vocabulary. */
          reference: name,
        }),
      )
      .min(1)
      .max(listMax),
    period: z.strictObject({ from: timestamp.nullable(), until: timestamp.nullable() }),
    particulars: z
      .array(z.strictObject({ number: z.int().min(1).max(1000), text: textByLanguage }))
      .max(listMax),
    evidence: z.strictObject({
      shown: z.array(name).max(listMax),
      /** What is withheld and why; empty only where nothing is. */
      withheld: z.string().max(4096),
    }),
    alternatives: text,
    proposition,
    confidence,
    attachments: attachments.optional(),
  }),
  level: () => 'solemn',
  names: ({ respondent }) => ({ path: '/respondent', parties: [respondent] }),
  words: (body) => `alleges (${body.level}): ${readText(body.conduct)}`,
});

const answers = [
  'deny',
  'accept-facts',
  'accept-responsibility',
  'partly',
  'no-knowledge',
  'particulars-requested',
  'position-reserved',
  'declines',
  'holding',
] as const;
export type AllegationAnswer = (typeof answers)[number];

export const answer = define({
  kind: 'allegation.answer',
  opens: null,
  docketTypes,
  schema: z
    .strictObject({
      answer: z.enum(answers),
      text: textByLanguage.optional(),
      /** With `partly`: by number of the particular. */
      particulars: z
        .array(
          z.strictObject({
            number: z.int().min(1).max(1000),
            answer: z.enum(['deny', 'accept-facts', 'accept-responsibility', 'no-knowledge']),
          }),
        )
        .max(listMax)
        .optional(),
      until: timestamp.optional(),
    })
    .refine((body) => (body.answer === 'holding') === (body.until !== undefined), {
      message: '`until` goes with `holding`',
      path: ['until'],
    }),
  level: () => 'solemn',
  words: (body) =>
    ({
      deny: 'denies the allegation',
      'accept-facts': 'accepts the facts alleged',
      'accept-responsibility': 'accepts responsibility',
      partly: 'accepts the allegation in part',
      'no-knowledge': 'answers that it has no knowledge of it',
      'particulars-requested': 'asks for particulars',
      'position-reserved': 'reserves its position',
      declines: 'declines to answer',
      holding: `holds its answer until ${body.until ?? ''}`,
    })[body.answer],
});

export const evidence = define({
  kind: 'allegation.evidence',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    items: z
      .array(
        z.strictObject({
          digest: hexDigest,
          bytes: z.int().min(0),
          mediaType: name,
          name,
          custody: z
            .array(z.strictObject({ who: name, what: name, at: timestamp, how: name }))
            .max(listMax),
        }),
      )
      .min(1)
      .max(listMax),
    text: textByLanguage.optional(),
  }),
  level: () => 'duty',
  words: (body) =>
    body.items.length === 1
      ? 'adds an item of evidence'
      : `adds ${body.items.length} items of evidence`,
});

export const withdraw = define({
  kind: 'allegation.withdraw',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    reason: z.enum(['mistaken', 'settled', 'without-prejudice']),
    text: textByLanguage.optional(),
  }),
  level: () => 'solemn',
  words: (body) => `withdraws the allegation (${body.reason})`,
});

/** Both sign the same digest of `text`: SHA-256 over its RFC 8785 bytes, worked out by the fold. */
export const conclude = define({
  kind: 'allegation.conclude',
  opens: null,
  docketTypes,
  schema: z.strictObject({ text: textByLanguage }),
  level: () => 'solemn',
  words: (body) => `concludes: ${readText(body.text)}`,
});
