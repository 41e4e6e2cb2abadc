/**
 * Imports: records from other people's data, each raised once (issue: importing twice changes
 * nothing). The mark that a record was raised names its draft and is written in the same transaction
 * as the draft, so that a kill at any moment neither loses a record nor raises it twice.
 */
import { encodeText, sha256Hex, success } from '@comity/record';
import type { Failure, JsonValue, Result } from '@comity/record';
import type { DeskDeps } from './deps.ts';
import { checkRequest, draftInside, loadDraft } from './drafts.ts';
import type { Draft } from './drafts.ts';
import type { DraftFailure } from './requests.ts';

export interface ImportRecord {
  /** Stable name of the record in its source. */
  key: string;
  kind: string;
  body: { [key: string]: JsonValue };
}

export type ImportedRecord =
  | { key: string; state: 'unchanged'; docket: string }
  | { key: string; state: 'draft'; draft: Draft }
  | { key: string; state: 'would-raise' }
  | { key: string; state: 'error'; code: DraftFailure; detail: string };

/**
 * Drafts what is not there yet. A record whose draft waits for signatures gives that draft again; a
 * discarded one is drafted anew.
 */
export async function importRecords(
  deps: DeskDeps,
  to: string[],
  records: readonly ImportRecord[],
  dryRun: boolean,
): Promise<ImportedRecord[]> {
  const results: ImportedRecord[] = [];
  for (const record of records) results.push(await importOne(deps, to, record, dryRun));
  return results;
}

async function importOne(
  deps: DeskDeps,
  to: string[],
  record: ImportRecord,
  dryRun: boolean,
): Promise<ImportedRecord> {
  const { key, kind, body } = record;
  const request = { kind, to, docket: null, body };
  const checked = checkRequest(request);
  if (!checked.ok) return asError(key, checked);
  const mark = importMark(to, kind, key);
  const outcome = await deps.store.transact(
    async (tx): Promise<Result<ImportedRecord, DraftFailure>> => {
      const row = await tx
        .selectFrom('meta')
        .select('value')
        .where('key', '=', mark)
        .executeTakeFirst();
      const draft = row === undefined ? null : await loadDraft(tx, row.value);
      if (draft?.state === 'logged') return success({ key, state: 'unchanged', docket: draft.id });
      if (draft?.state === 'open') return success({ key, state: 'draft', draft });
      if (dryRun) return success({ key, state: 'would-raise' });
      const made = await draftInside(deps, tx, request);
      if (!made.ok) return made;
      await tx
        .insertInto('meta')
        .values({ key: mark, value: made.value.id })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: made.value.id }))
        .execute();
      return success({ key, state: 'draft', draft: made.value });
    },
  );
  return outcome.ok ? outcome.value : asError(key, outcome);
}

/** The row of the meta table that says which draft a record became. */
function importMark(to: readonly string[], kind: string, key: string): string {
  return `import:${sha256Hex(encodeText([kind, key, ...[...to].sort()].join('\n')))}`;
}

function asError(key: string, problem: Failure<DraftFailure>): ImportedRecord {
  const detail = [problem.path, problem.detail].filter((text) => text).join(': ');
  return { key, state: 'error', code: problem.code, detail };
}
