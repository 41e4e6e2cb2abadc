/**
 * Makes the home of many statements (P5) out of one of few: its dockets again and again under other
 * identifiers, each time with real entries, tiles and signed checkpoints in the log.
 *
 * Making a million statements by the node's own log and fold takes an hour and shows nothing more: a
 * start must not read them. Copies keep envelope and folded state of their original, so that fsck
 * would refuse this home. Memory is bounded by one copy.
 */
import { DatabaseSync } from 'node:sqlite';
import { decodeHex, InvariantError, logEntry } from '@comity/record';
import type { NodeKeys } from '@comity/node';
import { insertEntries } from '../packages/node/src/log/batch-rows.ts';
import { ownCheckpointRows, signCheckpoint } from '../packages/node/src/log/checkpoints.ts';
import { insertTogether } from '../packages/node/src/store/insert-rows.ts';
import type { SignedCheckpoint } from '../packages/node/src/log/checkpoints.ts';
import { writeHighWater } from '../packages/node/src/log/high-water.ts';
import { highWaterOf, loadLogState } from '../packages/node/src/log/log-state.ts';
import { writeTiles } from '../packages/node/src/log/tiles.ts';
import { edgeRoot, extendEdge } from '../packages/node/src/log/tree.ts';
import type { Tile, TreeEdge } from '../packages/node/src/log/tree.ts';
import { openStore } from '../packages/node/src/store/open.ts';
import type { Store } from '../packages/node/src/store/store.ts';

interface Original {
  /** Of the statements in dockets, in the order of the log. */
  listDigests: Uint8Array[];
  ids: string[];
  /** How many entries each checkpoint had more than the one before. */
  steps: number[];
}

const hexOfCopy = (copy: number): string => copy.toString(16).padStart(8, '0');
const renamed = (id: string, copy: number): string => id.slice(0, 56) + hexOfCopy(copy);

/** Adds copies 1 to `copies` of what the store at `path` holds; `small` is the file it came from. */
export async function addCopies(
  path: string,
  small: string,
  copies: number,
  keys: NodeKeys,
  highWater: string,
  progress: (copy: number) => void,
): Promise<void> {
  const original = readOriginal(small);
  const rows = openRows(path, small);
  for (let copy = 1; copy <= copies; copy += 1) {
    copyRows(rows, copy, copy * original.ids.length);
    progress(copy);
  }
  rows.close();
  const store = await openStore({ kind: 'sqlite', path });
  try {
    await extendLog(store, keys, original, copies, highWater);
  } finally {
    await store.close();
  }
}

function readOriginal(small: string): Original {
  const database = new DatabaseSync(small, { readOnly: true });
  const statements = database
    .prepare(`select id, list_digest from statements where docket <> '' order by said_index`)
    .all() as { id: string; list_digest: string }[];
  const sizes = database.prepare('select size from checkpoints order by size').all() as {
    size: number;
  }[];
  database.close();
  return {
    ids: statements.map(({ id }) => id),
    listDigests: statements.map(({ list_digest: digest }) => decodeHex(digest) ?? new Uint8Array()),
    steps: sizes.slice(1).map(({ size }, at) => size - (sizes[at]?.size ?? 0)),
  };
}

// Nobody needs a home of which the making was cut off: it is made again.
function openRows(path: string, small: string): DatabaseSync {
  const rows = new DatabaseSync(path);
  rows.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -500000');
  rows.prepare('attach ? as small').run(small);
  return rows;
}

function copyRows(rows: DatabaseSync, copy: number, entries: number): void {
  const name = (column: string): string => `substr(${column}, 1, 56) || '${hexOfCopy(copy)}'`;
  const inserts = {
    statements: { id: name('id'), docket: name('docket'), prior: name('prior') },
    parents: { child: name('child'), parent: name('parent'), docket: name('docket') },
    dockets: { id: name('id'), last_act: name('last_act') },
    obligations: { id: name('id'), docket: name('docket') },
  };
  const places = { said_index: `said_index + ${entries}`, said_size: `said_size + ${entries}` };
  rows.exec('begin');
  for (const [table, names] of Object.entries(inserts)) {
    const changed: { [column: string]: string } =
      table === 'statements' ? { ...names, ...places } : names;
    const columns = rows
      .prepare(`select * from small.${table}`)
      .columns()
      .map(({ name: n }) => n);
    const values = columns.map((column) => changed[column] ?? column);
    const only = table === 'statements' ? `where docket <> ''` : '';
    rows.exec(
      `insert into main.${table} (${columns.join()})
        select ${values.join()} from small.${table} ${only}`,
    );
  }
  rows.exec('commit');
}

async function extendLog(
  store: Store,
  keys: NodeKeys,
  original: Original,
  copies: number,
  highWater: string,
): Promise<void> {
  const { logSigner, ownAccountSigner } = keys;
  const origin = logSigner.key.name;
  const state = await loadLogState(store.reader, logSigner.key, ownAccountSigner.key);
  let edge = state.edge;
  let newest: SignedCheckpoint | null = null;
  for (let copy = 1; copy <= copies; copy += 1) {
    const entries = original.ids.map((id, at) => {
      const digest = original.listDigests[at] ?? new Uint8Array();
      return logEntry('said', renamed(id, copy), digest);
    });
    const grown = growTree(edge, entries, original.steps);
    const checkpoints = grown.edges.map((each) => {
      const checkpoint = { origin, size: each.size, root: edgeRoot(each) };
      return signCheckpoint(checkpoint, logSigner, ownAccountSigner, state.time);
    });
    await store.transact(async (tx) => {
      await insertEntries(tx, origin, edge.size, entries);
      await writeTiles(tx, origin, grown.tiles);
      for (const signed of checkpoints) {
        await insertTogether(tx, ownCheckpointRows(signed, state.time));
      }
    });
    edge = grown.edges.at(-1) ?? edge;
    newest = checkpoints.at(-1) ?? newest;
  }
  if (newest === null) throw new InvariantError('no copy was asked for');
  await writeHighWater(highWater, highWaterOf(newest));
}

/** The edge after each step, and of the tiles on the way the widest at each place. */
function growTree(
  start: TreeEdge,
  entries: readonly Uint8Array[],
  steps: readonly number[],
): { edges: TreeEdge[]; tiles: Tile[] } {
  const edges: TreeEdge[] = [];
  const tiles = new Map<string, Tile>();
  let edge = start;
  let at = 0;
  for (const step of steps) {
    const extended = extendEdge(edge, entries.slice(at, at + step));
    for (const tile of extended.tiles) tiles.set(`${tile.level}/${tile.index}`, tile);
    edge = extended.edge;
    edges.push(edge);
    at += step;
  }
  return { edges, tiles: [...tiles.values()] };
}
