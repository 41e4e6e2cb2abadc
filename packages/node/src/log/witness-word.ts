/**
 * After a restore: asks a witness for the newest checkpoint of our log that it cosigned
 * (rulings.md, 25). Any one witness ends the blocked state, so its own signature must be on it.
 *
 * A witness with a page for monitors shows it. Any other is offered the newest checkpoint that we
 * have, which was signed and published before: it cosigns only if it never cosigned a larger one
 * (c2sp.org/tlog-witness). One that cosigned nothing of our log yet has nothing to state.
 */
import { formatVkey } from '@comity/record';
import { noteWithMoreLines, openOwnCheckpoint } from './checkpoints.ts';
import type { StatedCheckpoint } from './jobs.ts';
import { isCosignedBy } from './restore.ts';
import { askForSize, submitCheckpoint, type Submission } from './submit.ts';

/** Sizes taken over from the witness's answers. */
const resizesMax = 2;

export interface WitnessWord {
  stated: StatedCheckpoint | null;
  /** Why it stated nothing, for the operator. */
  reason: string;
}

/** Asks one witness; what it states is a checkpoint of our log with its own cosignature. */
export async function witnessWord(wish: Omit<Submission, 'known'>): Promise<WitnessWord> {
  const by = formatVkey(wish.witness.key);
  const { checkpoint } = wish;
  const shown = await askForSize({ ...wish, known: checkpoint.size });
  if (shown !== null && isItsWord(shown, wish)) return { stated: { by, note: shown }, reason: '' };
  let known = checkpoint.size;
  for (let tries = 0; tries <= resizesMax; tries += 1) {
    const answer = await submitCheckpoint({ ...wish, known });
    if (answer.kind === 'cosigned') {
      const note = noteWithMoreLines(checkpoint.note, [answer.cosignature.line]);
      return { stated: { by, note }, reason: '' };
    }
    if (answer.kind !== 'size') {
      return { stated: null, reason: 'reason' in answer ? answer.reason : answer.kind };
    }
    if (answer.size === 0) return { stated: null, reason: 'it never cosigned our log' };
    if (answer.size > checkpoint.size) {
      const reason = `it cosigned ${answer.size} entries and does not show that checkpoint`;
      return { stated: null, reason };
    }
    known = answer.size;
  }
  return { stated: null, reason: 'its size changes with every answer' };
}

function isItsWord(note: string, { logKey, witness }: Omit<Submission, 'known'>): boolean {
  return openOwnCheckpoint(note, logKey) !== null && isCosignedBy(note, formatVkey(witness.key));
}
