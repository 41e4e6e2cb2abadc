/**
 * What a pouch says of its sender's log: the newest checkpoint, the entries since, and the
 * checkpoints inside its proofs (rulings.md, 27). Accepted ones are cosigned at once; where the
 * tree cannot be shown to continue what we know, it is asked for again.
 */
import { decodeBase64, encodeHex, formatVkey, parseCheckpoint, parseNote } from '@comity/record';
import type { Chain, NoteSigner, PouchRecord } from '@comity/record';
import { acceptCheckpoint, appendCopy, copyState, forked } from '../log/copies.ts';
import { cosignedBelow, storeCosignatures, verifyLines } from '../log/cosignatures.ts';
import { takeBackCheckpoint } from '../log/restored-checkpoints.ts';
import type { StoreTransaction } from '../store/store.ts';
import { ensureChannel, setChannel } from './channels.ts';
import { cosignCounterpart } from './cosigning.ts';
import { docketsWithEntries } from './docket-marks.ts';
import { logKeysFor, originsOf, ownAccountKeysOf } from './known-keys.ts';
import { queueItems } from './outbox.ts';
import type { SeenCheckpoint } from './proof-checks.ts';

export type CheckpointRecord = Extract<PouchRecord, { type: 'checkpoint' }>;
export type EntriesRecord = Extract<PouchRecord, { type: 'entries' }>;

export interface LogNews {
  sender: string;
  chain: Chain;
  checkpoints: CheckpointRecord[];
  entries: EntriesRecord[];
  seen: SeenCheckpoint[];
}

export interface OwnSide {
  party: string;
  origin: string;
  witnessSigner: NoteSigner;
}

/** Takes it in; returns the dockets whose times may change, and the size of the sender's log. */
export async function takeLogNews(
  tx: StoreTransaction,
  own: OwnSide,
  news: LogNews,
  now: number,
): Promise<{ dockets: string[]; size: number }> {
  const { sender, chain } = news;
  // A second wall (claims.ts is the first): nobody's pouch writes into the copy of our own log.
  if (originsOf(chain).includes(own.origin)) return { dockets: [], size: 0 };
  const dockets = new Set<string>();
  const add = (list: readonly string[]) => list.forEach((docket) => dockets.add(docket));
  await appendAll(tx, news, now);
  let size = 0;
  for (const record of news.checkpoints) {
    if (record.party !== sender) continue;
    const taken = await takeCheckpoint(tx, own, chain, record, now);
    add(taken.dockets);
    size = Math.max(size, taken.size);
  }
  for (const seen of news.seen) add(await takeSeen(tx, own, seen, now));
  const origin = originsOf(chain)[0];
  if (origin !== undefined) await noteCopied(tx, sender, origin, size, now);
  return { dockets: [...dockets], size };
}

async function appendAll(tx: StoreTransaction, news: LogNews, now: number): Promise<void> {
  const origin = originsOf(news.chain)[0];
  if (origin === undefined) return;
  for (const record of news.entries) {
    const data = decodeBase64(record.data);
    if (record.party !== news.sender || data === null || data.length % 32 !== 0) continue;
    const entries: Uint8Array[] = [];
    for (let at = 0; at < data.length; at += 32) entries.push(data.slice(at, at + 32));
    const appended = await appendCopy(tx, origin, record.start, entries);
    if (appended.ok || appended.code !== 'entries-gap') continue;
    const from = Number(appended.detail);
    await askFor(tx, news.sender, { type: 'request', what: 'entries', from }, now);
  }
}

async function takeCheckpoint(
  tx: StoreTransaction,
  own: OwnSide,
  chain: Chain,
  record: CheckpointRecord,
  now: number,
): Promise<{ dockets: string[]; size: number }> {
  const path = record.consistency.map(decodeBase64).filter((hash) => hash !== null);
  const consistency = { from: record.from, path };
  const keys = logKeysFor(chain, record.note);
  const context = { party: chain.party, now };
  const accepted = await acceptCheckpoint(tx, record.note, keys, consistency, context);
  if (!accepted.ok) {
    if (accepted.code === 'consistency-not-shown') {
      const origin = originsOf(chain)[0] ?? '';
      const { kept } = await copyState(tx, origin);
      await askFor(tx, chain.party, { type: 'request', what: 'entries', from: kept }, now);
    }
    return { dockets: [], size: 0 };
  }
  const { checkpoint } = accepted.value;
  const wish = {
    party: chain.party,
    keys: keys.map(formatVkey),
    checkpoint,
    note: record.note,
    consistency,
  };
  const cosigned = await cosignCounterpart(tx, own.witnessSigner, own.origin, wish, now);
  const accounts = await takeOwnAccount(tx, own, chain, record.note);
  return { dockets: [...cosigned, ...accounts], size: checkpoint.size };
}

/** A checkpoint inside a proof: its own-account line is the entry's own-account time. */
async function takeSeen(
  tx: StoreTransaction,
  own: OwnSide,
  seen: SeenCheckpoint,
  now: number,
): Promise<string[]> {
  const { origin, size, root } = seen.checkpoint;
  if (seen.party === own.party || origin === own.origin) {
    return seen.party === own.party ? await takeOwnBack(tx, own.origin, seen, now) : [];
  }
  const stored = await tx
    .selectFrom('checkpoints')
    .select(['root', 'note'])
    .where('origin', '=', origin)
    .where('size', '=', size)
    .executeTakeFirst();
  if (stored !== undefined && stored.root !== encodeHex(root)) {
    const context = { party: seen.party, now };
    await forked(tx, [stored.note, seen.noteText], origin, size, context);
    return [];
  }
  const { verified } = await copyState(tx, origin);
  if (stored === undefined && size <= verified) {
    const keys = logKeysFor(seen.chain, seen.noteText);
    const context = { party: seen.party, now };
    const nothing = { from: 0, path: [] };
    const accepted = await acceptCheckpoint(tx, seen.noteText, keys, nothing, context);
    if (!accepted.ok) return [];
  }
  return takeOwnAccount(tx, own, seen.chain, seen.noteText);
}

/** A checkpoint of our own log: what a restored home lost, and nothing new to any other. */
export async function takeOwnBack(
  tx: StoreTransaction,
  ownOrigin: string,
  seen: SeenCheckpoint,
  now: number,
): Promise<string[]> {
  const { chain, checkpoint, noteText } = seen;
  const keys = { log: logKeysFor(chain, noteText), ownAccount: ownAccountKeysOf(chain) };
  const born = await takeBackCheckpoint(tx, seen, keys, now);
  if (born === null) return [];
  return docketsWithEntries(tx, checkpoint.origin, born.from, born.to, ownOrigin);
}

async function takeOwnAccount(
  tx: StoreTransaction,
  own: OwnSide,
  chain: Chain,
  noteText: string,
): Promise<string[]> {
  const parsed = parseNote(noteText);
  if (!parsed.ok) return [];
  const checkpoint = parseCheckpoint(parsed.value.text);
  if (!checkpoint.ok) return [];
  const { origin, size } = checkpoint.value;
  const keys = ownAccountKeysOf(chain);
  const lines = verifyLines(parsed.value.text, parsed.value.signatures, keys);
  const stored = await storeCosignatures(tx, origin, size, lines);
  if (stored.length === 0) return [];
  // Own-account time is read at the birth checkpoint: only entries born with it are concerned,
  // and all of those before the one below it were born earlier.
  const before = await cosignedBelow(tx, origin, size, keys.map(formatVkey));
  return docketsWithEntries(tx, origin, before, size, own.origin);
}

/** How far our copy reaches; what is missing below the newest checkpoint is asked for. */
async function noteCopied(
  tx: StoreTransaction,
  party: string,
  origin: string,
  size: number,
  now: number,
): Promise<void> {
  const channel = await ensureChannel(tx, party);
  const { kept } = await copyState(tx, origin);
  if (kept !== channel.entries_copied) await setChannel(tx, party, { entries_copied: kept });
  if (size > kept) await askFor(tx, party, { type: 'request', what: 'entries', from: kept }, now);
}

async function askFor(
  tx: StoreTransaction,
  party: string,
  request: Extract<PouchRecord, { type: 'request' }>,
  now: number,
): Promise<void> {
  await queueItems(tx, [{ party, item: 'request', ref: JSON.stringify(request), lane: 0 }], now);
}
