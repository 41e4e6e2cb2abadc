/**
 * The line of pouches that came unasked and wait to be opened. Nobody is known before a pouch is
 * open, so the line is bounded in pouches and in bytes, and what finds it full is turned away with an
 * unsigned answer that says so: a counterpart's courier tries again, nothing is dropped in silence.
 *
 * Answers to our own pouches and files that an officer brings do not stand in it: there are never more
 * answers than pouches of ours in flight, an officer brings one file after another, and a flood of
 * strangers must not keep us from hearing them.
 */
import { failure } from '@comity/record';
import { openingBytesMax, openingPouchesMax } from './limits.ts';
import type { Opened, Sealing } from './sealing.ts';

export interface Opening {
  open(identities: string[], sealed: Uint8Array): Promise<Opened>;
}

/** Opens through `sealing` as long as there is room; `busy` where there is none. */
export function boundedOpening(sealing: Pick<Sealing, 'open'>): Opening {
  let pouches = 0;
  let bytes = 0;
  return {
    async open(identities, sealed) {
      const { length } = sealed;
      if (pouches >= openingPouchesMax || bytes + length > openingBytesMax) {
        return failure('busy', '');
      }
      pouches += 1;
      bytes += length;
      try {
        return await sealing.open(identities, sealed);
      } finally {
        pouches -= 1;
        bytes -= length;
      }
    },
  };
}
