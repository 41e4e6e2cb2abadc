/** Where several attributions of one incident name different initiators. */
import type { Contradiction, QuotedAllegation } from './quote-body.ts';
import { readableText, type QuotedText } from './quoted-text.ts';

const aspects = ['nation', 'name', 'category'] as const;

/** What the source writes where it says nothing; silence contradicts nobody. */
const silent = new Set(['Unknown', 'Not available', 'Unknown - not attributed']);

/**
 * One entry for each aspect on which allegations hold different positions; a position is the set
 * of values that an allegation names. Allegations that name nothing hold none.
 */
export function contradictionsOf(allegations: readonly QuotedAllegation[]): Contradiction[] {
  return aspects.flatMap((about) => {
    const positions = positionsOn(about, allegations);
    return positions.length < 2 ? [] : [{ about, disjoint: areDisjoint(positions), positions }];
  });
}

function positionsOn(
  about: Contradiction['about'],
  allegations: readonly QuotedAllegation[],
): Contradiction['positions'] {
  const positions = new Map<string, Contradiction['positions'][number]>();
  allegations.forEach((allegation, index) => {
    const values = valuesOf(about, allegation);
    if (values.size === 0) return;
    const name = JSON.stringify([...values.keys()].sort());
    const position = positions.get(name) ?? { values: [...values.values()], allegations: [] };
    position.allegations.push(index);
    positions.set(name, position);
  });
  return [...positions.values()];
}

function valuesOf(
  about: Contradiction['about'],
  allegation: QuotedAllegation,
): Map<string, QuotedText> {
  const values = new Map<string, QuotedText>();
  for (const respondent of allegation.respondents) {
    const value = respondent[about];
    if (value !== null && !silent.has(readableText(value))) values.set(exact(value), value);
  }
  return values;
}

function areDisjoint(positions: Contradiction['positions']): boolean {
  const named = positions.flatMap(({ values }) => values.map(exact));
  return new Set(named).size === named.length;
}

function exact(value: QuotedText): string {
  return typeof value === 'string' ? `text:${value}` : `bytes:${value.base64}`;
}
