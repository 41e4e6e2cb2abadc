/**
 * Where a new statement stands in its docket's graph: `after` and `prior` (rulings.md 6, 12, 14).
 */
import { foldedParticipants, leavesOut } from '../exchange/audience.ts';
import { logOrder } from '../log/log-order.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

const afterMax = 64;

/**
 * The docket's heads as we know them, sorted, at most 64: statements that no other statement of the
 * docket names. What we refused, and what waits for a missing ancestor, is left out: naming it
 * would make our own statement wait as well.
 */
export async function currentHeads(
  reader: StoreReader | StoreTransaction,
  docket: string,
): Promise<string[]> {
  const waiting = await waitingStatements(reader, docket);
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

/**
 * Statements of a docket with a missing ancestor, or whose own anchors' lines are missing, or that
 * leave out a participant, who could not have what rests on them.
 */
async function waitingStatements(
  reader: StoreReader | StoreTransaction,
  docket: string,
): Promise<ReadonlySet<string>> {
  const missing = await reader
    .selectFrom('missing')
    .select('id')
    .where('docket', '=', docket)
    .execute();
  const waiting = new Set<string>();
  const queue = [...missing.map((row) => row.id), ...(await leavingOut(reader, docket))];
  if (queue.length === 0) return waiting;
  const links = await reader
    .selectFrom('parents')
    .select(['child', 'parent'])
    .where('docket', '=', docket)
    .execute();
  const children = Map.groupBy(links, (link) => link.parent);
  for (const id of queue) waiting.add(id);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const { child } of children.get(next) ?? []) {
      if (waiting.has(child)) continue;
      waiting.add(child);
      queue.push(child);
    }
  }
  return waiting;
}

async function leavingOut(
  reader: StoreReader | StoreTransaction,
  docket: string,
): Promise<string[]> {
  const participants = await foldedParticipants(reader, docket);
  // Between two, what leaves out the other is not for us to have.
  if (participants.length < 3) return [];
  const rows = await reader
    .selectFrom('statements')
    .select(['id', 'author', 'envelope'])
    .where('docket', '=', docket)
    .where('own', '=', 0)
    .execute();
  return rows.filter((row) => leavesOut(participants, row)).map((row) => row.id);
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
