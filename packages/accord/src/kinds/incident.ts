/**
 * `incident.*`: notify, acknowledge, ask, inform, settle.
 *
 * Concurrent acts: a retraction beats everything; a close of a proposed resolution beats a
 * concurrent dispute of it by nobody but its own author (each participant's later word on one
 * resolution counts, and every other participant must close); requests, answers, updates and
 * assistance never meet; of one party's acknowledgements the first in its own log starts clocks.
 */
import { z } from 'zod';
import {
  attachments,
  confidence,
  hexDigest,
  name,
  originLevel,
  priority,
  proposition,
  text,
  textByLanguage,
  timestamp,
  title,
  trafficLight,
} from '../fields.ts';
import { languagesMax, listMax, participantsMax } from '../limits.ts';
import { define, oneLine } from './definition.ts';

const docketTypes = ['incident'] as const;

export const notify = define({
  kind: 'incident.notify',
  opens: 'incident',
  docketTypes,
  schema: z.strictObject({
    title,
    text,
    category: name,
    sector: name,
    severity: z.enum(['low', 'medium', 'high', 'critical']),
    priority,
    times: z
      .array(
        z.strictObject({
          what: z.enum(['began', 'ended', 'detected', 'aware']),
          at: timestamp,
          basis: z.enum(['observed', 'estimated', 'reported']),
        }),
      )
      .max(listMax),
    /** What level of origin is claimed; null: none. */
    origin: originLevel.nullable(),
    proposition: proposition.nullable(),
    confidence: confidence.nullable(),
    signals: z.array(name).max(listMax),
    tlp: trafficLight,
    handling: name.optional(),
    asked: z.array(text).max(listMax),
    attachments: attachments.optional(),
  }),
  level: () => 'duty',
  words: (body) =>
    `notifies ${body.priority === 'ordinary' ? 'an' : `with ${body.priority} priority an`} incident of ${body.severity} severity: ${oneLine(body.title)}`,
});

export const acknowledge = define({
  kind: 'incident.acknowledge',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    reach: z.strictObject({
      office: name,
      telephone: name.optional(),
      languages: z.array(name).max(languagesMax),
    }),
    note: text.optional(),
  }),
  level: () => 'duty',
  words: (body) =>
    `acknowledges that a person has read it; to be reached at ${oneLine(body.reach.office)}`,
});

export const request = define({
  kind: 'incident.request',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    what: z.enum(['information', 'preserve', 'mitigate', 'samples', 'call']),
    text,
    priority,
    /** Who is asked; absent: all other participants. */
    of: z.array(hexDigest).min(1).max(participantsMax).optional(),
  }),
  level: () => 'duty',
  names: ({ of }) => ({ path: '/of', parties: of ?? [] }),
  words: (body) =>
    ({
      information: 'asks for information',
      preserve: 'asks to preserve data',
      mitigate: 'asks to mitigate',
      samples: 'asks for samples',
      call: 'asks for a call',
    })[body.what] + `: ${oneLine(body.text)}`,
});

export const inform = define({
  kind: 'incident.inform',
  opens: null,
  docketTypes,
  schema: z
    .strictObject({
      /** The request that this answers; null: unasked. */
      request: hexDigest.nullable(),
      result: z.enum(['provided', 'partly', 'none-found', 'not-ours', 'declined', 'holding']),
      text,
      /** With `not-ours`: whom to try. */
      tryInstead: name.optional(),
      /** With `declined`. */
      ground: z.enum(['essential-security', 'law', 'proceedings', 'victim']).optional(),
      /** With `holding`. */
      until: timestamp.optional(),
      attachments: attachments.optional(),
    })
    .refine((body) => (body.result === 'holding') === (body.until !== undefined), {
      message: '`until` goes with `holding`',
      path: ['until'],
    }),
  level: () => 'duty',
  words: (body) =>
    ({
      provided: 'answers with information',
      partly: 'answers in part',
      'none-found': 'answers that nothing was found',
      'not-ours': 'answers that it is not theirs to answer',
      declined: 'declines to answer',
      holding: `holds its answer until ${body.until ?? ''}`,
    })[body.result] + `: ${oneLine(body.text)}`,
});

export const update = define({
  kind: 'incident.update',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    /** `findings`: the result of the author's own enquiry. */
    stage: z.enum(['progress', 'findings']),
    text,
    severity: z.enum(['low', 'medium', 'high', 'critical']).optional(),
    attachments: attachments.optional(),
  }),
  level: () => 'duty',
  words: (body) =>
    `${body.stage === 'findings' ? 'gives its findings' : 'gives news'}: ${oneLine(body.text)}`,
});

export const assist = define({
  kind: 'incident.assist',
  opens: null,
  docketTypes,
  schema: z.strictObject({ text, attachments: attachments.optional() }),
  level: () => 'duty',
  words: (body) => `offers or gives assistance: ${oneLine(body.text)}`,
});

export const retract = define({
  kind: 'incident.retract',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    reason: z.enum(['mistaken', 'duplicate', 'misdirected']),
    text: text.optional(),
  }),
  level: () => 'duty',
  words: (body) => `retracts the notification as ${body.reason}`,
});

export const resolve = define({
  kind: 'incident.resolve',
  opens: null,
  docketTypes,
  schema: z.strictObject({
    finding: z.enum(['with-findings', 'without-finding-on-responsibility']),
    text: textByLanguage,
  }),
  level: () => 'duty',
  words: (body) =>
    body.finding === 'with-findings'
      ? 'proposes to close with findings'
      : 'proposes to close without finding on responsibility',
});

export const close = define({
  kind: 'incident.close',
  opens: null,
  docketTypes,
  schema: z.strictObject({ resolution: hexDigest, note: text.optional() }),
  level: () => 'duty',
  words: () => 'agrees to close as proposed',
});

export const dispute = define({
  kind: 'incident.dispute',
  opens: null,
  docketTypes,
  schema: z.strictObject({ resolution: hexDigest, reasons: text }),
  level: () => 'duty',
  words: (body) => `disputes the proposed closure: ${oneLine(body.reasons)}`,
});
