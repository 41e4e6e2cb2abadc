/**
 * fsck: reads the whole store again and verifies everything that can be verified without the others.
 *
 * Every log that we keep is rebuilt from its entries and compared with every checkpoint; every
 * statement is parsed, its signatures verified, its entries in our log found; every proof checked
 * under its owner's log keys. Nothing is repaired. Memory is bounded by the page size.
 */
import {
  encodeHex,
  equalBytes,
  logEntry,
  parseEnvelope,
  parseLogProof,
  parseStatement,
  partyOf,
  signatureListDigest,
  verifyEnvelope,
  verifyPartyEntry,
  decodeHex,
} from '@comity/record';
import type { Chain } from '@comity/record';
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
  await checkLogs(run);
  const statements = await checkStatements(run, progress);
  const proofs = await checkProofs(run);
  return { ok: run.problems.length === 0, statements, proofs, problems: run.problems };
}

/** Rebuilds each log from its entries and compares every checkpoint's root on the way. */
async function checkLogs(run: Run): Promise<void> {
  const origins = await run.reader.selectFrom('entries').select('origin').distinct().execute();
  for (const { origin } of origins) {
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
    await checkNewest(run, origin, edge);
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

/** Our own log must be whole up to its newest checkpoint; copies of others may end before. */
async function checkNewest(run: Run, origin: string, edge: TreeEdge): Promise<void> {
  if (!run.ownOrigins.has(origin)) return;
  const newest = await run.reader
    .selectFrom('checkpoints')
    .select('size')
    .where('origin', '=', origin)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (Number(newest?.size ?? 0) === edge.size) return;
  report(run, 'log-short', origin, `${edge.size} entries, checkpoint of ${newest?.size ?? 0}`);
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
    list_digest: string;
    own: number;
    said_origin: string;
    said_index: number;
    held_index: number | null;
    refused: string | null;
  },
): Promise<void> {
  if (row.refused !== null) return; // kept as it came, and it need not parse
  const envelope = parseEnvelope(new Uint8Array(row.envelope));
  if (!envelope.ok) return report(run, 'bad-envelope', row.id, envelope.code);
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  if (!parsed.ok) return report(run, 'bad-statement', row.id, parsed.code);
  const { id, statement } = parsed.value;
  if (id !== row.id) return report(run, 'wrong-id', row.id, `the payload is ${id}`);
  const listDigest = signatureListDigest(envelope.value.signatures);
  if (encodeHex(listDigest) !== row.list_digest) {
    report(run, 'wrong-signature-list', id, 'other signatures than were logged');
  }
  const role = row.own === 1 ? 'said' : 'held';
  const index = row.own === 1 ? row.said_index : row.held_index;
  if (index !== null) await checkOwnEntry(run, id, logEntry(role, id, listDigest), Number(index));
  if (statement.kind === 'party.credentials') return; // verified with the chain, when it was taken in
  const chain = await chainOfParty(run, partyOf(id, statement));
  if (chain === null || statement.credentials === null) {
    return report(run, 'unknown-author', id, 'no credentials of its author');
  }
  const verified = verifyEnvelope(
    envelope.value,
    chain,
    statement.credentials,
    Number(row.said_index),
  );
  if (!verified.ok) report(run, 'bad-signature', id, verified.path);
}

async function checkOwnEntry(
  run: Run,
  id: string,
  expected: Uint8Array,
  index: number,
): Promise<void> {
  const row = await run.reader
    .selectFrom('entries')
    .select('entry')
    .where('origin', 'in', [...run.ownOrigins])
    .where('log_index', '=', index)
    .execute();
  if (row.some((one) => equalBytes(new Uint8Array(one.entry), expected))) return;
  report(run, 'wrong-entry', id, `entry ${index} of our log is not this statement`);
}

async function checkProofs(run: Run): Promise<number> {
  let count = 0;
  for (;;) {
    const rows = await run.reader
      .selectFrom('proofs')
      .selectAll()
      .orderBy('statement')
      .orderBy('party')
      .orderBy('role')
      .orderBy('log_index')
      .orderBy('size')
      .orderBy('origin')
      .limit(pageRows)
      .offset(count)
      .execute();
    if (rows.length === 0) return count;
    for (const row of rows) {
      const chain = await chainOfParty(run, row.party);
      const proof = parseLogProof(row.proof);
      const digest = decodeHex(row.list_digest);
      if (!proof.ok || digest === null) {
        report(run, 'bad-proof', row.statement, `of ${row.party}`);
      } else if (chain === null) {
        report(run, 'unknown-author', row.statement, `no credentials of ${row.party}`);
      } else {
        const { role, statement, origin } = row;
        const verified = verifyPartyEntry(proof.value, role, statement, digest, chain, origin);
        if (!verified.ok) report(run, 'bad-proof', statement, `${role} of ${row.party}`);
      }
    }
    count += rows.length;
  }
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
