/**
 * Anchors: the newest cosigned checkpoints of the recipients' logs that an author knew, so that a
 * statement provably was not made before them (protocol.md, Not before; rulings.md, 5).
 *
 * The digest in an anchor covers cosignature lines only, sorted bytewise. Lines by the author's own
 * keys prove nothing to others and are left out; with none left the log is left out.
 */
import {
  anchorDigest,
  compareBytes,
  decodeHex,
  encodeBase64,
  encodeText,
  formatVkey,
} from '@comity/record';
import type { Anchor, Chain } from '@comity/record';

import { loadChain } from '../parties/chains.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { originsOf, ownAccountKeysOf, witnessKeysOf } from './known-keys.ts';

export { divideAnchorLines } from '@comity/record';

export interface NewAnchor {
  anchor: Anchor[];
  /** The lines of all anchors, in the anchors' order, sorted within each. */
  lines: string[];
}

/** The anchor of a new draft by `author` to these recipients, from what the store holds. */
export async function newAnchor(
  reader: StoreReader | StoreTransaction,
  recipients: readonly string[],
  author: string,
): Promise<NewAnchor> {
  const ownChain = await loadChain(reader, author);
  const found: { anchor: Anchor; lines: string[] }[] = [];
  for (const party of new Set(recipients)) {
    const chain = await loadChain(reader, party);
    if (chain === null) continue;
    const one = await anchorOn(reader, chain, ownChain);
    if (one !== null) found.push(one);
  }
  found.sort((a, b) => (a.anchor.origin < b.anchor.origin ? -1 : 1));
  return {
    anchor: found.map((each) => each.anchor),
    lines: found.flatMap((each) => each.lines),
  };
}

async function anchorOn(
  reader: StoreReader | StoreTransaction,
  chain: Chain,
  author: Chain | null,
): Promise<{ anchor: Anchor; lines: string[] } | null> {
  const origin = originsOf(chain)[0];
  if (origin === undefined) return null;
  const useless = new Set(
    [
      ...ownAccountKeysOf(chain),
      ...(author === null ? [] : [...witnessKeysOf(author), ...ownAccountKeysOf(author)]),
    ].map(formatVkey),
  );
  const newest = await reader
    .selectFrom('cosignatures')
    .select('size')
    .where('origin', '=', origin)
    .where('vkey', 'not in', [...useless, ''])
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (newest === undefined) return null;
  const rows = await reader
    .selectFrom('cosignatures')
    .innerJoin('checkpoints', (join) =>
      join
        .onRef('checkpoints.origin', '=', 'cosignatures.origin')
        .onRef('checkpoints.size', '=', 'cosignatures.size'),
    )
    .select(['cosignatures.line', 'checkpoints.root'])
    .where('cosignatures.origin', '=', origin)
    .where('cosignatures.size', '=', newest.size)
    .where('cosignatures.vkey', 'not in', [...useless, ''])
    .execute();
  const root = decodeHex(rows[0]?.root ?? '');
  if (root === null || rows.length === 0) return null;
  const lines = rows.map((row) => row.line).sort(compareText);
  const cosignatures = anchorDigest(lines);
  return { anchor: { origin, size: newest.size, root: encodeBase64(root), cosignatures }, lines };
}

function compareText(a: string, b: string): number {
  return compareBytes(encodeText(a), encodeText(b));
}
