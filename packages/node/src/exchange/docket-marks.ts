/** Which dockets a new proof or new credentials concern, so that they are folded again. */
import type { StoreReader, StoreTransaction } from '../store/store.ts';

/**
 * Dockets whose times may change when something more is known about entries `from` to `to`
 * (exclusive) of a log: those of statements said there, and of statements held there.
 */
export async function docketsWithEntries(
  reader: StoreReader | StoreTransaction,
  origin: string,
  from: number,
  to: number,
  ownOrigin: string,
): Promise<string[]> {
  const said = await reader
    .selectFrom('statements')
    .select('docket')
    .distinct()
    .where('said_origin', '=', origin)
    .where('said_index', '>=', from)
    .where('said_index', '<', to)
    .execute();
  const received = await reader
    .selectFrom('proofs')
    .innerJoin('statements', 'statements.id', 'proofs.statement')
    .select('statements.docket')
    .distinct()
    .where('proofs.origin', '=', origin)
    .where('proofs.log_index', '>=', from)
    .where('proofs.log_index', '<', to)
    .execute();
  const held =
    origin === ownOrigin
      ? await reader
          .selectFrom('statements')
          .select('docket')
          .distinct()
          .where('held_index', '>=', from)
          .where('held_index', '<', to)
          .execute()
      : [];
  const all = [...said, ...received, ...held].map((row) => row.docket);
  return [...new Set(all)].filter((docket) => docket !== '');
}

/** Dockets that any of these parties takes part in: new credentials are an input of all of them. */
export async function docketsOfParties(
  reader: StoreReader | StoreTransaction,
  parties: readonly string[],
): Promise<string[]> {
  const found = new Set<string>();
  for (const party of parties) {
    const rows = await reader
      .selectFrom('docket_participants')
      .select('docket')
      .where('party', '=', party)
      .execute();
    for (const row of rows) found.add(row.docket);
  }
  return [...found];
}
