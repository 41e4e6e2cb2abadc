/**
 * Verification of a bundle, part: the signature lines. Every line of every checkpoint and anchor
 * must be by a key that the bundle accounts for, in the role that the key has.
 */
import { verifyAnchors } from './anchor.ts';
import type { AnchorTime } from './anchor.ts';
import { verifySignature } from './authority.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { timedSignature } from './cosignature.ts';
import { noteKeyOf } from './credentials-chain.ts';
import type { Chain } from './credentials-chain.ts';
import { noteSignatureCheck, parseNote } from './note.ts';
import type { NoteSignature } from './note.ts';
import { formatVkey } from './note-key.ts';
import type { NoteKey } from './note-key.ts';
import type { Anchor } from './statement.ts';

/** A key that may sign lines: the log's, its owner's own account, a party's witness, or listed. */
type LineKey = {
  key: NoteKey;
  vkey: string;
  purpose: 'log' | 'own-account' | 'witness' | 'listed';
  party: string | null;
};

/** When a key cosigned a checkpoint; `party` is whose key it is, null for a listed witness. */
export type LineTime = { time: number; purpose: LineKey['purpose']; party: string | null };

/** The times that one checkpoint bears, or what is wrong with a line of it. */
export type CheckedNote = { ok: true; times: LineTime[] } | { ok: false; problem: string };

/** The keys of a bundle and what was found out about its notes. */
export type LineBook = {
  keys: LineKey[];
  /** The keys by what a line says of its key: "name id". Several may collide. */
  byLine: Map<string, LineKey[]>;
  used: Set<string>;
  notes: Map<string, CheckedNote>;
};

/** A book of all log, own-account and witness keys of these chains, and of listed witnesses. */
export function openLineBook(chains: Iterable<Chain>, listed: readonly string[]): LineBook {
  const keys = new Map<string, LineKey>();
  const add = (vkey: string, purpose: LineKey['purpose'], party: string | null): void => {
    const name = `${purpose} ${party} ${vkey}`;
    if (!keys.has(name)) keys.set(name, { key: noteKeyOf(vkey), vkey, purpose, party });
  };
  for (const { party, versions } of chains) {
    for (const { body } of versions) {
      for (const vkey of body.log.keys) add(vkey, 'log', party);
      add(body.ownAccountKey, 'own-account', party);
      add(body.witnessKey, 'witness', party);
    }
  }
  for (const vkey of listed) add(vkey, 'listed', null);
  const list = [...keys.values()];
  const byLine = Map.groupBy(list, ({ key }) => `${key.name} ${key.id}`);
  return { keys: list, byLine, used: new Set(), notes: new Map() };
}

/** Checks all lines of a checkpoint of a party's log, once for each text. */
export function checkNote(book: LineBook, note: string, owner: string): CheckedNote {
  const name = `${owner}\n${note}`;
  const known = book.notes.get(name);
  if (known !== undefined) return known;
  const checked = checkLines(book, note, owner);
  book.notes.set(name, checked);
  return checked;
}

/**
 * Checks the lines of a statement's anchors; null where they are not the ones committed to, or one
 * is by a key that the bundle does not account for.
 */
export function checkAnchors(
  book: LineBook,
  anchors: readonly Anchor[],
  lines: readonly string[],
): AnchorTime[] | null {
  const cosigners = book.keys.filter(({ purpose }) => purpose !== 'log');
  const verified = verifyAnchors(
    anchors,
    lines,
    cosigners.map(({ key }) => key),
  );
  if (!verified.ok || verified.value.unknown > 0) return null;
  for (const { vkey } of verified.value.times) book.used.add(vkey);
  return verified.value.times;
}

/** Whose key a vkey is, among those that cosign; null for nobody's here. */
export function cosignerOf(book: LineBook, vkey: string): string | null {
  return book.keys.find((known) => known.vkey === vkey && known.purpose !== 'log')?.party ?? null;
}

/** Listed witnesses that signed nothing: a name that nothing in the bundle bears out. */
export function idleWitnesses(book: LineBook): string[] {
  return book.keys
    .filter(({ purpose, vkey }) => purpose === 'listed' && !book.used.has(vkey))
    .map(({ vkey }) => vkey);
}

function checkLines(book: LineBook, text: string, owner: string): CheckedNote {
  const note = parseNote(text);
  if (!note.ok) return { ok: false, problem: 'not a signed note' };
  const checkpoint = parseCheckpoint(note.value.text);
  if (!checkpoint.ok) return { ok: false, problem: 'not a checkpoint' };
  const { origin } = checkpoint.value;
  const times: LineTime[] = [];
  for (const line of note.value.signatures) {
    const found = signerOf(book, note.value.text, line, owner, origin);
    if (found === null) {
      return { ok: false, problem: `a line by ${line.name} that is unknown or does not verify` };
    }
    book.used.add(formatVkey(found.key));
    const time = timedSignature(note.value.text, line, found.key)?.time ?? 0;
    if (time > 0) times.push({ time, purpose: found.purpose, party: found.party });
  }
  return { ok: true, times };
}

// Four bytes of key id can be made to collide, so every key that fits the line is tried.
function signerOf(
  book: LineBook,
  text: string,
  line: NoteSignature,
  owner: string,
  origin: string,
): LineKey | null {
  for (const candidate of book.byLine.get(`${line.name} ${line.id}`) ?? []) {
    const { key, purpose, party } = candidate;
    if (purpose === 'log' && (party !== owner || key.name !== origin)) continue;
    if (purpose === 'own-account' && party !== owner) continue;
    const check = noteSignatureCheck(text, line, key);
    if (check !== null && verifySignature(check)) return candidate;
  }
  return null;
}
