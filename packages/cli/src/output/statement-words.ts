/**
 * A statement as an officer reads it before signing: what it does, who says it to whom, all of its
 * body, and its identifier in groups to compare with the other officer.
 */
import type { Statement } from '@comity/record';
import { isActKind, kinds, levelOf } from '@comity/accord';
import { groupedId, partyWords, shortId } from './identifiers.ts';
import { bodyLines } from './body.ts';
import { shown } from './foreign-text.ts';

const levelWords: { readonly [level: string]: string } = {
  automatic: 'said by the node itself',
  duty: 'needs one officer',
  solemn: 'solemn: needs two officers or more, but for a party of one person',
  root: 'credentials: needs the root threshold',
};

/** The words of `statement`; `names` from identifier to name, where they are known. */
export function statementWords(
  id: string,
  statement: Statement,
  names: ReadonlyMap<string, string>,
  width: number,
): string {
  const level = levelOf(statement.kind, statement.body);
  const from = statement.from === null ? 'this party itself (first credentials)' : statement.from;
  const party = (identifier: string) => shown(partyWords(identifier, names));
  const lines = [
    `${statement.kind} · ${level === null ? 'a kind that this program does not know' : (levelWords[level] ?? level)}`,
    `  ${sentenceOf(statement)}`,
    `from    ${statement.from === null ? from : party(from)}`,
    `to      ${statement.to.length === 0 ? 'whoever holds it' : statement.to.map(party).join(', ')}`,
    `docket  ${statement.docket ?? (statement.to.length === 0 ? 'none' : 'opens a new one')}`,
    `made    ${statement.made} (by the author’s own clock)`,
  ];
  if (statement.terms !== null) lines.push(`terms   ${statement.terms}`);
  if (statement.cites.length > 0) lines.push(`cites   ${statement.cites.map(shortId).join(', ')}`);
  lines.push('body', ...bodyLines(statement.body, width));
  lines.push('identifier, to compare with the other officer', groupedId(id, '  '));
  return lines.join('\n');
}

/** The kind's own sentence, or a plain one for a kind or body that this program does not know. */
export function sentenceOf(statement: Pick<Statement, 'kind' | 'body'>): string {
  if (!isActKind(statement.kind)) return 'What this act means is not known to this program.';
  const definition = kinds[statement.kind];
  const parsed = definition.schema.safeParse(statement.body);
  if (!parsed.success) return 'The body does not fit its kind.';
  return shown(definition.words(parsed.data));
}
