/** Terms of the exercise: the model agreement on incidents with deadlines of seconds. */
import { exerciseTerms } from '@comity/accord';
import type { Terms } from '@comity/accord';

const seconds = (count: number) => ({ ordinary: { seconds: count } });

/** Deadlines short enough that one is missed while you watch, long enough for a busy machine. */
export function secondsTerms(): Terms {
  const base = exerciseTerms(3600)['incidents-ict'];
  return {
    ...base,
    name: 'incidents-ict, exercise',
    deadlines: {
      ...base.deadlines,
      acknowledgeNotification: { ordinary: { seconds: 20 }, flash: { seconds: 20 } },
      firstInformation: seconds(40),
      answerRequest: seconds(4),
      holdingAnswer: seconds(6),
      answerAllegation: seconds(10),
    },
    service: { intervalSeconds: 3, flashIntervalSeconds: 3 },
    heartbeatSeconds: 3,
  };
}
