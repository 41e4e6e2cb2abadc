/**
 * Composing a pouch (protocol.md, Pouch and routes; rulings.md, 27).
 *
 * In it, in this order: the manifest; our newest checkpoint with the proof that it continues what
 * the receiver last confirmed; the log entries since then; then what waits in the receiver's queue.
 * Nothing leaves the queue here: rows are marked with the pouch that carries them (outbox.ts).
 */
import {
  encodeBase64,
  exercisePouchPayloadType,
  pouchPayloadType,
  signEnvelopeEd25519,
  writePouch,
} from '@comity/record';
import type { PouchRecord } from '@comity/record';
import { proveConsistency } from '../log/proofs.ts';
import { loadChain } from '../parties/chains.ts';
import type { StoreReader } from '../store/store.ts';
import { ensureChannel, readChannel, setChannel } from './channels.ts';
import type { ExchangeDeps } from './deps.ts';
import { sealingRecipientsOf } from './known-keys.ts';
import {
  composedPouchBytesMax,
  composedRowsMax,
  composedStatementsMax,
  entriesPerPouchMax,
  perPouchMax,
  plentyRowsMin,
} from './limits.ts';
import { dropRows, markCarried, waitingRows } from './outbox.ts';
import type { OutboxRow } from './outbox.ts';
import {
  answerNonce,
  forgetHeard,
  freshNonce,
  newestHeard,
  rememberNonce,
} from './pouch-nonces.ts';
import {
  entriesRecord,
  readMaterial,
  readStatements,
  recordBytes,
  rowRecord,
} from './pouch-records.ts';
import type { Sealing } from './sealing.ts';

export type PouchDeps = Pick<
  ExchangeDeps,
  'store' | 'sequencer' | 'keys' | 'clock' | 'random' | 'log'
> & { sealing: Sealing };

export interface ComposeWish {
  party: string;
  /**
   * Nonce of the pouch of theirs to whose bearer this one goes back at once; null for any other,
   * which then answers the newest that is unanswered.
   */
  answers: string | null;
  /** Sequence numbers of pouches whose answers may still come: their rows stay out. */
  outstanding: readonly number[];
  /** Composed even where the queue is empty: an answer, or an operator's wish. */
  always: boolean;
}

export interface ComposedPouch {
  sealed: Uint8Array;
  nonce: string;
  sequence: number;
  records: number;
  statements: number;
  /** Rows that were in no pouch before. */
  fresh: number;
  /** True where rows were left for the next pouch. */
  more: boolean;
}

interface Gathered {
  records: PouchRecord[];
  rows: number[];
  void: number[];
  statements: number;
  fresh: number;
  more: boolean;
  receiptsToAuthor: number[];
}

/** Kinds that may go to a party before the pairing stands (rulings.md, 10). */
const kindsBeforePairing = new Set(['party.credentials', 'party.delegate', 'channel.pair']);

/** Composes and seals the next pouch for a party; null where nothing waits, or it cannot be sealed. */
export async function composePouch(
  deps: PouchDeps,
  wish: ComposeWish,
): Promise<ComposedPouch | null> {
  const { party } = wish;
  const { store, sequencer, keys, clock } = deps;
  // Nothing of a batch may leave before its high-water record is on disk (sequencer.ts).
  await sequencer.settled();
  const chain = await loadChain(store.reader, party);
  const recipients = chain === null ? [] : sealingRecipientsOf(chain);
  if (recipients.length === 0) return null;
  const gathered = await gather(deps, wish);
  if (gathered === null) return null;
  await sequencer.settled();
  const answered = wish.answers ?? (await newestHeard(store.reader, party));
  const nonce = answered === null ? freshNonce(deps.random) : answerNonce(answered);
  const now = clock.now();
  const sequence = await store.transact(async (tx) => {
    const channel = await ensureChannel(tx, party);
    await setChannel(tx, party, { next_sequence: channel.next_sequence + 1, last_sent_at: now });
    await markCarried(tx, gathered.rows, channel.next_sequence);
    await dropRows(tx, gathered.void);
    // A receipt that goes straight back to the statement's author needs no answer of its own: if it
    // is lost, the statement stays in the author's queue and comes again.
    if (wish.answers !== null) await dropRows(tx, gathered.receiptsToAuthor);
    if (answered !== null) await forgetHeard(tx, party, answered);
    await rememberNonce(tx, party, channel.next_sequence, nonce);
    return channel.next_sequence;
  });
  const payloadType = keys.exercise ? exercisePouchPayloadType : pouchPayloadType;
  const plaintext = writePouch(
    {
      comityPouch: 1,
      sender: keys.party,
      receiver: party,
      sequence,
      nonce,
      made: `${new Date(now * 1000).toISOString().slice(0, 19)}Z`,
    },
    gathered.records,
    (payload) => signEnvelopeEd25519(payloadType, payload, keys.automaticSeed),
    keys.exercise,
  );
  const sealed = await deps.sealing.seal(recipients, plaintext);
  const { statements, fresh, more } = gathered;
  return { sealed, nonce, sequence, records: gathered.records.length, statements, fresh, more };
}

async function gather(deps: PouchDeps, wish: ComposeWish): Promise<Gathered | null> {
  const { reader } = deps.store;
  const waiting = await waitingRows(reader, wish.party, wish.outstanding, composedRowsMax);
  const rows = await permitted(reader, wish.party, waiting);
  if (rows.length === 0 && !wish.always) return null;
  const records = await logRecords(deps, wish.party);
  const gathered: Gathered = {
    records,
    rows: [],
    void: [],
    statements: 0,
    fresh: 0,
    more: false,
    receiptsToAuthor: [],
  };
  let bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
  const own = { party: deps.keys.party, origin: deps.keys.logSigner.key.name };
  const material = await readMaterial(reader, own, rows);
  const carriedOf = new Map<string, number>();
  for (const row of rows) {
    if (gathered.statements >= composedStatementsMax || bytes >= composedPouchBytesMax) {
      gathered.more = true;
      break;
    }
    const carried = carriedOf.get(row.item) ?? 0;
    if (carried >= (perPouchMax.get(row.item) ?? Infinity)) {
      gathered.more = true;
      continue;
    }
    const record = await rowRecord(reader, own, row, material);
    if (record === null) {
      gathered.void.push(row.id);
      continue;
    }
    carriedOf.set(row.item, carried + 1);
    bytes += recordBytes(record);
    gathered.records.push(record);
    gathered.rows.push(row.id);
    if (record.type === 'envelope') gathered.statements += 1;
    if (row.pouch === null) gathered.fresh += 1;
    if (row.item === 'receipt' && material.statements.get(row.ref)?.author === wish.party) {
      gathered.receiptsToAuthor.push(row.id);
    }
  }
  return gathered;
}

/** Our newest checkpoint and the entries since what the receiver confirmed. */
async function logRecords(deps: PouchDeps, party: string): Promise<PouchRecord[]> {
  const newest = deps.sequencer.newest();
  if (newest === null) return [];
  const { reader } = deps.store;
  const { size, origin, note } = newest;
  const self = deps.keys.party;
  const confirmed = (await readChannel(reader, party))?.our_size_confirmed ?? 0;
  const from = Math.min(confirmed, size);
  const path = await proveConsistency(reader, origin, from, size);
  const consistency = path.map(encodeBase64);
  const records: PouchRecord[] = [{ type: 'checkpoint', party: self, note, from, consistency }];
  if (size > from && size - from <= entriesPerPouchMax) {
    const wish = JSON.stringify({ from });
    const entries = await entriesRecord(reader, { party: self, origin }, wish);
    if (entries !== null) records.push(entries);
  }
  return records;
}

/** Rows that may go to this party as the pairing stands. */
async function permitted(
  reader: StoreReader,
  party: string,
  rows: OutboxRow[],
): Promise<OutboxRow[]> {
  const row = await reader
    .selectFrom('parties')
    .select('state')
    .where('id', '=', party)
    .executeTakeFirst();
  if (row?.state === 'confirmed') return rows;
  if (row === undefined || row.state === 'self' || row.state === 'introduced') return [];
  const statements = await readStatements(reader, rows);
  return rows.filter((each) => {
    if (each.item !== 'statement' && each.item !== 'receipt') return false;
    return kindsBeforePairing.has(statements.get(each.ref)?.kind ?? '');
  });
}

/**
 * What waits that should set a pouch going: something that has the reserve; `plenty`, worth a pouch
 * of its own beside one in flight; `some`; or only what can wait a little.
 */
export type Due = 'reserve' | 'plenty' | 'some' | 'quiet' | 'nothing';

/** The most urgent of what waits for a party; what `outstanding` pouches carry does not count. */
export async function dueNow(
  reader: StoreReader,
  party: string,
  outstanding: readonly number[],
): Promise<Due> {
  const waiting = async (rowsMax: number, which: 'all' | 'urgent') =>
    await permitted(reader, party, await waitingRows(reader, party, outstanding, rowsMax, which));
  const urgent = await waiting(plentyRowsMin, 'urgent');
  if (urgent.some((row) => row.lane === 0)) return 'reserve';
  if (urgent.length >= plentyRowsMin) return 'plenty';
  if (urgent.length > 0) return 'some';
  return (await waiting(1, 'all')).length > 0 ? 'quiet' : 'nothing';
}
