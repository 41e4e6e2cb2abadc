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

/** Who may cosign which log. */
export interface CosignerBook {
  find(origin: string, name: string, id: string): { key: NoteKey; party: string | null } | null;
}

/** Builds the book from every chain that we know and the configured witnesses. */
export function cosignerBook(
  chains: readonly Chain[],
  witnesses: readonly NoteKey[],
): CosignerBook {
  const anywhere = new Map<string, { key: NoteKey; party: string | null }>();
  const byOrigin = new Map<string, { key: NoteKey; party: string }>();
  for (const key of witnesses) anywhere.set(`${key.name} ${key.id}`, { key, party: null });
  for (const chain of chains) {
    const { party } = chain;
    for (const key of witnessKeysOf(chain)) anywhere.set(`${key.name} ${key.id}`, { key, party });
    for (const origin of originsOf(chain)) {
      for (const key of ownAccountKeysOf(chain)) {
        byOrigin.set(`${origin} ${key.name} ${key.id}`, { key, party });
      }
    }
  }
  return {
    find: (origin, name, id) =>
      byOrigin.get(`${origin} ${name} ${id}`) ?? anywhere.get(`${name} ${id}`) ?? null,
  };
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
  const cosigner = book.find(coming.origin, line.name, line.id);
  if (cosigner === null) return null;
  const verified = verifyCosignature(text, line, cosigner.key);
  if (!verified.ok) return null;
  return {
    checkpoint,
    vkey: formatVkey(cosigner.key),
    party: cosigner.party,
    time: verified.value.time,
    line: coming.line,
  };
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
