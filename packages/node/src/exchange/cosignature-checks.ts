/**
 * Whose cosignatures we believe, and the checks of one line (rulings.md, 21 and 22).
 *
 * Known are the witness keys of every party, the own-account keys of a log's owner for that log,
 * and the configured witnesses. A line by anybody else is left alone.
 */
import {
  decodeBase64,
  formatCheckpoint,
  formatVkey,
  parseNote,
  verifyCosignature,
} from '@comity/record';
import type { Chain, Checkpoint, NoteKey } from '@comity/record';
import { cosignatureAheadSecondsMax } from './limits.ts';
import { originsOf, ownAccountKeysOf, witnessKeysOf } from './known-keys.ts';

/** A cosignature record as it came (record, pouch.ts). */
export interface ComingCosignature {
  origin: string;
  size: number;
  /** Padded base64. */
  root: string;
  /** The signature line with its final newline. */
  line: string;
}

export interface CheckedCosignature {
  checkpoint: Checkpoint;
  vkey: string;
  /** Party whose key it is; null for a configured witness. */
  party: string | null;
  time: number;
  line: string;
}

export interface Cosigner {
  key: NoteKey;
  /** Party that alone lists it; null for a configured witness, or where several parties do. */
  party: string | null;
}

/** Who may cosign which log: the keys that a line's name and id can mean, which may be several. */
export interface CosignerBook {
  find(origin: string, name: string, id: string): readonly Cosigner[];
}

/**
 * Builds the book from every chain that we know and the configured witnesses. Name and id do not tell
 * keys apart (an id has four bytes, and whoever grinds one must not take another's place): all keys of
 * the same two are kept. A key that several parties list speaks for none of them.
 */
export function cosignerBook(
  chains: readonly Chain[],
  witnesses: readonly NoteKey[],
): CosignerBook {
  const anywhere: Listed = new Map();
  const byOrigin: Listed = new Map();
  for (const key of witnesses) list(anywhere, `${key.name} ${key.id}`, key, null);
  for (const chain of chains) {
    const { party } = chain;
    for (const key of witnessKeysOf(chain)) list(anywhere, `${key.name} ${key.id}`, key, party);
    for (const origin of originsOf(chain)) {
      for (const key of ownAccountKeysOf(chain)) {
        list(byOrigin, `${origin} ${key.name} ${key.id}`, key, party);
      }
    }
  }
  const cosigners = (listed: Listed, at: string): Cosigner[] =>
    [...(listed.get(at)?.values() ?? [])].map(({ key, parties }) => {
      const [only = null] = parties;
      return { key, party: parties.size === 1 ? only : null };
    });
  return {
    find: (origin, name, id) => [
      ...cosigners(byOrigin, `${origin} ${name} ${id}`),
      ...cosigners(anywhere, `${name} ${id}`),
    ],
  };
}

/** By what a line says of its key: the keys that it can mean, by vkey, and who lists each. */
type Listed = Map<string, Map<string, { key: NoteKey; parties: Set<string> }>>;

function list(listed: Listed, at: string, key: NoteKey, party: string | null): void {
  const keys = listed.get(at) ?? new Map<string, { key: NoteKey; parties: Set<string> }>();
  const vkey = formatVkey(key);
  const one = keys.get(vkey) ?? { key, parties: new Set<string>() };
  if (party !== null) one.parties.add(party);
  keys.set(vkey, one);
  listed.set(at, keys);
}

/** Verifies one line under a key that may cosign this log; null for anything else. */
export function checkCosignature(
  book: CosignerBook,
  coming: ComingCosignature,
): CheckedCosignature | null {
  const root = decodeBase64(coming.root);
  if (root?.length !== 32 || !Number.isSafeInteger(coming.size) || coming.size < 1) return null;
  const checkpoint = { origin: coming.origin, size: coming.size, root };
  const text = checkpointText(checkpoint);
  if (text === null || !coming.line.endsWith('\n')) return null;
  const note = parseNote(`${text}\n${coming.line}`);
  const line = note.ok ? note.value.signatures[0] : undefined;
  if (line === undefined || !note.ok || note.value.signatures.length !== 1) return null;
  for (const { key, party } of book.find(coming.origin, line.name, line.id)) {
    const verified = verifyCosignature(text, line, key);
    if (!verified.ok) continue;
    const { time } = verified.value;
    return { checkpoint, vkey: formatVkey(key), party, time, line: coming.line };
  }
  return null;
}

/** Whether a cosignature is too far ahead of our clock to be entered now. */
export function isAhead(time: number, now: number): boolean {
  return time > now + cosignatureAheadSecondsMax;
}

function checkpointText(checkpoint: Checkpoint): string | null {
  try {
    return formatCheckpoint(checkpoint);
  } catch {
    return null; // An origin that cannot be one.
  }
}
