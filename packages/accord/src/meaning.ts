/** What `verifyBundle` of record asks about kinds. */
import type { JsonValue, Level, Statement } from '@comity/record';
import { isActKind, kinds, levelOf } from './kinds/registry.ts';
import { actOf } from './fold/graph.ts';

type Named = { id: string; statement: Statement };

/** Structural twin of record's `Meaning`. */
export const meaning = {
  /** The least authority; null for an unknown kind or a body that does not fit. */
  levelOf(kind: string, body: JsonValue): Level | null {
    return levelOf(kind, body);
  },
  /** Whether a statement of the kind opens a docket. */
  opens(kind: string): boolean {
    return isActKind(kind) && kinds[kind].opens !== null;
  },
  /**
   * Respondents of allegations in these statements of whom no answer is among them; `holding` is
   * an answer to come, not an answer. Sorted, without repetition.
   */
  unanswered(statements: readonly Named[]): string[] {
    const silent = new Set<string>();
    for (const { id, statement } of statements) {
      const act = actOf(statement);
      if (act?.kind !== 'allegation.raise') continue;
      const { respondent } = act.body;
      const answered = statements.some((other) => answers(other.statement, id, respondent));
      if (!answered) silent.add(respondent);
    }
    return [...silent].sort();
  },
  /**
   * Ids that these statements refuse as too large, sorted: they count as taken although they are not
   * here. Of any other refusal the refuser keeps the envelope, so its absence leaves the docket
   * incomplete; else one side could hide a reply by refusing it.
   */
  refused(statements: readonly Named[]): string[] {
    const refused = new Set<string>();
    for (const { statement } of statements) {
      const act = actOf(statement);
      if (act?.kind !== 'channel.refuse' || act.body.code !== 'too-large') continue;
      refused.add(act.body.refused);
    }
    return [...refused].sort();
  },
};

function answers(statement: Statement, docket: string, respondent: string): boolean {
  if (statement.docket !== docket || statement.from !== respondent) return false;
  const act = actOf(statement);
  return act?.kind === 'allegation.answer' && act.body.answer !== 'holding';
}
