/**
 * `obligation.*`: the only ways to move or drop an obligation.
 *
 * Concurrent acts: an extension is agreed when debtor and creditor have each said the same time; of
 * several agreed the latest counts. A waiver drops whatever is not met; met stays met.
 */
import { z } from 'zod';
import { hexDigest, text, timestamp } from '../fields.ts';
import { define } from './definition.ts';

const everywhere = ['channel', 'assurance', 'incident', 'allegation'] as const;

/** Proposes a later due time, or agrees to one that the other side proposed. */
export const extend = define({
  kind: 'obligation.extend',
  opens: null,
  docketTypes: everywhere,
  schema: z.strictObject({ obligation: hexDigest, due: timestamp, reasons: text.optional() }),
  level: () => 'duty',
  words: (body) =>
    `proposes or agrees that obligation ${body.obligation.slice(0, 8)} is due ${body.due}`,
});

export const waive = define({
  kind: 'obligation.waive',
  opens: null,
  docketTypes: everywhere,
  schema: z.strictObject({ obligation: hexDigest, reasons: text.optional() }),
  level: () => 'duty',
  words: (body) => `waives obligation ${body.obligation.slice(0, 8)}`,
});
