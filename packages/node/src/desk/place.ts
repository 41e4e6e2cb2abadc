/**
 * Where a new statement stands in its docket's graph: `after` and `prior` (rulings.md 6, 12, 14).
 */
import { waitingIn } from '@comity/accord';
import { compileFoldInputs, ownInputDeps } from '../dockets/fold-input.ts';
import type { OwnSide } from '../dockets/fold-input.ts';
import { foldedParticipants } from '../exchange/audience.ts';
import { logOrder } from '../log/log-order.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const afterMax = 64;

/**
 * The docket's heads as we know them, sorted, at most 64: statements that no other statement of the
 * docket names. What we refused is left out, and so is whatever waits in the fold: naming that would
 * make our own statement wait as well, with everything that we say after it.
 */
export async function currentHeads(
  reader: StoreReader | StoreTransaction,
  self: OwnSide,
  docket: string,
): Promise<string[]> {
  const waiting = await waitingStatements(reader, self, docket);
  if (waiting.size > 0) return await headsWithout(reader, docket, waiting);
  const rows = await reader
    .selectFrom('statements')
    .select('id')
    .where('docket', '=', docket)
    .where('refused', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('parents')
            .innerJoin('statements as children', 'children.id', 'parents.child')
            .select('parents.child')
            .whereRef('parents.parent', '=', 'statements.id')
            .where('parents.docket', '=', docket)
            .where('children.refused', 'is', null),
        ),
      ),
    )
    .orderBy('id')
    .limit(afterMax)
    .execute();
  return rows.map((row) => row.id);
}

/** Our newest logged statement of a class in a docket, or null. */
export async function newestOwn(
  reader: StoreReader | StoreTransaction,
  self: string,
  docket: string,
  chain: string,
): Promise<string | null> {
  const own = reader
    .selectFrom('statements')
    .select('id')
    .where('docket', '=', docket)
    .where('own', '=', 1)
    .where('chain', '=', chain)
    .where('author', '=', self)
    .limit(1);
  // In the log in force first, by its index; few dockets have nothing there, and all have few logs.
  const row =
    (await own
      .where('said_origin', '=', ({ selectFrom }) =>
        selectFrom('credentials')
          .select('origin')
          .where('party', '=', self)
          .orderBy('version', 'desc')
          .limit(1),
      )
      .orderBy('said_index', 'desc')
      .executeTakeFirst()) ??
    (await own.orderBy(logOrder, 'desc').orderBy('said_index', 'desc').executeTakeFirst());
  return row?.id ?? null;
}

/** Statements of a docket that the fold leaves outside: nothing that rests on them has an effect. */
async function waitingStatements(
  reader: StoreReader | StoreTransaction,
  self: OwnSide,
  docket: string,
): Promise<ReadonlySet<string>> {
  const deps = (await mayWait(reader, docket)) ? await ownInputDeps(reader, self) : null;
  if (deps === null) return new Set();
  const [input] = await compileFoldInputs(reader, deps, [docket]);
  return new Set(input === undefined ? [] : waitingIn(input).map(({ id }) => id));
}

/** Whether the fold leaves a statement outside its docket, so that nothing may rest on it. */
export async function isWaiting(
  reader: StoreReader | StoreTransaction,
  self: OwnSide,
  docket: string,
  id: string,
): Promise<boolean> {
  return (await waitingStatements(reader, self, docket)).has(id);
}

/**
 * Whether anything in a docket can wait at all: a parent that is not here, lines of anchors or cited
 * statements that may be lacking, or more than two participants, one of whom may be left out. In the
 * long dockets of two, where nothing of this is so, the fold need not be asked.
 */
async function mayWait(reader: StoreReader | StoreTransaction, docket: string): Promise<boolean> {
  const lacking = await reader
    .selectFrom('parents')
    .leftJoin('statements as parent', (join) =>
      join.onRef('parent.id', '=', 'parents.parent').onRef('parent.docket', '=', 'parents.docket'),
    )
    .select('parents.child')
    .where('parents.docket', '=', docket)
    .where('parent.id', 'is', null)
    .limit(1)
    .executeTakeFirst();
  if (lacking !== undefined) return true;
  const lines = await reader
    .selectFrom('missing')
    .innerJoin('statements', 'statements.id', 'missing.id')
    .select('missing.id')
    .where('statements.docket', '=', docket)
    .limit(1)
    .executeTakeFirst();
  if (lines !== undefined) return true;
  const citing = await reader
    .selectFrom('statements')
    .select('id')
    .where('docket', '=', docket)
    .where('kind', 'in', ['assurance.reciprocate', 'assurance.withdraw'])
    .limit(1)
    .executeTakeFirst();
  return citing !== undefined || (await foldedParticipants(reader, docket)).length > 2;
}

async function headsWithout(
  reader: StoreReader | StoreTransaction,
  docket: string,
  waiting: ReadonlySet<string>,
): Promise<string[]> {
  const statements = await reader
    .selectFrom('statements')
    .select('id')
    .where('docket', '=', docket)
    .where('refused', 'is', null)
    .execute();
  const links = await reader
    .selectFrom('parents')
    .select(['child', 'parent'])
    .where('docket', '=', docket)
    .execute();
  const standing = new Set(statements.map((row) => row.id).filter((id) => !waiting.has(id)));
  const named = new Set(
    links.filter((link) => standing.has(link.child)).map((link) => link.parent),
  );
  return [...standing]
    .filter((id) => !named.has(id))
    .sort()
    .slice(0, afterMax);
}
