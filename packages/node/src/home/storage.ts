/** Opens what a home stores: the database and the log's sequencer over it. */
import { failure, formatVkey, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { Clock, LogLine, NodeKeys } from '../context.ts';
import { followUp } from '../exchange/follow-ups.ts';
import { openSequencer } from '../log/sequencer.ts';
import type { Sequencer } from '../log/sequencer.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { NodeConfig } from './config.ts';
import { highWaterPath } from './layout.ts';
import { chooseLogKeys } from './log-keys.ts';
import type { HomeLayout } from './layout.ts';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Storage {
  store: Store;
  sequencer: Sequencer;
  close(): Promise<void>;
}

export interface StorageDeps {
  layout: HomeLayout;
  config: NodeConfig;
  keys: NodeKeys;
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  log: LogLine;
}

/** `store-unavailable` when the database cannot be opened; the detail is for the operator. */
export async function openStorage(
  deps: StorageDeps,
): Promise<Result<Storage, 'store-unavailable' | 'bad-key-file'>> {
  const { config, keys, layout } = deps;
  let store: Store;
  try {
    if (config.database === null)
      await mkdir(dirname(layout.store), { recursive: true, mode: 0o700 });
    store = await openStore(
      config.database === null
        ? { kind: 'sqlite', path: layout.store }
        : { kind: 'postgres', url: config.database },
    );
  } catch (error) {
    return failure('store-unavailable', '', error instanceof Error ? error.message : undefined);
  }
  try {
    const chosen = await chooseLogKeys(layout, keys, store.reader);
    if (!chosen.ok) {
      await store.close();
      return chosen;
    }
    const sequencer = await openSequencer({
      store,
      clock: deps.clock,
      logSigner: keys.logSigner,
      nextLogSigner: () => keys.nextLogSigner,
      onNewLog: (signer) => {
        keys.logSigner = signer;
        keys.nextLogSigner = null;
      },
      ownAccountSigner: keys.ownAccountSigner,
      highWaterPath: highWaterPath(keys.party, config.stateDirectory, deps.environment),
      witnesses: config.witnesses.map((witness) => witness.vkey),
      follow: (tx, jobs, now) => followUp(tx, keys.party, jobs, now),
      log: deps.log,
    });
    const close = async () => {
      await sequencer.close();
      await store.close();
    };
    return success({ store, sequencer, close });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The vkey of the log, as it is published. */
export function logVkey(keys: NodeKeys): string {
  return formatVkey(keys.logSigner.key);
}
