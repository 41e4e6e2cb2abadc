/**
 * Having a docket confirmed now: a heartbeat to each other participant, and waiting for theirs. What
 * still travels, receipts and cosignatures, comes to rest within a second or two; so it is asked again.
 */
import { standingOf } from './confirmations.ts';
import type { Standing } from './confirmations.ts';
import type { ExchangeDeps } from './deps.ts';
import { maySay } from '../log/jobs.ts';
import { confirmAgainMs, confirmLookMs } from './limits.ts';

export interface Confirmed {
  /** True where every participant, we too, confirmed the docket as it is now. */
  confirmed: boolean;
  by: string[];
  missing: string[];
}

export type ConfirmDeps = Pick<
  ExchangeDeps,
  'store' | 'sequencer' | 'keys' | 'clock' | 'after' | 'dockets'
> & {
  /** Says a heartbeat to a counterpart now. */
  ask(party: string): Promise<void>;
  closed(): boolean;
};

/**
 * Waits at most `seconds`; not at all where nobody who is missing can be asked (no counterpart, a
 * channel docket, a log that signs nothing). Null for a docket that is not known.
 */
export async function confirmDocket(
  deps: ConfirmDeps,
  docket: string,
  seconds: number,
): Promise<Confirmed | null> {
  const { clock, store } = deps;
  await deps.dockets.refold([docket]);
  const end = clock.nowMs() + seconds * 1000;
  let askAt = clock.nowMs();
  for (;;) {
    const standing = await standingOf(store.reader, docket);
    if (standing === null) return null;
    const now = clock.nowMs();
    const askable = await whoCanBeAsked(deps, docket, standing);
    if (askable.length > 0 && now >= askAt) {
      askAt = now + confirmAgainMs;
      for (const party of askable) await deps.ask(party);
    }
    if (askable.length === 0 || now >= end || deps.closed()) {
      return { confirmed: standing.missing.length === 0, ...standing };
    }
    await new Promise<void>((resume) => {
      deps.after(Math.min(confirmLookMs, end - now), resume);
    });
    await deps.dockets.refold([]);
  }
}

/** Counterparts that have not confirmed; where only we have not, any one to say it to. */
async function whoCanBeAsked(
  deps: ConfirmDeps,
  docket: string,
  { by, missing }: Standing,
): Promise<string[]> {
  if (missing.length === 0 || !maySay(deps.sequencer)) return [];
  const row = await deps.store.reader
    .selectFrom('dockets')
    .select('type')
    .where('id', '=', docket)
    .executeTakeFirst();
  // Heartbeats cover every docket but the one that they are in.
  if (row === undefined || row.type === 'channel') return [];
  const { party: self } = deps.keys;
  const rows = await deps.store.reader
    .selectFrom('parties')
    .select('id')
    .where('state', '=', 'confirmed')
    .where('id', 'in', [...by, ...missing])
    .orderBy('id')
    .execute();
  const counterparts = rows.map(({ id }) => id).filter((id) => id !== self);
  const silent = counterparts.filter((id) => missing.includes(id));
  if (silent.length > 0) return silent;
  return missing.includes(self) ? counterparts.slice(0, 1) : [];
}
