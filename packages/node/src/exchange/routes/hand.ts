/**
 * The hand route: the same pouch as a file. An exchange by files alone ends, because importing
 * proofs, checkpoints and cosignatures makes no log entry (rulings.md, 27).
 */
import type { Result } from '@comity/record';
import type { Courier } from '../courier.ts';
import type { IntakeReport } from '../intake.ts';
import type { OpenFailure } from '../open-pouch.ts';

export interface HandPouch {
  /** The file's bytes. */
  sealed: Uint8Array;
  records: number;
  statements: number;
  /** Items that were in no pouch before; an exchange by hand is over when both sides have none. */
  fresh: number;
  /** True where more waits than one file holds: export again. */
  more: boolean;
}

export interface HandRoute {
  /**
   * Everything that waits for a party, in one file of at most 512 statements; what went into an
   * earlier file and was not answered is in it again. Null for a party that cannot be sealed to.
   */
  exportFor(party: string): Promise<HandPouch | null>;
  /** Takes in a file; the receipts are in the next file that is exported. */
  importFile(sealed: Uint8Array): Promise<Result<IntakeReport, OpenFailure>>;
}

export interface HandDeps {
  courier: Courier;
  takeIn(sealed: Uint8Array): Promise<Result<IntakeReport, OpenFailure>>;
  /** Passes on at once what the party may lack, since there is no telling when the next file goes. */
  beforeExport(party: string): Promise<void>;
}

/** The hand route over a courier and an intake. */
export function handRoute(deps: HandDeps): HandRoute {
  return {
    async exportFor(party) {
      await deps.beforeExport(party);
      return deps.courier.forHand(party);
    },
    importFile: (sealed) => deps.takeIn(sealed),
  };
}
