/**
 * The terms that every node knows: the two model instruments whose defaults accord.md tables.
 *
 * They are also data in `instruments/<name>/instrument.json`; a test holds the two equal.
 */
import { InvariantError } from '@comity/record';
import { nominalSeconds, type Coverage, type Duration } from './duration.ts';
import type { Deadline, Terms } from './terms.ts';

export type BuiltInTermsName = 'contact-points' | 'incidents-ict';

const workingWeek: Coverage = {
  kind: 'working-hours',
  weekdays: [1, 2, 3, 4, 5],
  from: '09:00',
  until: '17:00',
  timeZone: 'UTC',
  offsets: [{ since: null, minutes: 0 }],
  holidays: [],
};

const contactPoints: Terms = {
  fold: 1,
  name: 'contact-points',
  exercise: false,
  deadlines: {
    acknowledgeNotification: { ordinary: { workingDays: 1 }, flash: { hours: 2 } },
    acknowledgeNotice: { ordinary: { workingDays: 2 } },
    answerRequest: { ordinary: { workingDays: 5 } },
    firstInformation: null,
    findings: null,
    holdingAnswer: null,
    answerAllegation: null,
    advanceNotice: { ordinary: { days: 2 } },
    advanceNoticeNormally: null,
    reportIncident: null,
    warnElectionAuthority: null,
    consultation: null,
    review: { ordinary: { years: 1 } },
    testContacts: { ordinary: { months: 6 } },
    closedUnanswered: { ordinary: { days: 30 } },
    parentsWithheld: { ordinary: { hours: 24 } },
  },
  term: null,
  protectedPeriods: null,
  service: { intervalSeconds: 1800, flashIntervalSeconds: 300 },
  heartbeatSeconds: 3600,
  depositWith: [],
  timing: [],
  coverage: { default: workingWeek, parties: {} },
  flashPerDay: 10,
  acceptPerHour: 1000,
  vocabularies: [],
  signalBook: null,
};

const incidentsIct: Terms = {
  fold: 1,
  name: 'incidents-ict',
  exercise: false,
  deadlines: {
    acknowledgeNotification: {
      ordinary: { hours: 2 },
      flash: { minutes: 30 },
      protectedPeriod: { hours: 1 },
    },
    acknowledgeNotice: { ordinary: { hours: 24 } },
    answerRequest: { ordinary: { hours: 72 }, protectedPeriod: { hours: 6 } },
    firstInformation: { ordinary: { hours: 24 } },
    findings: { ordinary: { months: 1 } },
    holdingAnswer: { ordinary: { days: 7 } },
    answerAllegation: { ordinary: { days: 30 } },
    advanceNotice: { ordinary: { days: 3 } },
    advanceNoticeNormally: { ordinary: { days: 5 } },
    reportIncident: { ordinary: { days: 15 } },
    warnElectionAuthority: {
      ordinary: { hours: 24 },
      protectedPeriod: { hours: 4 },
      pollingDay: { hours: 1 },
    },
    consultation: { ordinary: { days: 10 }, urgent: { hours: 48 } },
    review: { ordinary: { years: 1 } },
    testContacts: { ordinary: { months: 6 } },
    closedUnanswered: { ordinary: { days: 30 } },
    parentsWithheld: { ordinary: { hours: 24 } },
  },
  term: { length: { years: 3 }, renewed: true, notice: { months: 6 } },
  protectedPeriods: { filedAhead: { days: 14 }, length: { days: 45 }, daysPerYear: 90 },
  service: { intervalSeconds: 1800, flashIntervalSeconds: 300 },
  heartbeatSeconds: 3600,
  depositWith: [],
  timing: [],
  coverage: { default: { kind: 'round-the-clock' }, parties: {} },
  flashPerDay: 10,
  acceptPerHour: 1000,
  vocabularies: [],
  signalBook: null,
};

/** The built-in terms by name. Their digests are `termsDigest` of them. Never changed in place. */
export const builtInTerms: { readonly [name in BuiltInTermsName]: Terms } = deepFreeze({
  'contact-points': contactPoints,
  'incidents-ict': incidentsIct,
});

/**
 * The same terms for an exercise, round the clock, a duration of d seconds becoming d / `scale`
 * seconds, rounded up: with `scale` 3600 an hour is a second, and a day 24 seconds. Intervals of
 * service and heartbeats do not fall under 2 s. `scale` is an integer from 1 to 1,000,000.
 */
export function exerciseTerms(scale: number): { [name in BuiltInTermsName]: Terms } {
  if (!Number.isInteger(scale) || scale < 1 || scale > 1_000_000) {
    throw new InvariantError('the scale of exercise terms is an integer from 1 to 1,000,000');
  }
  return {
    'contact-points': scaled(contactPoints, scale),
    'incidents-ict': scaled(incidentsIct, scale),
  };
}

function scaled(terms: Terms, scale: number): Terms {
  const short = (duration: Duration): Duration => ({
    seconds: Math.min(2_678_400, Math.ceil(nominalSeconds(duration) / scale)),
  });
  const shortDeadline = (deadline: Deadline): Deadline =>
    Object.fromEntries(
      Object.entries(deadline).flatMap(([priority, duration]) =>
        duration === undefined ? [] : [[priority, short(duration)]],
      ),
    ) as Deadline;
  const interval = (seconds: number): number => Math.max(2, Math.ceil(seconds / scale));
  return {
    ...terms,
    exercise: true,
    deadlines: Object.fromEntries(
      Object.entries(terms.deadlines).map(([rule, deadline]) => [
        rule,
        deadline === null ? null : shortDeadline(deadline),
      ]),
    ) as Terms['deadlines'],
    term:
      terms.term === null
        ? null
        : { ...terms.term, length: short(terms.term.length), notice: short(terms.term.notice) },
    protectedPeriods:
      terms.protectedPeriods === null
        ? null
        : {
            ...terms.protectedPeriods,
            filedAhead: short(terms.protectedPeriods.filedAhead),
            length: short(terms.protectedPeriods.length),
          },
    service: {
      intervalSeconds: interval(terms.service.intervalSeconds),
      flashIntervalSeconds: interval(terms.service.flashIntervalSeconds),
    },
    heartbeatSeconds: interval(terms.heartbeatSeconds),
    coverage: { default: { kind: 'round-the-clock' }, parties: {} },
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
