/**
 * Proofs that came in one pouch. Most of them share a checkpoint, so each checkpoint's signatures
 * are verified once per pouch and the inclusion path for every proof, each shared node once.
 */
import { failure, inclusionVerifier, openCheckpoint, parseLogProof, success } from '@comity/record';
import type { Chain, Checkpoint, CheckpointSizes, LogProof, Note, Result } from '@comity/record';
import { logKeysFor } from './known-keys.ts';

export interface CheckedProof {
  proof: LogProof;
  checkpoint: Checkpoint;
  note: Note;
}

/** A checkpoint that a party's log signed, seen while checking proofs. */
export interface SeenCheckpoint {
  party: string;
  chain: Chain;
  checkpoint: Checkpoint;
  noteText: string;
  note: Note;
}

/** An entry that a checked proof shows in a log. */
export interface ProvedEntry {
  party: string;
  origin: string;
  index: number;
  entry: Uint8Array;
  /** The tlog-proof text. */
  proof: string;
}

export interface ProofChecks {
  /** `leaf` is the 32-byte entry; `chain` that of the log's owner. */
  check(chain: Chain, proofText: string, leaf: Uint8Array): Result<CheckedProof, 'bad-proof'>;
  /** The distinct checkpoints that verified. */
  seen(): SeenCheckpoint[];
  /** Every entry that was proved. */
  proved(): ProvedEntry[];
}

/** Makes the checks of one pouch; throw it away afterwards. */
export function makeProofChecks(): ProofChecks {
  const opened = new Map<string, SeenCheckpoint | null>();
  const verifiers = new Map<SeenCheckpoint, ReturnType<typeof inclusionVerifier>>();
  const sizes: CheckpointSizes = new Map();
  const proved: ProvedEntry[] = [];
  const open = (chain: Chain, noteText: string): SeenCheckpoint | null => {
    const key = `${chain.party}\n${noteText}`;
    const known = opened.get(key);
    if (known !== undefined) return known;
    const result = openCheckpoint(noteText, logKeysFor(chain, noteText));
    const seen = result.ok ? { party: chain.party, chain, noteText, ...result.value } : null;
    opened.set(key, seen);
    return seen;
  };
  const verifierOf = (seen: SeenCheckpoint): ReturnType<typeof inclusionVerifier> => {
    const known = verifiers.get(seen);
    if (known !== undefined) return known;
    const made = inclusionVerifier(seen.checkpoint.size, seen.checkpoint.root);
    verifiers.set(seen, made);
    return made;
  };
  return {
    check(chain, proofText, leaf) {
      const proof = parseLogProof(proofText, sizes);
      if (!proof.ok) return failure('bad-proof', proof.path);
      const seen = open(chain, proof.value.checkpoint);
      if (seen === null) return failure('bad-proof', 'checkpoint');
      const { index, path } = proof.value;
      const { checkpoint, note } = seen;
      if (!verifierOf(seen)(leaf, index, path)) return failure('bad-proof', 'path');
      const { origin } = checkpoint;
      proved.push({ party: chain.party, origin, index, entry: leaf, proof: proofText });
      return success({ proof: proof.value, checkpoint, note });
    },
    proved: () => proved,
    seen: () => [...opened.values()].filter((each) => each !== null),
  };
}
