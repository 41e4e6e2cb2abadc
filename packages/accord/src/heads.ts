/** The heads of a docket: what a new statement names in `after`. */
import type { Statement } from '@comity/record';

/**
 * Ids that no other statement given names in `after` or `prior`, sorted. A statement that names
 * itself (impossible under SHA-256) does not thereby stop being a head.
 */
export function headsOf(statements: readonly { id: string; statement: Statement }[]): string[] {
  const named = new Set<string>();
  for (const { id, statement } of statements) {
    for (const parent of statement.after) if (parent !== id) named.add(parent);
    if (statement.prior !== null && statement.prior !== id) named.add(statement.prior);
  }
  const heads = new Set<string>();
  for (const { id } of statements) if (!named.has(id)) heads.add(id);
  return [...heads].sort();
}
