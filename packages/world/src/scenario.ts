/**
 * The first scenario: what the parties say to each other, in order.
 *
 * Every step is an act that its office could really take. One act is refused and one is void, on
 * purpose, so that a newcomer sees what both look like.
 */
import { allegationEnding, allegations, quoted } from './scenario/allegations.ts';
import { assurances } from './scenario/assurances.ts';
import { flash, gateway, gatewayEnding, refused, sample } from './scenario/incidents.ts';
import { messages } from './scenario/messages.ts';
import type { Step } from './scenario/step.ts';

/** All steps, in order. */
export const scenario: readonly Step[] = [
  ...messages,
  ...assurances,
  ...gateway,
  ...flash,
  ...refused,
  ...sample,
  ...allegations,
  ...quoted,
  ...gatewayEnding,
  ...allegationEnding,
];
