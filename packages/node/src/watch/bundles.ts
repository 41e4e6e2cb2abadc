/**
 * Exporting a docket as a bundle that a third party can check without us (protocol.md, Bundle and
 * verification): every statement with its `said` proof, everybody's credentials, every receipt that
 * we hold, each at its birth and at the first checkpoint that others cosigned, and the heartbeats
 * that confirm the docket's heads.
 */
import {
  failure,
  formatVkey,
  parseEnvelope,
  parseNote,
  parseSignatureLines,
  parseVkey,
  success,
  writeBundle,
} from '@comity/record';
import type {
  BundledCredentials,
  BundledProof,
  BundledStatement,
  Chain,
  Envelope,
  Result,
} from '@comity/record';
import type { NodeKeys } from '../context.ts';
import { participantsOf } from '../desk/participants.ts';
import { rowLacksLines } from '../exchange/anchor-lines.ts';
import { leavesOut } from '../exchange/audience.ts';
import type { Sequencer } from '../log/jobs.ts';
import { ownProof } from '../log/proofs.ts';
import { loadChain } from '../parties/chains.ts';
import type { StoreReader } from '../store/store.ts';
import { confirmingHeartbeats } from './confirmations.ts';
import { cosignedProof } from './cosigned-proof.ts';

export interface BundleDeps {
  reader: StoreReader;
  sequencer: Sequencer;
  keys: NodeKeys;
}

interface DocketStatement {
  id: string;
  author: string;
  own: boolean;
  envelope: Envelope;
  listDigest: string;
  anchorLines: string[];
  said: { origin: string; index: number; size: number };
  held: { origin: string; index: number; size: number } | null;
}

/** The bundle of a docket; `unknown-docket` when we hold no statement of it. */
export async function exportBundle(
  deps: BundleDeps,
  docket: string,
): Promise<Result<Uint8Array, 'unknown-docket'>> {
  const { reader, keys } = deps;
  const participants = await participantsOf(reader, keys.party, docket);
  if (!participants.ok) return participants;
  await deps.sequencer.settled();
  const statements = await docketStatements(reader, docket, participants.value);
  if (statements.length === 0) return failure('unknown-docket', docket);
  const chains: Chain[] = [];
  for (const party of participants.value) {
    const chain = await loadChain(reader, party);
    if (chain !== null) chains.push(chain);
  }
  const envelopes: BundledStatement[] = [];
  const proofs = new Map<string, BundledProof>();
  for (const statement of statements) {
    const said = await saidProof(reader, statement);
    if (said === null) continue;
    envelopes.push({ envelope: statement.envelope, said, anchor: statement.anchorLines });
    for (const proof of await furtherProofs(deps, statement, said)) {
      proofs.set([proof.statement, proof.party, proof.role, proof.proof].join(' '), proof);
    }
  }
  const heartbeats = await confirmingHeartbeats(reader, keys.party, docket, participants.value);
  const bundled = await bundledCredentials(reader, keys.party, chains);
  const notes = [
    ...envelopes.map((one) => one.said),
    ...[...proofs.values()].map((one) => one.proof),
    ...[...bundled.credentials, ...bundled.delegations].map((one) => one.said),
    ...heartbeats.map((one) => one.said),
  ];
  const lines = envelopes.flatMap((one) => one.anchor);
  const witnesses = await strangers(reader, chains, notes, lines);
  return success(
    writeBundle({
      comityBundle: 1,
      docket,
      envelopes,
      credentials: bundled.credentials,
      proofs: [...proofs.values()],
      heartbeats,
      delegations: bundled.delegations,
      witnesses,
    }),
  );
}

// What is outside the docket is left out: it waits for its anchors' lines, or is not for everybody.
async function docketStatements(
  reader: StoreReader,
  docket: string,
  participants: readonly string[],
): Promise<DocketStatement[]> {
  const rows = await reader
    .selectFrom('statements')
    .selectAll()
    .where('docket', '=', docket)
    .where('refused', 'is', null)
    .orderBy('id')
    .execute();
  return rows.flatMap((row) => {
    const envelope = parseEnvelope(new Uint8Array(row.envelope));
    if (!envelope.ok || rowLacksLines(row) || leavesOut(participants, row)) return [];
    const { held_origin: origin, held_index: index, held_size: size } = row;
    const held =
      origin === null || index === null || size === null ? null : { origin, index, size };
    const anchorLines = JSON.parse(row.anchor_lines) as string[];
    return [
      {
        id: row.id,
        author: row.author,
        own: row.own === 1,
        envelope: envelope.value,
        listDigest: row.list_digest,
        anchorLines,
        said: { origin: row.said_origin, index: row.said_index, size: row.said_size },
        held,
      },
    ];
  });
}

/** The `said` proof that the statement travels with. */
async function saidProof(
  reader: StoreReader,
  statement: Pick<DocketStatement, 'id' | 'author' | 'own'> & { listDigest?: string },
): Promise<string | null> {
  if (statement.own) return await ownProof(reader, statement.id, 'said');
  const row = await reader
    .selectFrom('proofs')
    .select('proof')
    .where('statement', '=', statement.id)
    .where('party', '=', statement.author)
    .where('role', '=', 'said')
    // There may be a second entry with another list (exchange/double-said.ts).
    .$if(statement.listDigest !== undefined, (query) =>
      query.where('list_digest', '=', statement.listDigest ?? ''),
    )
    .orderBy('size')
    .limit(1)
    .executeTakeFirst();
  return row?.proof ?? null;
}

/** Receipts, and better proofs of what the bundle has already. */
async function furtherProofs(
  deps: BundleDeps,
  statement: DocketStatement,
  said: string,
): Promise<BundledProof[]> {
  const { reader, keys } = deps;
  const { id, author, listDigest } = statement;
  const proofs: BundledProof[] = [];
  const add = (party: string, role: 'said' | 'held', digest: string, proof: string | null) => {
    if (proof === null || proof === said) return;
    proofs.push({ statement: id, party, role, listDigest: digest, proof });
  };
  const ownAccount = formatVkey(keys.ownAccountSigner.key);
  add(author, 'said', listDigest, await cosignedProof(reader, statement.said, ownAccount));
  if (statement.held !== null) {
    add(keys.party, 'held', listDigest, await ownProof(reader, id, 'held'));
    add(keys.party, 'held', listDigest, await cosignedProof(reader, statement.held, ownAccount));
  }
  const rows = await reader
    .selectFrom('proofs')
    .selectAll()
    .where('statement', '=', id)
    .orderBy('size')
    .execute();
  for (const row of rows) {
    add(row.party, row.role, row.list_digest, row.proof);
    const place = { origin: row.origin, index: row.log_index, size: row.size };
    if (row.role === 'held') {
      add(row.party, 'held', row.list_digest, await cosignedProof(reader, place, ownAccount));
    }
  }
  return proofs;
}

async function bundledCredentials(
  reader: StoreReader,
  self: string,
  chains: readonly Chain[],
): Promise<{ credentials: BundledCredentials[]; delegations: BundledCredentials[] }> {
  const credentials: BundledCredentials[] = [];
  const delegations: BundledCredentials[] = [];
  for (const chain of chains) {
    const own = chain.party === self;
    for (const version of chain.versions) {
      const said = await saidProof(reader, { id: version.id, author: chain.party, own });
      if (said !== null) credentials.push({ envelope: version.envelope, said });
    }
    const ids = chain.delegations.map((delegation) => delegation.id);
    const endings = (chain.endings ?? []).map((ending) => ending.id);
    for (const id of [...ids, ...endings]) {
      const envelope = await storedEnvelope(reader, id);
      const said = await saidProof(reader, { id, author: chain.party, own });
      if (envelope !== null && said !== null) delegations.push({ envelope, said });
    }
  }
  return { credentials, delegations };
}

async function storedEnvelope(reader: StoreReader, id: string): Promise<Envelope | null> {
  const row = await reader
    .selectFrom('statements')
    .select('envelope')
    .where('id', '=', id)
    .executeTakeFirst();
  const parsed = row === undefined ? null : parseEnvelope(new Uint8Array(row.envelope));
  return parsed?.ok ? parsed.value : null;
}

/** vkeys of cosigners in these notes that belong to no party of the bundle: they are listed. */
async function strangers(
  reader: StoreReader,
  chains: readonly Chain[],
  proofs: readonly string[],
  anchorLines: readonly string[],
): Promise<string[]> {
  const known = new Set<string>();
  for (const chain of chains) {
    for (const { body } of chain.versions) {
      for (const vkey of [...body.log.keys, body.witnessKey, body.ownAccountKey]) {
        known.add(nameOfVkey(vkey));
      }
    }
  }
  const signers = new Set<string>();
  for (const proof of proofs) {
    const note = parseNote(proof.slice(proof.indexOf('\n\n') + 2));
    if (!note.ok) continue;
    for (const line of note.value.signatures) signers.add(`${line.name} ${line.id}`);
  }
  const parsed = parseSignatureLines(anchorLines.join(''));
  for (const line of parsed.ok ? parsed.value : []) signers.add(`${line.name} ${line.id}`);
  const unknown = [...signers].filter((name) => !known.has(name));
  if (unknown.length === 0) return [];
  const rows = await reader.selectFrom('cosignatures').select('vkey').distinct().execute();
  return rows.map((row) => row.vkey).filter((vkey) => unknown.includes(nameOfVkey(vkey)));
}

function nameOfVkey(vkey: string): string {
  const parsed = parseVkey(vkey);
  return parsed.ok ? `${parsed.value.name} ${parsed.value.id}` : '';
}
