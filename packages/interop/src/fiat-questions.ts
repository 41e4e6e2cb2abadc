/**
 * The eighteen yes/no questions of the Foreign Interference Attribution Tracker, in its order:
 * how reliable an attribution is as made public, not whether it is true.
 */

export type FiatQuestion = {
  /** What a body carries. */
  question: string;
  /** The column of the table. */
  column: string;
  group: 'credibility' | 'objectivity' | 'evidence' | 'transparency';
};

export const fiatQuestions: readonly FiatQuestion[] = [
  ...inGroup('credibility', [
    'financial_incentive',
    'financial_transparency',
    'endorse_political',
    'campaign_affiliation',
    'published_mis_disinfo',
  ]),
  ...inGroup('objectivity', ['language', 'convey_content', 'factual_argument']),
  ...inGroup('evidence', [
    'clarity',
    'context',
    'identified_responsibility',
    'strategic_rationale',
    'privileged_evidence',
  ]),
  ...inGroup('transparency', [
    'open_access',
    'methodology',
    'open_source',
    'acknowledge_limitations',
    'corroboration',
  ]),
];

function inGroup(group: FiatQuestion['group'], names: string[]): FiatQuestion[] {
  return names.map((name) => ({
    question: name.replaceAll('_', '-'),
    column: `attribution_${name}`,
    group,
  }));
}
