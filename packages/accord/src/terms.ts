/**
 * Terms: what the parties agreed that drives the clocks (accord.md, "Obligations and clocks";
 * rulings.md, 6, 18, 19). A terms object is named by its digest, SHA-256 of its RFC 8785 bytes.
 */
import { z } from 'zod';
import { canonicalJsonBytes, failure, sha256Hex, success } from '@comity/record';
import type { JsonValue, Result } from '@comity/record';
import { coverageSchema, durationSchema, nominalSeconds } from './duration.ts';
import { hexDigest, language, name } from './fields.ts';
import {
  languagesMax,
  listMax,
  participantsMax,
  realDurationSecondsMin,
  timingPoliciesMax,
  timingPolicyUnitsMax,
} from './limits.ts';

/** A term by priority; what is absent follows `ordinary`. */
const deadlineSchema = z.strictObject({
  ordinary: durationSchema,
  urgent: durationSchema.optional(),
  flash: durationSchema.optional(),
  protectedPeriod: durationSchema.optional(),
  pollingDay: durationSchema.optional(),
});
export type Deadline = z.infer<typeof deadlineSchema>;

const deadlines = z.strictObject({
  acknowledgeNotification: deadlineSchema.nullable(),
  acknowledgeNotice: deadlineSchema.nullable(),
  answerRequest: deadlineSchema.nullable(),
  firstInformation: deadlineSchema.nullable(),
  findings: deadlineSchema.nullable(),
  holdingAnswer: deadlineSchema.nullable(),
  answerAllegation: deadlineSchema.nullable(),
  advanceNotice: deadlineSchema.nullable(),
  advanceNoticeNormally: deadlineSchema.nullable(),
  reportIncident: deadlineSchema.nullable(),
  warnElectionAuthority: deadlineSchema.nullable(),
  consultation: deadlineSchema.nullable(),
  review: deadlineSchema.nullable(),
  testContacts: deadlineSchema.nullable(),
  closedUnanswered: deadlineSchema,
  parentsWithheld: deadlineSchema,
});
export type DeadlineName = keyof z.infer<typeof deadlines>;

/** Terms as signed. `null` among the deadlines: no such obligation under these terms. */
export const termsSchema = z
  .strictObject({
    fold: z.literal(1),
    name,
    exercise: z.boolean(),
    deadlines,
    /** How long the instrument runs, its renewal and the notice that ends it; null: open. */
    term: z
      .strictObject({ length: durationSchema, renewed: z.boolean(), notice: durationSchema })
      .nullable(),
    protectedPeriods: z
      .strictObject({
        filedAhead: durationSchema,
        length: durationSchema,
        daysPerYear: z.int().min(0).max(366),
      })
      .nullable(),
    /** Grace between saying and receipt (protocol.md, "Service"). */
    service: z.strictObject({
      intervalSeconds: z.int().min(1).max(86_400),
      flashIntervalSeconds: z.int().min(1).max(86_400),
    }),
    heartbeatSeconds: z.int().min(1).max(86_400),
    /** Third parties whose log of deposits serves a pouch. */
    depositWith: z.array(hexDigest).max(listMax),
    /** C2SP tlog-policy texts, one for each log that is timed; a log without one has the default. */
    timing: z.array(z.string().min(1).max(timingPolicyUnitsMax)).max(timingPoliciesMax),
    coverage: z.strictObject({
      default: coverageSchema,
      parties: z
        .record(hexDigest, coverageSchema)
        .refine((value) => Object.keys(value).length <= participantsMax, 'too many parties'),
    }),
    flashPerDay: z.int().min(1).max(1_000),
    /** Statements an hour that each side must take in at the least. */
    acceptPerHour: z.int().min(1).max(1_000_000),
    vocabularies: z.array(z.strictObject({ name, digest: hexDigest })).max(listMax),
    signalBook: z
      .strictObject({ digest: hexDigest, languages: z.array(language).max(languagesMax) })
      .nullable(),
  })
  .refine((terms) => terms.exercise || durationsAreReal(terms), {
    message: 'real terms refuse durations under a minute',
  });
export type Terms = z.infer<typeof termsSchema>;

/**
 * Reads a terms object. `exercise` says for whom: exercise terms are refused to real parties and
 * real terms are not refused to exercise parties. Durations under a minute are `bad-terms` unless
 * the terms are an exercise's own.
 */
export function parseTerms(json: unknown, exercise: boolean): Result<Terms, 'bad-terms'> {
  const parsed = termsSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return failure('bad-terms', `/${(issue?.path ?? []).join('/')}`, issue?.message ?? '');
  }
  if (parsed.data.exercise && !exercise) {
    return failure('bad-terms', '/exercise', 'exercise terms bind exercise parties only');
  }
  return success(parsed.data);
}

/** 64 hex digits of SHA-256 over the RFC 8785 bytes. */
export function termsDigest(terms: Terms): string {
  let digest = digests.get(terms);
  if (digest === undefined) {
    digest = sha256Hex(canonicalJsonBytes(terms as unknown as JsonValue));
    digests.set(terms, digest);
  }
  return digest;
}
// Terms objects are never changed after parsing; the digest of one object is worked out once.
const digests = new WeakMap<Terms, string>();

function durationsAreReal(terms: {
  deadlines: { [rule: string]: Deadline | null };
  term: { length: Deadline['ordinary']; notice: Deadline['ordinary'] } | null;
  service: { intervalSeconds: number; flashIntervalSeconds: number };
  heartbeatSeconds: number;
}): boolean {
  const lengths = Object.values(terms.deadlines).flatMap((deadline) =>
    Object.values(deadline ?? {}).flatMap((one) => (one === undefined ? [] : nominalSeconds(one))),
  );
  if (terms.term !== null) {
    lengths.push(nominalSeconds(terms.term.length), nominalSeconds(terms.term.notice));
  }
  lengths.push(terms.service.intervalSeconds, terms.service.flashIntervalSeconds);
  lengths.push(terms.heartbeatSeconds);
  return lengths.every((seconds) => seconds >= realDurationSecondsMin);
}
