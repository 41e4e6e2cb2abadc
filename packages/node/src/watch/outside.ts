/**
 * What is shown of statements that are outside their docket's state: why, and whether parents have
 * been withheld longer than the terms allow (rulings.md, 15: in the view only).
 */
import { builtInTerms, dueAt } from '@comity/accord';
import type { Terms } from '@comity/accord';
import type { Statement } from '@comity/record';
import { rowLacksLines } from '../exchange/anchor-lines.ts';
import { leavesOut } from '../exchange/audience.ts';

/** A row of the statements table, with what it says. */
export interface ShownRow {
  id: string;
  author: string;
  envelope: Uint8Array;
  anchor_lines: string;
  logged_at: number;
  statement: Statement;
}

export interface Outside {
  act: 'void' | 'waiting';
  reason: 'anchor-lines-missing' | 'parents-missing' | 'parents-withheld' | 'wrong-participants';
}

/** By id; `rows` are all of one docket, parents first as far as they have come. */
export function outsideOf(
  rows: readonly ShownRow[],
  participants: readonly string[],
  terms: Terms | null,
  now: number,
): Map<string, Outside> {
  const there = new Set(rows.map(({ id }) => id));
  const refused = new Set(rows.map(({ statement }) => statement.body['refused']));
  const { ordinary } = (terms ?? builtInTerms['contact-points']).deadlines.parentsWithheld;
  const outside = new Map<string, Outside>();
  for (const row of rows) {
    const { after, prior } = row.statement;
    const parents = prior === null ? after : [...after, prior];
    const lacks = (id: string) => outside.has(id) || (!there.has(id) && !refused.has(id));
    if (leavesOut(participants, row)) {
      outside.set(row.id, { act: 'void', reason: 'wrong-participants' });
    } else if (parents.some(lacks)) {
      const due = dueAt(row.logged_at, ordinary, { kind: 'round-the-clock' }, true);
      const reason = now > due ? 'parents-withheld' : 'parents-missing';
      outside.set(row.id, { act: 'waiting', reason });
    } else if (rowLacksLines(row)) {
      outside.set(row.id, { act: 'waiting', reason: 'anchor-lines-missing' });
    }
  }
  return outside;
}
