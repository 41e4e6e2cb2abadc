/**
 * Who confirmed which docket in a heartbeat: the leaf with its path is kept, since a root can be
 * computed again only for as long as no shared docket changes (rulings.md, 26).
 */
import { encodeBase64 } from '@comity/record';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import type { DocketDigests } from './deps.ts';
import { leafPaths, sameDigests } from './shared-dockets.ts';

/** A heartbeat whose leaves are known: ours, or one whose root we computed from them. */
export interface KnownTest {
  author: string;
  id: string;
  salt: Uint8Array;
  /** All of them, sorted by docket. */
  leaves: readonly DocketDigests[];
}

const rowsPerInsertMax = 512;

/**
 * Keeps what a heartbeat confirms, of those leaves for which `keep` holds. A docket that its author
 * confirmed before, as it is in this heartbeat, keeps the older confirmation: nothing is written.
 */
export async function keepConfirmations(
  tx: StoreTransaction,
  test: KnownTest,
  keep: (leaf: DocketDigests) => boolean,
): Promise<void> {
  const before = await confirmationsBy(tx, test.author);
  const pathOf = leafPaths(test.salt, test.leaves);
  const rows = test.leaves.flatMap((leaf, index) => {
    const known = before.get(leaf.docket);
    if (known !== undefined && sameDigests(known, leaf)) return [];
    if (!keep(leaf)) return [];
    return [
      {
        docket: leaf.docket,
        author: test.author,
        test: test.id,
        heads: JSON.stringify(leaf.heads),
        input_digest: leaf.inputDigest,
        state_digest: leaf.stateDigest,
        leaf_index: index,
        path: JSON.stringify(pathOf(index).map(encodeBase64)),
      },
    ];
  });
  for (let start = 0; start < rows.length; start += rowsPerInsertMax) {
    await tx
      .insertInto('confirmations')
      .values(rows.slice(start, start + rowsPerInsertMax))
      .onConflict((conflict) =>
        conflict.columns(['docket', 'author']).doUpdateSet((row) => ({
          test: row.ref('excluded.test'),
          heads: row.ref('excluded.heads'),
          input_digest: row.ref('excluded.input_digest'),
          state_digest: row.ref('excluded.state_digest'),
          leaf_index: row.ref('excluded.leaf_index'),
          path: row.ref('excluded.path'),
        })),
      )
      .execute();
  }
}

/** Which participants have confirmed a docket as it was last folded, and which have not. */
export interface Standing {
  by: string[];
  missing: string[];
}

/** Null for a docket that was never folded. Each list is sorted. */
export async function standingOf(reader: StoreReader, docket: string): Promise<Standing | null> {
  const row = await reader
    .selectFrom('dockets')
    .select(['heads', 'input_digest', 'state_digest', 'participants'])
    .where('id', '=', docket)
    .executeTakeFirst();
  const participants = (JSON.parse(row?.participants ?? '[]') as string[]).sort();
  if (row === undefined || participants.length === 0) return null;
  const rows = await reader
    .selectFrom('confirmations')
    .select('author')
    .where('docket', '=', docket)
    .where('heads', '=', JSON.stringify((JSON.parse(row.heads) as string[]).sort()))
    .where('input_digest', '=', row.input_digest)
    .where('state_digest', '=', row.state_digest)
    .execute();
  const confirmed = new Set(rows.map(({ author }) => author));
  return {
    by: participants.filter((party) => confirmed.has(party)),
    missing: participants.filter((party) => !confirmed.has(party)),
  };
}

async function confirmationsBy(
  tx: StoreTransaction,
  author: string,
): Promise<Map<string, DocketDigests>> {
  const rows = await tx
    .selectFrom('confirmations')
    .select(['docket', 'heads', 'input_digest', 'state_digest'])
    .where('author', '=', author)
    .execute();
  return new Map(
    rows.map(({ docket, heads, input_digest, state_digest }) => [
      docket,
      {
        docket,
        heads: JSON.parse(heads) as string[],
        inputDigest: input_digest,
        stateDigest: state_digest,
      },
    ]),
  );
}
