/** What the desk takes from outside. */
import type { Anchor } from '@comity/record';
import type { Clock, Notify, Random } from '../context.ts';
import type { SaidJob, Sequencer } from '../log/jobs.ts';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';

/** Newest cosigned checkpoints that we know of the recipients' logs, and their cosignature lines. */
export type NewAnchor = (
  reader: StoreReader | StoreTransaction,
  recipients: readonly string[],
) => Promise<{ anchor: Anchor[]; lines: string[] }>;

export interface DeskDeps {
  store: Store;
  sequencer: Sequencer;
  clock: Clock;
  random: Random;
  self: { party: string; exercise: boolean };
  newAnchor: NewAnchor;
  notify: Notify;
  /** Called after a statement of ours was logged, before the caller is answered. */
  afterLogged(job: SaidJob): Promise<void>;
}
