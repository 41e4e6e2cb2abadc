/** A dry run: what an import would raise, given what is there already. */
import type { ImportRow } from './quote-body.ts';

/** `unchanged` are rows whose key is there already, or stood in an earlier row of the same file. */
export type ImportPlan = { raise: ImportRow[]; unchanged: ImportRow[] };

/** Splits rows by import key (`source.key` of quotes that stand in the record already). */
export function importPlan(
  existingKeys: ReadonlySet<string>,
  rows: readonly ImportRow[],
): ImportPlan {
  const seen = new Set(existingKeys);
  const plan: ImportPlan = { raise: [], unchanged: [] };
  for (const row of rows) {
    (seen.has(row.key) ? plan.unchanged : plan.raise).push(row);
    seen.add(row.key);
  }
  return plan;
}
