/** Schemas of the fields that kinds share. All strings and arrays are bounded. */
import { z } from 'zod';
import { languagesMax, listMax, nameUnitsMax, textUnitsMax, titleUnitsMax } from './limits.ts';
import { parseTime } from '@comity/record';

/** 64 lower-case hex digits: a statement, a party, a docket or a digest. */
export const hexDigest = z.string().regex(/^[0-9a-f]{64}$/);

/** `2026-11-24T03:00:00Z`: UTC, whole seconds, a real calendar date. */
export const timestamp = z
  .string()
  .length(20)
  .refine((text) => parseTime(text) !== null, 'not a time like 2026-11-24T03:00:00Z');

export const title = z.string().min(1).max(titleUnitsMax);
export const text = z.string().min(1).max(textUnitsMax);
export const name = z.string().min(1).max(nameUnitsMax);

/** A language tag (BCP 47, lower case for the language). Well-formedness only. */
export const language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/);

/** One text in one or more languages; none is the original unless the docket says so. */
export const textByLanguage = z.record(language, text).refine((value) => {
  const count = Object.keys(value).length;
  return count >= 1 && count <= languagesMax;
}, 'one to 32 languages');

/** Likelihood bands (source: ICD 203). Never in one sentence with confidence. */
const likelihood = z.enum([
  'almost-no-chance',
  'very-unlikely',
  'unlikely',
  'roughly-even',
  'likely',
  'very-likely',
  'almost-certain',
]);
export const confidence = z.enum(['low', 'moderate', 'high']);

/** A claim and how likely its author holds it to be. */
export const proposition = z.strictObject({ text: textByLanguage, likelihood });

/** TLP 2.0 and no others. */
export const trafficLight = z.enum(['RED', 'AMBER+STRICT', 'AMBER', 'GREEN', 'CLEAR']);

export const priority = z.enum(['ordinary', 'urgent', 'flash']);

/** The eight markers of standard marine phrases. */
export const marker = z.enum([
  'instruction',
  'advice',
  'warning',
  'information',
  'question',
  'answer',
  'request',
  'intention',
]);

/** What level of origin is claimed; the words of an allegation and of a notification alike. */
export const originLevel = z.enum([
  'network-origin',
  'operator',
  'state-organ',
  'directed-or-controlled',
  'failure-to-act-when-told',
]);

/** An attachment by salted digest; the bytes travel apart. */
const attachment = z.strictObject({
  digest: hexDigest,
  bytes: z.int().min(0),
  mediaType: name,
  name,
});
export const attachments = z.array(attachment).max(listMax);
