/** Allegations: answered in every way, quoted from a public source, and not answered at all. */
import { quoteBody } from '../quoted-allegation.ts';
import { en, N, S } from './step.ts';
import type { Step } from './step.ts';

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

export const allegations: Step[] = [
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

/** The public allegation that is quoted: invented, as its source is. */
export const quoted: Step[] = [
  {
    as: N,
    kind: 'allegation.quote',
    to: [S],
    label: 'quoted',
    body: () => quoteBody,
  },
];

export const allegationEnding: Step[] = [
  {
    as: S,
    kind: 'allegation.withdraw',
    to: [N],
    in: 'scanning',
    body: () => ({ reason: 'settled', text: en('The explanation is accepted.') }),
  },
];
