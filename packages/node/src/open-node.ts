/**
 * A node without its network: the home locked, keys read, store and log open, dockets folded, the
 * desk ready. `startNode` puts exchange, listeners and the API on top; a command that runs while no
 * node does uses the same.
 */
import { failure, success } from '@comity/record';
import type { Failure, Result } from '@comity/record';
import type { Clock, LogLine, NodeKeys, Random } from './context.ts';
import { createEventHub } from './api/events.ts';
import type { EventHub } from './api/events.ts';
import type { DeskDeps } from './desk/deps.ts';
import { createRefolder } from './dockets/refold.ts';
import type { Refolder } from './dockets/refold.ts';
import { newAnchor } from './exchange/anchors.ts';
import { markDirty } from './dockets/dirty.ts';
import { docketsOfParties } from './exchange/docket-marks.ts';
import type { After } from './exchange/deps.ts';
import { loadConfig } from './home/config.ts';
import type { ConfigFlags, NodeConfig } from './home/config.ts';
import { homeLayout } from './home/layout.ts';
import type { HomeLayout } from './home/layout.ts';
import { acquireLock } from './home/lock.ts';
import { lockedKeys } from './home/locked-keys.ts';
import type { HomeLock } from './home/lock.ts';
import { readNodeKeys } from './home/node-keys.ts';
import type { NodeKeysFailure } from './home/node-keys.ts';
import { readPartyFile } from './home/party-file.ts';
import { openHomeStore, openLog } from './home/storage.ts';
import type { Storage } from './home/storage.ts';
import type { Store } from './store/store.ts';
import type { SaidJob } from './log/jobs.ts';
import { displayName, loadChain, storeChain } from './parties/chains.ts';
import { watchDuty } from './watch/duty.ts';
import type { Duty } from './watch/duty.ts';
import { repairChains } from './parties/taking.ts';

export interface OpenOptions {
  home: string;
  /** Configuration from the command line; stands above file and environment. */
  flags: ConfigFlags;
  /** For the node's own keys; not looked at when they are unprotected. */
  passphrase: string | null;
  /** Leaves the keys locked: nothing can be signed or opened. `passphrase` is not looked at. */
  locked?: boolean;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  random: Random;
  after: After;
  log: LogLine;
}

export interface OpenNode {
  layout: HomeLayout;
  config: NodeConfig;
  keys: NodeKeys;
  name: string;
  unprotectedKeys: boolean;
  /** The keys were left locked. */
  locked: boolean;
  storage: Storage;
  refolder: Refolder;
  hub: EventHub;
  duty: Duty;
  desk: DeskDeps;
  /** Called with each statement of ours after it was logged; set by the exchange. */
  onLogged(listener: (job: SaidJob) => void): void;
  close(): Promise<void>;
}

export type OpenFailure =
  NodeKeysFailure | 'bad-home' | 'locked' | 'bad-config' | 'store-unavailable' | 'wrong-database';

/** Opens the home. On failure nothing stays open and the lock is free. */
export async function openNode(options: OpenOptions): Promise<Result<OpenNode, OpenFailure>> {
  const layout = homeLayout(options.home);
  const party = await readPartyFile(layout);
  if (!party.ok) return party;
  const config = await loadConfig(layout, options.environment, options.flags);
  if (!config.ok) return config;
  const locked = await acquireLock(layout.lock);
  if (!locked.ok) return locked;
  const undo = async <C extends OpenFailure>(problem: Failure<C>) => {
    await locked.value.release();
    return problem;
  };
  const read = options.locked === true ? null : await readNodeKeys(layout, options.passphrase);
  if (read?.ok === false) return await undo(read);
  if (read !== null && read.value.keys.party !== party.value.id) {
    return await undo(failure('bad-home', layout.party));
  }
  const store = await openHomeStore(layout, config.value);
  if (!store.ok) return await undo(store);
  let close = (): Promise<void> => store.value.close();
  try {
    const keys = read?.value.keys ?? (await lockedKeys(store.value.reader, party.value));
    const wrong =
      keys === null
        ? failure('passphrase-needed', layout.nodeKeysEncrypted)
        : await checkDatabase(store.value, keys);
    if (keys === null || wrong !== null) {
      await close();
      return await undo(wrong ?? failure('passphrase-needed', layout.nodeKeysEncrypted));
    }
    const opened = await openLog(store.value, { ...options, layout, config: config.value, keys });
    if (!opened.ok) return await undo(opened);
    const storage = opened.value;
    close = () => storage.close();
    const unprotectedKeys = read?.value.unprotected === true;
    const home = { layout, config: config.value, keys, unprotectedKeys, locked: read === null };
    return success(await assemble(options, home, storage, locked.value));
  } catch (error) {
    await close();
    await locked.value.release();
    throw error;
  }
}

/** A database that belongs to another party must never be written to with these keys. */
async function checkDatabase(
  store: Store,
  keys: NodeKeys,
): Promise<Failure<'wrong-database'> | null> {
  const row = await store.reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'self')
    .executeTakeFirst();
  if (row?.value === keys.party) return null;
  return failure('wrong-database', '', row === undefined ? 'empty' : `of party ${row.value}`);
}

async function assemble(
  options: OpenOptions,
  home: Pick<OpenNode, 'layout' | 'config' | 'keys' | 'unprotectedKeys' | 'locked'>,
  storage: Storage,
  lock: HomeLock,
): Promise<OpenNode> {
  const { clock, random, after, log } = options;
  const { store, sequencer } = storage;
  const { keys } = home;
  const hub = createEventHub();
  await repairChains(store, clock.now());
  const refolder = await createRefolder({
    store,
    self: keys.party,
    ownOrigin: keys.logSigner.key.name,
    exercise: keys.exercise,
    clock,
    after,
    log,
    notify: hub.notify,
  });
  const duty = watchDuty({ store, self: keys.party, hub, clock, after, log });
  const listeners: ((job: SaidJob) => void)[] = [];
  const desk: DeskDeps = {
    store,
    sequencer,
    clock,
    random,
    self: { party: keys.party, exercise: keys.exercise },
    newAnchor: (reader, recipients) => newAnchor(reader, recipients, keys.party),
    notify: hub.notify,
    afterLogged: async (job) => {
      refolder.docketsChanged(await noteOwnStatement(storage, keys.party, job));
      for (const listener of listeners) listener(job);
    },
  };
  const chain = await loadChain(store.reader, keys.party);
  const name =
    chain === null ? keys.party : displayName(chain.versions.at(-1)?.body.name ?? {}, '');
  return {
    ...home,
    name,
    storage,
    refolder,
    hub,
    duty,
    desk,
    onLogged: (listener) => listeners.push(listener),
    close: async () => {
      await refolder.close();
      await duty.close();
      await storage.close();
      await lock.release();
    },
  };
}

/** What our own statement changes besides its docket; returns the dockets to fold again. */
async function noteOwnStatement(storage: Storage, self: string, job: SaidJob): Promise<string[]> {
  const { kind } = job.statement;
  if (!kind.startsWith('party.')) return [job.docket];
  // Credentials and delegations are inputs of every docket that we take part in (rulings.md, 8).
  return await storage.store.transact(async (tx) => {
    const chain = await loadChain(tx, self);
    if (chain !== null) await storeChain(tx, chain);
    const dockets = await docketsOfParties(tx, [self]);
    await markDirty(tx, dockets);
    return dockets;
  });
}
