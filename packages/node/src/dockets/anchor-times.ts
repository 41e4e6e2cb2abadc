/**
 * Times of the cosignature lines that a statement's anchors commit to (rulings.md, 5).
 *
 * Neighbouring statements share their anchors, so verified lines are remembered, boundedly.
 */
import { formatCheckpoint, parseNote, verifyCosignature, decodeBase64 } from '@comity/record';
import type { Anchor, NoteKey } from '@comity/record';
import { divideAnchorLines } from '../exchange/anchors.ts';

export interface AnchorTime {
  origin: string;
  vkey: string;
  time: number;
}

const rememberedLinesMax = 4096;

/**
 * Gives the times of anchors' lines; lines of unknown keys and wrong ones are left out. Null where
 * they are not the lines that the anchors commit to.
 */
export interface AnchorReader {
  times(anchors: readonly Anchor[], lines: readonly string[], keys: KnownKeys): AnchorTime[] | null;
}

/** Cosigner keys by "name id" as they stand in a signature line, with their vkey text. */
export type KnownKeys = ReadonlyMap<string, { key: NoteKey; vkey: string }>;

/** A reader with a memory of its own. */
export function createAnchorReader(): AnchorReader {
  const remembered = new Map<string, AnchorTime | null>();
  const one = (text: string, line: string, origin: string, keys: KnownKeys): AnchorTime | null => {
    const name = `${text}\n${line}`;
    const known = remembered.get(name);
    if (known !== undefined) return known;
    const time = verifiedTime(text, line, origin, keys);
    if (remembered.size >= rememberedLinesMax) remembered.clear();
    // A line of a key that is not known yet may be known later.
    if (time !== null) remembered.set(name, time);
    return time;
  };
  return {
    times(anchors, lines, keys) {
      const divided = divideAnchorLines(anchors, lines);
      if (divided === null) return null;
      return anchors.flatMap((anchor, position) => {
        const root = decodeBase64(anchor.root);
        if (root === null) return [];
        const { origin, size } = anchor;
        const text = formatCheckpoint({ origin, size, root });
        return (divided[position] ?? []).flatMap((line) => one(text, line, origin, keys) ?? []);
      });
    },
  };
}

function verifiedTime(
  text: string,
  line: string,
  origin: string,
  keys: KnownKeys,
): AnchorTime | null {
  const note = parseNote(`${text}\n${line}`);
  const signature = note.ok ? note.value.signatures[0] : undefined;
  if (signature === undefined) return null;
  const known = keys.get(`${signature.name} ${signature.id}`);
  if (known === undefined) return null;
  const verified = verifyCosignature(text, signature, known.key);
  return verified.ok ? { origin, vkey: known.vkey, time: verified.value.time } : null;
}

/** The name of a key as `KnownKeys` wants it. */
export function lineName(key: NoteKey): string {
  return `${key.name} ${key.id}`;
}
