/**
 * Verification of a bundle, part: whether the docket is whole (protocol.md, "Bundle and
 * verification"). Nobody can prove that nothing was left out; participants can confirm heads.
 */
import type { Statement } from './statement.ts';

/** A statement as far as the graph is concerned. */
export type GraphStatement = { id: string; author: string; statement: Statement };

/** A participant's confirmation of exactly these heads, and when. */
export type Confirmation = { party: string; heads: string[]; time: number | null };

/** What is known of a docket's wholeness. */
export type Wholeness = {
  heads: string[];
  missing: string[];
  /** Participants who confirmed the heads, with the time of the newest confirmation. */
  confirmed: Map<string, number | null>;
};

/** Ids that no statement given names in `after` or `prior`, sorted. */
function headsOf(statements: readonly GraphStatement[]): string[] {
  const named = new Set(statements.flatMap(parentsOf));
  return statements
    .map(({ id }) => id)
    .filter((id) => !named.has(id))
    .sort();
}

/**
 * Heads, missing parents, and who confirmed. A participant has confirmed the heads where a heartbeat
 * of it names exactly them, or where it wrote the only head with all the rest in its ancestry.
 * `resolved` are ids that count as taken although they are not here: refused ones.
 */
export function wholenessOf(
  statements: readonly GraphStatement[],
  participants: readonly string[],
  confirmations: readonly Confirmation[],
  resolved: ReadonlySet<string>,
  saidTime: (id: string) => number | null,
): Wholeness {
  const present = new Set(statements.map(({ id }) => id));
  const parents = new Set(statements.flatMap(parentsOf));
  const missing = [...parents].filter((id) => !present.has(id) && !resolved.has(id)).sort();
  const heads = headsOf(statements);
  const confirmed = new Map<string, number | null>();
  const wanted = heads.join();
  for (const { party, heads: stated, time } of confirmations) {
    if (!participants.includes(party) || stated.join() !== wanted) continue;
    const known = confirmed.get(party);
    if (known === undefined || (time ?? 0) > (known ?? 0)) confirmed.set(party, time);
  }
  const [only, ...others] = heads;
  const author = statements.find(({ id }) => id === only)?.author;
  if (only !== undefined && others.length === 0 && author !== undefined) {
    // The one head has all others among its ancestors: what is no head is some statement's parent.
    if (participants.includes(author) && !confirmed.has(author)) {
      confirmed.set(author, saidTime(only));
    }
  }
  return { heads, missing, confirmed };
}

function parentsOf({ statement }: GraphStatement): string[] {
  const { after, prior } = statement;
  return prior === null ? after : [...after, prior];
}
