/**
 * `assurance.*`: a promise, effective on reciprocity.
 *
 * Concurrent acts: a withdrawal beats everything but void acts; a suspension beats a concurrent
 * affirmation; a reciprocation beats a concurrent decline of the same party; two reciprocations of
 * one party are one; of one giver's suspensions and resumptions the later in its own log counts.
 */
import { z } from 'zod';
import { canonicalJsonBytes, sha256Hex } from '@comity/record';
import { durationSchema } from '../duration.ts';
import { hexDigest, name, textByLanguage, timestamp } from '../fields.ts';
import { listMax } from '../limits.ts';
import { define, readText } from './definition.ts';

const docketTypes = ['assurance'] as const;

const promise = {
  subject: textByLanguage,
  scope: z.strictObject({ description: textByLanguage, onlyByIct: z.boolean() }),
  definitions: z.array(z.strictObject({ term: name, meaning: textByLanguage })).max(listMax),
  text: textByLanguage,
  legalStatus: z.enum(['binding', 'political']),
  reciprocity: z.enum(['mutual', 'unilateral']),
  /** How long before a withdrawal ends the assurance. */
  notice: durationSchema,
  /** How long the assurance runs once in force, by text; null: open. */
  validity: textByLanguage.nullable(),
};

export const offer = define({
  kind: 'assurance.offer',
  opens: 'assurance',
  docketTypes,
  schema: z.strictObject({
    ...promise,
    /** The offer can be reciprocated until then, inclusive. */
    openUntil: timestamp,
    /** While it runs, from service on the addressee, the offer cannot be withdrawn. */
    irrevocableFor: durationSchema,
  }),
  level: () => 'solemn',
  words: (body) =>
    `offers a ${body.reciprocity} ${body.legalStatus === 'binding' ? 'legally binding' : 'political'} assurance: ${readText(body.subject)}`,
});

/** An offer's body. */
export type OfferBody = import('zod').infer<typeof offer.schema>;

/**
 * The digest that a reciprocation names: SHA-256 of the RFC 8785 bytes of what is promised, so that
 * two offers of one promise have one digest. `openUntil` and `irrevocableFor` are not in it.
 */
export function assuranceDigest(body: OfferBody): string {
  const { openUntil: _open, irrevocableFor: _irrevocable, ...promised } = body;
  return sha256Hex(canonicalJsonBytes(promised));
}

export const reciprocate = define({
  kind: 'assurance.reciprocate',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    text: hexDigest,
    /** Leaves the text unchanged; shown beside it. */
    understanding: textByLanguage.optional(),
  }),
  level: () => 'solemn',
  words: (body) =>
    body.understanding === undefined
      ? 'gives the same assurance in return'
      : `gives the same assurance in return, with an understanding: ${readText(body.understanding)}`,
});

export const decline = define({
  kind: 'assurance.decline',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    answer: z.enum(['declines', 'takes-note', 'will-revert']),
    reasons: textByLanguage.optional(),
  }),
  level: () => 'solemn',
  words: (body) =>
    ({
      declines: 'declines the assurance',
      'takes-note': 'takes note of the assurance',
      'will-revert': 'will come back to the assurance',
    })[body.answer],
});

const reasons = z.strictObject({ reasons: textByLanguage.optional() });

export const affirm = define({
  kind: 'assurance.affirm',
  opens: null,
  docketTypes,
  schema: reasons,
  level: () => 'duty',
  words: () => 'affirms the assurance',
});

export const suspend = define({
  kind: 'assurance.suspend',
  opens: null,
  docketTypes,
  schema: reasons,
  level: () => 'solemn',
  words: () => 'suspends the assurance',
});

export const resume = define({
  kind: 'assurance.resume',
  opens: null,
  docketTypes,
  schema: reasons,
  level: () => 'solemn',
  words: () => 'resumes the assurance',
});

export const withdraw = define({
  kind: 'assurance.withdraw',
  opens: null,
  docketTypes,
  schema: reasons,
  level: () => 'solemn',
  words: () => 'withdraws the assurance',
});
