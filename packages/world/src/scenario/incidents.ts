/** Three incidents: an intrusion at a gateway, one retracted, one in a docket of three parties. */
import { en, L, N, reach, S } from './step.ts';
import type { Step } from './step.ts';

const notify = (title: string, text: string, priority: string, severity: string) => ({
  title,
  text,
  category: 'intrusion',
  sector: 'elections',
  severity,
  priority,
  times: [],
  origin: null,
  proposition: null,
  confidence: null,
  signals: [],
  tlp: 'AMBER',
  asked: [],
});

export const gateway: Step[] = [
  {
    as: N,
    kind: 'incident.notify',
    to: [S],
    label: 'gateway',
    body: () =>
      notify(
        'Intrusion into a voter registration gateway',
        'We see an intrusion that comes through networks you answer for.',
        'ordinary',
        'high',
      ),
  },
  {
    as: S,
    kind: 'incident.acknowledge',
    to: [N],
    in: 'gateway',
    body: () => ({ reach: reach('Duty officer 1') }),
  },
  {
    as: N,
    kind: 'incident.request',
    to: [S],
    in: 'gateway',
    label: 'gateway-request',
    body: () => ({
      what: 'information',
      text: 'Who answers for the address range that we named?',
      priority: 'ordinary',
    }),
  },
  {
    as: S,
    kind: 'incident.inform',
    to: [N],
    in: 'gateway',
    body: (refs) => ({
      request: refs.statement('gateway-request'),
      result: 'holding',
      text: 'The operator has been asked.',
      until: refs.inSeconds(30),
    }),
  },
  {
    as: N,
    kind: 'incident.update',
    to: [S],
    in: 'gateway',
    body: () => ({ stage: 'progress', text: 'The gateway is isolated; no record was changed.' }),
  },
];

// Refused on purpose: a member that the kind does not have. Its author switched off the checks of
// its own node, which only an exercise party can do.
export const refused: Step[] = [
  {
    as: S,
    kind: 'incident.update',
    to: [N],
    in: 'gateway',
    planned: 'refused',
    body: () => ({ stage: 'progress', text: 'The operator found nothing yet.', mood: 'calm' }),
  },
];

export const gatewayEnding: Step[] = [
  {
    as: S,
    kind: 'incident.inform',
    to: [N],
    in: 'gateway',
    label: 'gateway-answer',
    waitSeconds: 3,
    body: (refs) => ({
      request: refs.statement('gateway-request'),
      result: 'partly',
      text: 'The range is hired out; the hirer is being asked.',
    }),
  },
  {
    as: N,
    kind: 'incident.resolve',
    to: [S],
    in: 'gateway',
    label: 'gateway-resolution',
    body: () => ({
      finding: 'without-finding-on-responsibility',
      text: en('The matter is settled between the two desks.'),
    }),
  },
  {
    as: S,
    kind: 'incident.close',
    to: [N],
    in: 'gateway',
    body: (refs) => ({ resolution: refs.statement('gateway-resolution') }),
  },
];

export const flash: Step[] = [
  {
    as: S,
    kind: 'incident.notify',
    to: [N],
    label: 'outage',
    body: () =>
      notify(
        'Outage of a results network',
        'The results network of our election authority fails under load from abroad.',
        'flash',
        'critical',
      ),
  },
  {
    as: N,
    kind: 'incident.acknowledge',
    to: [S],
    in: 'outage',
    body: () => ({ reach: reach('Duty officer 2') }),
  },
  {
    as: N,
    kind: 'incident.inform',
    to: [S],
    in: 'outage',
    body: () => ({
      request: null,
      result: 'none-found',
      text: 'We have no information that this comes from us; we are looking.',
    }),
  },
  {
    as: S,
    kind: 'incident.retract',
    to: [N],
    in: 'outage',
    body: () => ({ reason: 'mistaken', text: 'It was a load test of our own.' }),
  },
];

export const sample: Step[] = [
  {
    as: N,
    kind: 'incident.notify',
    to: [S, L],
    label: 'sample',
    body: () =>
      notify(
        'Unknown program on a counting machine',
        'The laboratory is asked to look at a sample that both sides can see.',
        'ordinary',
        'medium',
      ),
  },
  {
    as: L,
    kind: 'incident.acknowledge',
    to: [N, S],
    in: 'sample',
    body: () => ({ reach: reach('Sample desk') }),
  },
  {
    as: S,
    kind: 'incident.acknowledge',
    to: [N, L],
    in: 'sample',
    body: () => ({ reach: reach('Duty officer 1') }),
  },
  {
    as: L,
    kind: 'incident.assist',
    to: [N, S],
    in: 'sample',
    body: () => ({ text: 'We received the sample and will report what we find to both.' }),
  },
  {
    as: L,
    kind: 'incident.update',
    to: [N, S],
    in: 'sample',
    body: () => ({ stage: 'findings', text: 'The program is a known tool; who ran it is open.' }),
  },
];
