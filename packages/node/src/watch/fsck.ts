/**
 * fsck: reads the whole store again and verifies everything that can be verified without the others.
 *
 * Our log is checked from its entries up (log/fsck.ts: tree, tiles, checkpoints, entries of all
 * statements, every proof); copied logs are rebuilt and compared with every checkpoint that we hold;
 * every statement is parsed and its signatures verified under the credentials that it names. Nothing is repaired. Memory is bounded by the page size.
 */
import {
  encodeHex,
  noteKeyOf,
  parseEnvelope,
  parseStatement,
  partyOf,
  verifyEnvelope,
} from '@comity/record';
import type { Chain, NoteKey } from '@comity/record';
import { fsck as checkOwnLog } from '../log/fsck.ts';
import { edgeRoot, emptyEdge, extendEdge } from '../log/tree.ts';
import type { TreeEdge } from '../log/tree.ts';
import { loadChain } from '../parties/chains.ts';
import type { StoreReader } from '../store/store.ts';

export interface FsckProblem {
  code: string;
  /** Statement id, log origin, party. */
  about: string;
  detail: string;
}

export interface FsckReport {
  ok: boolean;
  statements: number;
  proofs: number;
  problems: FsckProblem[];
}

const pageRows = 1_000;
const problemsMax = 1_000;

interface Run {
  reader: StoreReader;
  ownOrigins: ReadonlySet<string>;
  chains: Map<string, Chain | null>;
  problems: FsckProblem[];
}

/** Verifies the store of `self`. `progress` hears how many statements were read. */
export async function fsck(
  reader: StoreReader,
  self: string,
  progress: (statements: number) => void = () => undefined,
): Promise<FsckReport> {
  const own = await loadChain(reader, self);
  const run: Run = {
    reader,
    ownOrigins: new Set(own?.versions.map((version) => version.origin)),
    chains: new Map([[self, own]]),
    problems: [],
  };
  if (own === null) report(run, 'no-credentials', self, 'our own credentials are not there');
  const keys = await logKeys(run);
  let proofs = 0;
  for (const origin of run.ownOrigins) {
    const log = await checkOwnLog(reader, origin, (name) => keys.get(name) ?? []);
    proofs = Math.max(proofs, log.proofs);
    for (const problem of log.problems) report(run, 'log', origin, problem);
  }
  await checkCopies(run);
  const statements = await checkStatements(run, progress);
  return { ok: run.problems.length === 0, statements, proofs, problems: run.problems };
}

/** Every key that ever signed each log, by origin, from all chains. */
async function logKeys(run: Run): Promise<Map<string, NoteKey[]>> {
  const parties = await run.reader.selectFrom('parties').select('id').execute();
  const keys = new Map<string, NoteKey[]>();
  for (const { id } of parties) {
    const chain = await chainOfParty(run, id);
    for (const { origin, body } of chain?.versions ?? []) {
      const known = keys.get(origin) ?? [];
      const names = new Set(known.map((key) => key.id));
      const fresh = body.log.keys.map(noteKeyOf).filter((key) => !names.has(key.id));
      keys.set(origin, [...known, ...fresh]);
    }
  }
  return keys;
}

/** Rebuilds each copied log from its entries and compares every checkpoint's root on the way. */
async function checkCopies(run: Run): Promise<void> {
  const origins = await run.reader.selectFrom('entries').select('origin').distinct().execute();
  for (const { origin } of origins) {
    if (run.ownOrigins.has(origin)) continue;
    let edge = emptyEdge;
    for (;;) {
      const rows = await run.reader
        .selectFrom('entries')
        .select(['log_index', 'entry'])
        .where('origin', '=', origin)
        .where('log_index', '>=', edge.size)
        .orderBy('log_index')
        .limit(pageRows)
        .execute();
      const first = rows[0];
      if (first === undefined) break;
      if (Number(first.log_index) !== edge.size) {
        report(run, 'log-gap', origin, `entry ${edge.size} is missing`);
        break;
      }
      const next = await growTo(run, origin, edge, rows);
      if (next.size === edge.size) break;
      edge = next;
    }
  }
}

/** Appends a page of entries, stopping at each checkpoint in between to compare roots. */
async function growTo(
  run: Run,
  origin: string,
  start: TreeEdge,
  rows: { log_index: number; entry: Uint8Array }[],
): Promise<TreeEdge> {
  const end = start.size + rows.length;
  const checkpoints = await run.reader
    .selectFrom('checkpoints')
    .select(['size', 'root'])
    .where('origin', '=', origin)
    .where('size', '>', start.size)
    .where('size', '<=', end)
    .orderBy('size')
    .execute();
  let edge = start;
  for (const stop of [...checkpoints, { size: end, root: null }]) {
    const size = Number(stop.size);
    const part = rows.slice(edge.size - start.size, size - start.size);
    const expected = part.every((row, at) => Number(row.log_index) === edge.size + at);
    if (!expected) {
      report(run, 'log-gap', origin, `an entry after ${edge.size} is missing`);
      return start;
    }
    edge = extendEdge(
      edge,
      part.map((row) => new Uint8Array(row.entry)),
    ).edge;
    if (stop.root !== null && encodeHex(edgeRoot(edge)) !== stop.root) {
      report(run, 'wrong-root', origin, `checkpoint of size ${size} has another root`);
    }
  }
  return edge;
}

async function checkStatements(run: Run, progress: (n: number) => void): Promise<number> {
  let count = 0;
  for (let after = ''; ;) {
    const rows = await run.reader
      .selectFrom('statements')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(pageRows)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return count;
    for (const row of rows) await checkStatement(run, row);
    count += rows.length;
    after = last.id;
    progress(count);
  }
}

async function checkStatement(
  run: Run,
  row: {
    id: string;
    envelope: Uint8Array;
    said_index: number;
    refused: string | null;
  },
): Promise<void> {
  if (row.refused !== null) return; // kept as it came, and it need not parse
  const envelope = parseEnvelope(new Uint8Array(row.envelope));
  if (!envelope.ok) {
    report(run, 'bad-envelope', row.id, envelope.code);
    return;
  }
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  if (!parsed.ok) {
    report(run, 'bad-statement', row.id, parsed.code);
    return;
  }
  const { id, statement } = parsed.value;
  if (id !== row.id) {
    report(run, 'wrong-id', row.id, `the payload is ${id}`);
    return;
  }
  if (statement.kind === 'party.credentials') return; // verified with the chain, when it was taken in
  const chain = await chainOfParty(run, partyOf(id, statement));
  if (chain === null || statement.credentials === null) {
    report(run, 'unknown-author', id, 'no credentials of its author');
    return;
  }
  const verified = verifyEnvelope(
    envelope.value,
    chain,
    statement.credentials,
    Number(row.said_index),
  );
  if (!verified.ok) report(run, 'bad-signature', id, verified.path);
}

async function chainOfParty(run: Run, party: string): Promise<Chain | null> {
  const known = run.chains.get(party);
  if (known !== undefined) return known;
  const chain = await loadChain(run.reader, party);
  run.chains.set(party, chain);
  return chain;
}

function report(run: Run, code: string, about: string, detail: string): void {
  if (run.problems.length < problemsMax) run.problems.push({ code, about, detail });
}
