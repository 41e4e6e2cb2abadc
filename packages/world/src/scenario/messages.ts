/** Messages of the channels, outside any docket of its own. */
import { L, N, S } from './step.ts';
import type { Step } from './step.ts';

const message = (marker: string, text: string) => ({
  marker,
  priority: 'ordinary',
  standing: 'official',
  text,
  language: 'en',
});

export const messages: Step[] = [
  {
    as: N,
    kind: 'channel.message',
    to: [S],
    body: () => message('information', 'Our election night desk opens at 18:00 UTC.'),
  },
  {
    as: S,
    kind: 'channel.message',
    to: [N],
    body: () => message('answer', 'Understood. Ours opens at 17:30 UTC.'),
  },
  {
    as: N,
    kind: 'channel.message',
    to: [L],
    body: () => message('request', 'Please keep the sample desk open tonight.'),
  },
];
