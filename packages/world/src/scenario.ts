/**
 * The first scenario: what the parties say to each other, in order.
 *
 * Every step is an act that its office could really take. One act is refused and one is void, on
 * purpose, so that a newcomer sees what both look like.
 */
import type { JsonValue } from '@comity/record';
import type { PartyName } from './cast.ts';
import { quoteBody } from './quoted-allegation.ts';

/** Looks up what earlier steps made: statement ids by label, party ids by name, digests. */
export interface Refs {
  statement(label: string): string;
  party(name: PartyName): string;
  /** Digest of what is promised in an offer, by label. */
  promise(label: string): string;
  /** Now plus so many seconds, as a statement writes it. */
  inSeconds(seconds: number): string;
}

export interface Step {
  as: PartyName;
  kind: string;
  to: PartyName[];
  /** Label of the opening step; absent when this step opens a docket or is of the channel. */
  in?: string;
  /** Name for later steps. */
  label?: string;
  body: (refs: Refs) => { [member: string]: JsonValue };
  cites?: string[];
  /** Waits so many seconds first: an answer that comes late. */
  waitSeconds?: number;
  /** What is meant to come of it, where that is not an effect. */
  planned?: 'refused' | 'void';
}

const en = (text: string) => ({ en: text });
const reach = (office: string) => ({ office, languages: ['en'] });
const N: PartyName = 'northland';
const S: PartyName = 'southmark';
const L: PartyName = 'laboratory';

const promise = {
  subject: en('Non-interference in elections by ICT'),
  scope: { description: en('Acts by ICT by or for a government'), onlyByIct: true },
  definitions: [
    {
      term: 'interference',
      meaning: en('Covert or deceptive conduct by or for a government.'),
    },
  ],
  text: en('Each side will not interfere by ICT in the elections of the other.'),
  legalStatus: 'political',
  reciprocity: 'mutual',
  notice: { seconds: 30 },
  validity: null,
};

const assurances: Step[] = [
  {
    as: N,
    kind: 'assurance.offer',
    to: [S],
    label: 'elections',
    body: (refs) => ({
      ...promise,
      openUntil: refs.inSeconds(600),
      irrevocableFor: { seconds: 20 },
    }),
  },
  {
    as: S,
    kind: 'assurance.reciprocate',
    to: [N],
    in: 'elections',
    body: (refs) => ({ text: refs.promise('elections') }),
  },
  { as: N, kind: 'assurance.affirm', to: [S], in: 'elections', body: () => ({}) },
  {
    as: S,
    kind: 'assurance.offer',
    to: [N],
    label: 'emergency-teams',
    body: (refs) => ({
      ...promise,
      subject: en('No harm to emergency response teams'),
      text: en('Each side will not harm the emergency response teams of the other.'),
      openUntil: refs.inSeconds(600),
      irrevocableFor: { seconds: 20 },
    }),
  },
  {
    as: N,
    kind: 'assurance.decline',
    to: [S],
    in: 'emergency-teams',
    body: () => ({ answer: 'will-revert', reasons: en('The text is with the legal adviser.') }),
  },
];

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

const gateway: Step[] = [
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

const flash: Step[] = [
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

const sample: Step[] = [
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

const allege = (respondent: string, text: string) => ({
  respondent,
  conduct: en(text),
  level: 'operator',
  basis: [{ kind: 'norm', reference: 'UN 2015 (f)' }],
  period: { from: null, until: null },
  particulars: [
    { number: 1, text: en('The address range was used on the day.') },
    { number: 2, text: en('The operator was told and did not act.') },
  ],
  evidence: { shown: ['flow records'], withheld: 'Names of our sources.' },
  alternatives: 'A third party that hires the same range.',
  proposition: { text: en('The operator knew of the use.'), likelihood: 'likely' },
  confidence: 'moderate',
});

const allegations: Step[] = [
  {
    as: N,
    kind: 'allegation.raise',
    to: [S],
    label: 'tampering',
    body: (refs) => allege(refs.party(S), 'Tampering with voter registration.'),
  },
  {
    as: S,
    kind: 'allegation.answer',
    to: [N],
    in: 'tampering',
    body: (refs) => ({ answer: 'holding', until: refs.inSeconds(8) }),
  },
  {
    as: N,
    kind: 'allegation.evidence',
    to: [S],
    in: 'tampering',
    body: (refs) => ({
      items: [
        {
          digest: 'a3'.repeat(32),
          bytes: 18_204,
          mediaType: 'text/csv',
          name: 'flow records',
          custody: [
            { who: 'Duty officer 1', what: 'exported', at: refs.inSeconds(-60), how: 'by hand' },
          ],
        },
      ],
    }),
  },
  {
    as: S,
    kind: 'allegation.answer',
    to: [N],
    in: 'tampering',
    body: () => ({ answer: 'deny', text: en('We deny it. The range is not ours.') }),
  },
  {
    as: S,
    kind: 'allegation.raise',
    to: [N],
    label: 'scanning',
    body: (refs) => allege(refs.party(N), 'Scanning of our results network before polling day.'),
  },
  {
    as: N,
    kind: 'allegation.answer',
    to: [S],
    in: 'scanning',
    body: () => ({
      answer: 'partly',
      particulars: [
        { number: 1, answer: 'accept-facts' },
        { number: 2, answer: 'deny' },
      ],
      text: en('A scan was ours; it was announced to the wrong office.'),
    }),
  },
  {
    as: N,
    kind: 'allegation.raise',
    to: [S],
    label: 'leak',
    body: (refs) => allege(refs.party(S), 'Publication of stolen letters of a candidate.'),
  },
  {
    as: S,
    kind: 'allegation.answer',
    to: [N],
    in: 'leak',
    body: () => ({ answer: 'position-reserved' }),
  },
  // Void on purpose: only the respondent answers an allegation.
  {
    as: N,
    kind: 'allegation.answer',
    to: [S],
    in: 'leak',
    planned: 'void',
    body: () => ({ answer: 'accept-facts' }),
  },
  // Never answered: watch its clock run out.
  {
    as: S,
    kind: 'allegation.raise',
    to: [N],
    label: 'silence',
    body: (refs) => allege(refs.party(N), 'Failure to stop messages sent from a hired network.'),
  },
];

const message = (marker: string, text: string) => ({
  marker,
  priority: 'ordinary',
  standing: 'official',
  text,
  language: 'en',
});

const channel: Step[] = [
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

// Refused on purpose: a member that the kind does not have. Its author switched off the checks of
// its own node, which only an exercise party can do.
const refused: Step[] = [
  {
    as: S,
    kind: 'incident.update',
    to: [N],
    in: 'gateway',
    planned: 'refused',
    body: () => ({ stage: 'progress', text: 'The operator found nothing yet.', mood: 'calm' }),
  },
];

/** The public allegation that is quoted: invented, as its source is. */
const quoted: Step[] = [
  {
    as: N,
    kind: 'allegation.quote',
    to: [S],
    label: 'quoted',
    body: () => quoteBody,
  },
];

const endings: Step[] = [
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
  {
    as: S,
    kind: 'allegation.withdraw',
    to: [N],
    in: 'scanning',
    body: () => ({ reason: 'settled', text: en('The explanation is accepted.') }),
  },
];

/** All steps, in order. */
export const scenario: readonly Step[] = [
  ...channel,
  ...assurances,
  ...gateway,
  ...flash,
  ...refused,
  ...sample,
  ...allegations,
  ...quoted,
  ...endings,
];
