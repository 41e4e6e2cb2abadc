/**
 * Folds the dockets whose inputs changed and keeps what came out as tables (dockets, obligations),
 * so that nothing is folded at start.
 *
 * Changes are collected for a moment and folded together. The dirty flag in the table is durable:
 * it is set in the transaction that changed the inputs and taken back only here, in the one that
 * stores the new state. A docket that changed again while it was folded stays dirty.
 */
import { fold, headsOf, inputDigest, stateDigest } from '@comity/accord';
import type { DocketState, FoldInput, Obligation } from '@comity/accord';
import { canonicalJson } from '@comity/record';
import type { JsonValue } from '@comity/record';
import type { Clock, LogLine, Notify } from '../context.ts';
import type { After, DocketDigests, Dockets } from '../exchange/deps.ts';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';
import { createAnchorReader } from './anchor-times.ts';
import { compileFoldInputs } from './fold-input.ts';

const docketsPerRunMax = 128;
const collectMilliseconds = 40;
const retryMilliseconds = 2_000;

export interface RefolderDeps {
  store: Store;
  self: string;
  ownOrigin: string;
  exercise: boolean;
  clock: Clock;
  after: After;
  log: LogLine;
  notify: Notify;
}

export interface Refolder extends Dockets {
  /** Notes that the inputs of these dockets changed; folds soon. Never throws. */
  docketsChanged(dockets: readonly string[]): void;
  /** Resolves when nothing that was noted before the call waits to be folded. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

interface Folded {
  input: FoldInput;
  state: DocketState;
  heads: string[];
  lastAct: { id: string; at: number } | null;
}

/** Makes the refolder; reads from the store which dockets were left dirty by an earlier process. */
export async function createRefolder(deps: RefolderDeps): Promise<Refolder> {
  const { store, self, ownOrigin, exercise } = deps;
  const inputDeps = { self, ownOrigin, exercise, anchors: createAnchorReader() };
  const waiting = new Set(await leftDirty(store.reader));
  let running: Promise<void> | null = null;
  let cancel: (() => void) | null = null;
  let closed = false;

  const runOnce = async (): Promise<void> => {
    const ids = [...waiting].slice(0, docketsPerRunMax);
    for (const id of ids) waiting.delete(id);
    try {
      const folded = await foldAll(store.reader, inputDeps, ids);
      await store.transact(async (tx) => {
        for (const one of folded) await storeFolded(tx, one, waiting.has(one.input.docket));
      });
      for (const { input } of folded) deps.notify({ type: 'docket', docket: input.docket });
    } catch (error) {
      for (const id of ids) waiting.add(id);
      throw error;
    }
  };
  const runAll = async (): Promise<void> => {
    while (waiting.size > 0) await runOnce();
  };
  const start = (): Promise<void> => {
    cancel?.();
    cancel = null;
    running ??= runAll()
      .catch((error: unknown) => {
        deps.log('error', 'folding failed and will be tried again', { error: String(error) });
        if (!closed) cancel = deps.after(retryMilliseconds, () => void start());
      })
      .finally(() => {
        running = null;
      });
    return running;
  };
  const docketsChanged = (dockets: readonly string[]): void => {
    if (closed) return;
    for (const id of dockets) if (id !== '') waiting.add(id);
    if (waiting.size > 0 && running === null) {
      cancel ??= deps.after(collectMilliseconds, () => void start());
    }
  };
  const settled = async (): Promise<void> => {
    while (running !== null || waiting.size > 0) await start();
  };

  docketsChanged([]);
  return {
    docketsChanged,
    settled,
    async refold(dockets) {
      for (const id of dockets) if (id !== '') waiting.add(id);
      await settled();
    },
    state: async (docket) => await storedDigests(store.reader, docket),
    async close() {
      closed = true;
      cancel?.();
      await running;
    },
  };
}

async function foldAll(
  reader: StoreReader,
  deps: Parameters<typeof compileFoldInputs>[1],
  ids: readonly string[],
): Promise<Folded[]> {
  const inputs = await compileFoldInputs(reader, deps, ids);
  return inputs.map((input) => ({
    input,
    state: fold(input),
    heads: headsOf(input.statements),
    lastAct: lastActOf(input),
  }));
}

// The last act in the order of what our counterparts and we can know: the author's own time.
function lastActOf(input: FoldInput): { id: string; at: number } | null {
  let last: { id: string; at: number } | null = null;
  for (const { id, statement, said } of input.statements) {
    if (statement.kind === 'channel.test') continue;
    const at = said.ownTime ?? Math.floor(Date.parse(statement.made) / 1000);
    if (last === null || at > last.at || (at === last.at && id > last.id)) last = { id, at };
  }
  return last;
}

async function storeFolded(tx: StoreTransaction, folded: Folded, dirty: boolean): Promise<void> {
  const { input, state, heads, lastAct } = folded;
  const row = {
    type: state.type,
    subject: state.subject,
    state: state.state,
    state_json: canonicalJson(state as unknown as JsonValue),
    state_digest: stateDigest(state),
    input_digest: inputDigest(input),
    fold: state.fold,
    heads: JSON.stringify(heads),
    participants: JSON.stringify(state.participants),
    last_act: lastAct?.id ?? null,
    last_act_at: lastAct?.at ?? null,
    dirty: dirty ? 1 : 0,
  };
  await tx
    .insertInto('dockets')
    .values({ id: input.docket, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
  await tx.deleteFrom('obligations').where('docket', '=', input.docket).execute();
  const obligations = Object.values(state.obligations).map((one) =>
    obligationRow(input.docket, one),
  );
  if (obligations.length > 0) await tx.insertInto('obligations').values(obligations).execute();
}

function obligationRow(docket: string, obligation: Obligation) {
  const { id, owedBy, owedTo, what, state, start, due, basis, provisional } = obligation;
  return {
    id,
    docket,
    owed_by: owedBy,
    owed_to: owedTo,
    what,
    state,
    start: start[1],
    due: due[1],
    basis,
    provisional: provisional ? 1 : 0,
  };
}

/** Dockets with the flag; the sequencer makes a flagged row with the first statement of a docket. */
async function leftDirty(reader: StoreReader): Promise<string[]> {
  const rows = await reader.selectFrom('dockets').select('id').where('dirty', '=', 1).execute();
  return rows.map(({ id }) => id);
}

async function storedDigests(reader: StoreReader, docket: string): Promise<DocketDigests | null> {
  const row = await reader
    .selectFrom('dockets')
    .select(['id', 'heads', 'input_digest', 'state_digest'])
    .where('id', '=', docket)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    docket,
    heads: JSON.parse(row.heads) as string[],
    inputDigest: row.input_digest,
    stateDigest: row.state_digest,
  };
}
