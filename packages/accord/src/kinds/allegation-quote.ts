/**
 * `allegation.quote`: a public allegation by somebody else. It is never the quoting party's own
 * accusation, creates no obligation and never goes into the register.
 */
import { z } from 'zod';
import { attachments, hexDigest, name } from '../fields.ts';
import { linkUnitsMax, listMax, longListMax, textUnitsMax } from '../limits.ts';
import { define, oneLine } from './definition.ts';

const base64 = z
  .string()
  .max(262_144)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** Text of a source: itself, or its bytes where signed JSON cannot hold it. */
const quotedText = z.union([
  z.string().max(textUnitsMax),
  z.strictObject({
    encoding: z.literal('utf-8'),
    base64,
    readable: z.string().max(textUnitsMax),
  }),
]);
const quotedDate = z.strictObject({
  original: z.string().max(linkUnitsMax),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
});

const quotedAllegation = z.strictObject({
  by: quotedText.nullable(),
  byKind: quotedText.nullable(),
  byAffiliation: quotedText.nullable(),
  byNation: quotedText.nullable(),
  on: quotedDate.nullable(),
  manner: quotedText.nullable(),
  basis: quotedText.nullable(),
  where: z.array(quotedText).max(longListMax),
  respondents: z
    .array(
      z.strictObject({
        name: quotedText.nullable(),
        nation: quotedText.nullable(),
        category: quotedText.nullable(),
      }),
    )
    .max(longListMax),
});

const contradiction = z.strictObject({
  about: z.enum(['nation', 'name', 'category']),
  disjoint: z.boolean(),
  positions: z
    .array(
      z.strictObject({
        values: z.array(quotedText).max(longListMax),
        allegations: z.array(z.int().min(0).max(listMax)).max(listMax),
      }),
    )
    .max(listMax),
});

export const quote = define({
  kind: 'allegation.quote',
  opens: 'allegation',
  docketTypes: ['allegation'],
  schema: z.strictObject({
    title: quotedText,
    text: quotedText.nullable(),
    /** A participant, where the source's respondent is one; absent: "not served on NAME". */
    respondent: hexDigest.optional(),
    allegations: z.array(quotedAllegation).min(1).max(listMax),
    contradictions: z.array(contradiction).max(listMax),
    period: z.strictObject({ from: quotedDate.nullable(), until: quotedDate.nullable() }),
    methods: z.array(quotedText).max(longListMax),
    evidence: z
      .array(
        z.strictObject({
          role: z.enum(['statement', 'archive', 'image', 'report']),
          link: quotedText,
        }),
      )
      .max(longListMax),
    answers: z
      .array(
        z.strictObject({ question: z.string().max(linkUnitsMax), met: z.boolean().nullable() }),
      )
      .max(listMax)
      .nullable(),
    details: z.array(z.strictObject({ name, value: quotedText })).max(longListMax),
    source: z.strictObject({
      key: hexDigest,
      dataset: name,
      record: name,
      coder: name,
      coded: quotedDate.nullable(),
      rows: z.array(z.strictObject({ table: name, sha256: hexDigest, base64 })).max(longListMax),
    }),
    attachments: attachments.optional(),
  }),
  level: () => 'duty',
  names: ({ respondent }) => ({
    path: '/respondent',
    parties: respondent === undefined ? [] : [respondent],
  }),
  words: (body) => `quotes a public allegation: ${readable(body.title)}`,
});

function readable(quoted: string | { readable: string }): string {
  return oneLine(typeof quoted === 'string' ? quoted : quoted.readable);
}
