/**
 * Folds the dockets whose inputs changed and keeps what came out as tables (dockets, obligations),
 * so that nothing is folded at start.
 *
 * Changes are collected for a moment and folded together. The dirty flag in the table is durable:
 * it is set in the transaction that changed the inputs and taken back only here, in the one that
 * stores the new state. A docket that changed again while it was folded stays dirty.
 */
import { fold, headsOf, inputDigest, waitingIn } from '@comity/accord';
import type { DocketState, FoldInput, Obligation } from '@comity/accord';
import { canonicalJson, encodeText, sha256Hex } from '@comity/record';
import type { Clock, LogLine, Notify } from '../context.ts';
import type { After, DocketDigests, Dockets } from '../exchange/deps.ts';
import { sqlListMax } from '../exchange/limits.ts';
import { insertTogether, rowsFor } from '../store/insert-rows.ts';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';
import { unfolded } from './dirty.ts';
import { createAnchorReader } from './anchor-times.ts';
import { compileFoldInputs } from './fold-input.ts';
import type { FoldInputDeps } from './fold-input.ts';
import { raiseVoidActs } from './void-acts.ts';

const docketsPerRunMax = 128;
/** More waiting dockets than this are a flood. */
const floodMin = 256;
const foldedColumns = [
  'type',
  'subject',
  'state',
  'state_json',
  'state_digest',
  'input_digest',
  'fold',
  'heads',
  'participants',
  'last_act',
  'last_act_at',
  'dirty',
] as const;
const collectMilliseconds = 40;
const pauseFactor = 31;
const quietMilliseconds = 1_500;
const longestWaitMilliseconds = 30_000;
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
  /** Resolves when everything that changed before the call is folded; rejects when folding fails. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

interface Folded {
  input: FoldInput;
  state: DocketState;
  heads: string[];
  lastAct: { id: string; at: number } | null;
}

/** Dockets to fold, with when they first and last changed since they were last taken to be folded. */
type Waiting = Map<string, { since: number; changed: number }>;

/** Makes the refolder; reads from the store which dockets were left dirty by an earlier process. */
export async function createRefolder(deps: RefolderDeps): Promise<Refolder> {
  const { store, self, ownOrigin, exercise } = deps;
  const inputDeps = { self, ownOrigin, exercise, anchors: createAnchorReader() };
  const waiting: Waiting = new Map();
  const note = (dockets: readonly string[]): void => noteAt(waiting, deps.clock.nowMs(), dockets);
  note(await leftDirty(store.reader));
  let running: Promise<void> | null = null;
  let cancel: (() => void) | null = null;
  let closed = false;

  // What waits now; what comes meanwhile is for the next run, in company.
  const runOver = async (ids: readonly string[]): Promise<void> => {
    for (let at = 0; at < ids.length; at += docketsPerRunMax) {
      await foldSome(deps, inputDeps, waiting, ids.slice(at, at + docketsPerRunMax));
    }
  };
  const run = (ids: readonly string[]): Promise<void> => {
    cancel?.();
    cancel = null;
    const started = deps.clock.nowMs();
    const flood = waiting.size > floodMin;
    let pause = retryMilliseconds;
    running ??= runOver(ids)
      .then(() => {
        // In a flood folding takes a thirty-second part of the time at most: the exchange comes first.
        const rest = flood ? pauseFactor * (deps.clock.nowMs() - started) : 0;
        pause = Math.max(collectMilliseconds, rest);
      })
      .finally(() => {
        running = null;
        if (waiting.size > 0) schedule(pause);
      });
    return running;
  };
  const schedule = (milliseconds: number): void => {
    if (closed) return;
    cancel ??= deps.after(milliseconds, () => {
      run(dueNow(waiting, deps.clock.nowMs())).catch((error: unknown) => {
        deps.log('error', 'folding failed and will be tried again', { error: String(error) });
      });
    });
  };
  const settled = async (): Promise<void> => {
    // What waits now: what changes while it is folded is for whoever asks after that, or nobody
    // would get an answer while a counterpart keeps dockets changing.
    const asked = [...waiting];
    if (running !== null) await running;
    const left = (): string[] => stillWaiting(waiting, asked);
    while (left().length > 0) await (running ?? run(left()));
  };

  if (waiting.size > 0) schedule(collectMilliseconds);
  return {
    docketsChanged(dockets) {
      note(dockets);
      if (waiting.size > 0 && running === null) schedule(collectMilliseconds);
    },
    settled,
    async refold(dockets) {
      note(dockets);
      await settled();
    },
    flooded: () => waiting.size > floodMin,
    state: async (docket) => await storedDigests(store.reader, docket),
    async close() {
      closed = true;
      cancel?.();
      await running?.catch(() => undefined);
    },
  };
}

function noteAt(waiting: Waiting, now: number, dockets: readonly string[]): void {
  for (const id of dockets) {
    const known = waiting.get(id);
    if (known !== undefined) known.changed = now;
    else if (id !== '') waiting.set(id, { since: now, changed: now });
  }
}

/** Of these those that were not taken to be folded since. */
function stillWaiting(waiting: Waiting, asked: readonly (readonly [string, object])[]): string[] {
  return asked.flatMap(([id, times]) => (waiting.get(id) === times ? [id] : []));
}

/**
 * What is folded now: everything, unless there is a flood; then what has been quiet for a moment (a
 * statement, its receipt and its cosignatures come one after another and are folded together) or has
 * waited for long, as much as one run takes.
 */
function dueNow(waiting: Waiting, now: number): string[] {
  if (waiting.size <= floodMin) return [...waiting.keys()];
  const due: string[] = [];
  for (const [id, { since, changed }] of waiting) {
    if (now - changed < quietMilliseconds && now - since < longestWaitMilliseconds) continue;
    due.push(id);
    if (due.length === docketsPerRunMax) break;
  }
  return due;
}

/** Folds and stores these, taking them out of `waiting`; puts them back when that fails. */
async function foldSome(
  { store, self, clock, log, notify }: RefolderDeps,
  inputDeps: FoldInputDeps,
  waiting: Waiting,
  ids: readonly string[],
): Promise<void> {
  const taken = ids.flatMap((id) => {
    const times = waiting.get(id);
    return times === undefined ? [] : [[id, times] as const];
  });
  for (const id of ids) waiting.delete(id);
  try {
    const folded = await foldAll(store.reader, inputDeps, ids);
    // Written out before the transaction: nothing else can be written while it lasts.
    const rows = folded.map(docketRow);
    const alarms = await store.transact(async (tx) => {
      await storeFolded(tx, folded, rows, (docket) => waiting.has(docket));
      await forgetEmpty(tx, ids, folded);
      return await raiseVoidActs(tx, self, folded, clock.now());
    });
    for (const { input } of folded) notify({ type: 'docket', docket: input.docket });
    for (const { id, detail } of alarms) {
      log('warn', 'an act of ours is void', { what: detail });
      notify({ type: 'alarm', id });
    }
  } catch (error) {
    for (const [id, times] of taken) if (!waiting.has(id)) waiting.set(id, times);
    throw error;
  }
}

// A docket of which nothing can be read (only a refused payload that is no statement) has no state.
async function forgetEmpty(
  tx: StoreTransaction,
  ids: readonly string[],
  folded: readonly Folded[],
): Promise<void> {
  const found = new Set(folded.map(({ input }) => input.docket));
  const empty = ids.filter((id) => !found.has(id));
  if (empty.length === 0) return;
  await tx.deleteFrom('dockets').where('id', 'in', empty).where('type', '=', unfolded).execute();
}

async function foldAll(
  reader: StoreReader,
  deps: FoldInputDeps,
  ids: readonly string[],
): Promise<Folded[]> {
  const inputs = await compileFoldInputs(reader, deps, ids);
  return inputs.map((input) => ({
    input,
    state: fold(input),
    heads: headsInForce(input),
    lastAct: lastActOf(input),
  }));
}

// Heads confirm what both have in full: a statement that waits for another is none of them yet.
function headsInForce(input: FoldInput): string[] {
  const waiting = new Set(waitingIn(input).map(({ id }) => id));
  return headsOf(input.statements.filter(({ id }) => !waiting.has(id)));
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

async function storeFolded(
  tx: StoreTransaction,
  folded: readonly Folded[],
  written: readonly ReturnType<typeof docketRow>[],
  isDirty: (docket: string) => boolean,
): Promise<void> {
  const rows = written.map((row) => ({ ...row, dirty: isDirty(row.id) ? 1 : 0 }));
  for (let start = 0; start < rows.length; start += sqlListMax) {
    const ids = rows.slice(start, start + sqlListMax).map(({ id }) => id);
    await tx.deleteFrom('obligations').where('docket', 'in', ids).execute();
  }
  const obligations = folded.flatMap(({ input, state }) =>
    Object.values(state.obligations).map((one) => obligationRow(input.docket, one)),
  );
  await insertTogether(tx, [
    rowsFor('dockets', rows, { key: ['id'], replace: foldedColumns }),
    // Those of a docket never change once its opening is there, so mostly nothing is written.
    rowsFor('docket_participants', folded.flatMap(participantRows), 'keep'),
    rowsFor('obligations', obligations),
  ]);
}

function participantRows({ input, state: { participants } }: Folded) {
  const docket = input.docket;
  return participants.map((party) => ({ party, docket, participants: participants.length }));
}

function docketRow(folded: Folded) {
  const { input, state, heads, lastAct } = folded;
  const text = canonicalJson(state);
  return {
    id: input.docket,
    type: state.type,
    subject: state.subject,
    state: state.state,
    state_json: text,
    // The same as accord's stateDigest, without writing the state a second time.
    state_digest: sha256Hex(encodeText(text)),
    input_digest: inputDigest(input),
    fold: state.fold,
    heads: JSON.stringify(heads),
    participants: JSON.stringify(state.participants),
    last_act: lastAct?.id ?? null,
    last_act_at: lastAct?.at ?? null,
  };
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
