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
  /** True where `keys` are the public ones alone, of the log in force. */
  locked?: boolean | undefined;
}

/** `store-unavailable` when the database cannot be opened; the detail is for the operator. */
export async function openStorage(
  deps: StorageDeps,
): Promise<Result<Storage, 'store-unavailable' | 'bad-key-file'>> {
  const { config, layout } = deps;
  const opened = await openHomeStore(layout, config);
  return opened.ok ? await openLog(opened.value, deps) : opened;
}

/** The database alone. */
export async function openHomeStore(
  layout: HomeLayout,
  config: NodeConfig,
): Promise<Result<Store, 'store-unavailable'>> {
  try {
    if (config.database === null)
      await mkdir(dirname(layout.store), { recursive: true, mode: 0o700 });
    const store = await openStore(
      config.database === null
        ? { kind: 'sqlite', path: layout.store }
        : { kind: 'postgres', url: config.database },
    );
    return success(store);
  } catch (error) {
    return failure('store-unavailable', '', error instanceof Error ? error.message : undefined);
  }
}

/** The log over a database, which is closed where the log cannot be opened. */
export async function openLog(
  store: Store,
  deps: StorageDeps,
): Promise<Result<Storage, 'bad-key-file'>> {
  const { config, keys, layout } = deps;
  try {
    const chosen = deps.locked === true ? null : await chooseLogKeys(layout, keys, store.reader);
    if (chosen?.ok === false) {
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
