/** Two assurances: one that comes into force, one that is put off. */
import { en, N, S } from './step.ts';
import type { Step } from './step.ts';

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

export const assurances: Step[] = [
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
