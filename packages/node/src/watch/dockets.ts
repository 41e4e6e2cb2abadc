/** Dockets as lists and one docket in full, from the tables that folding left. */
import { failure, parseEnvelope, parseStatement, success } from '@comity/record';
import type { Result, Statement } from '@comity/record';
import { isActKind, kinds } from '@comity/accord';
import type { KindDefinition } from '@comity/accord';
import { unfolded } from '../dockets/dirty.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { policiesPinned, termsPinned } from '../dockets/timing-witnesses.ts';
import { deliveriesOf, witnessedTimes } from './delivery.ts';
import type { Delivery } from './delivery.ts';
import { partyNames } from './names.ts';
import { listOwed } from './obligations.ts';
import { outsideOf } from './outside.ts';
import type { Outside } from './outside.ts';
import type { OwedRow } from './obligations.ts';

export interface DocketRow {
  docket: string;
  type: string;
  subject: string;
  state: string;
  counterparts: { party: string; name: string }[];
  /** Id of the newest act, and when it was logged (POSIX seconds). */
  lastAct: string | null;
  lastActAt: number | null;
  /** Open obligations that we owe in it. */
  owed: number;
}

/** One statement of a docket as it is shown. */
export interface ShownStatement {
  id: string;
  kind: string;
  from: string;
  fromName: string;
  own: boolean;
  /** One plain sentence; null for an unknown kind or a body that does not fit. */
  words: string | null;
  /** Effect by the fold: effective, void, refused, waiting, none. */
  act: string;
  reason: string | null;
  /** `at`: when it was served on the party, by the fold (POSIX seconds); null while it was not. */
  delivery: (Delivery & { at: number | null })[];
  /** `logged`, `sent`, `received`, `refused` over all recipients; null for others' statements. */
  deliveryState: string | null;
  /** Witnessed time of its `said` entry, or null while not yet witnessed. */
  witnessed: number | null;
  made: string;
  loggedAt: number;
  prior: string | null;
  after: string[];
  introducedBy: string | null;
  body: Statement['body'];
}

export interface ShownDocket {
  docket: string;
  type: string;
  subject: string;
  state: string;
  stateDigest: string;
  inputDigest: string;
  heads: string[];
  participants: { party: string; name: string }[];
  statements: ShownStatement[];
  obligations: OwedRow[];
}

const listMax = 10_000;
const docketsPerQueryMax = 400;
const statementsShownMax = 5_000;

/** Dockets with the newest act first. `before` continues a list: `lastActAt` of the last row. */
export async function listDockets(
  reader: StoreReader | StoreTransaction,
  self: string,
  filter: { type?: string; party?: string; limit?: number } = {},
): Promise<DocketRow[]> {
  let query = reader
    .selectFrom('dockets')
    .select(['id', 'type', 'subject', 'state', 'participants', 'last_act', 'last_act_at'])
    .where('type', '!=', unfolded);
  if (filter.type !== undefined) query = query.where('type', '=', filter.type);
  const { party } = filter;
  if (party !== undefined) {
    query = query.where('id', 'in', (inner) =>
      inner.selectFrom('docket_participants').select('docket').where('party', '=', party),
    );
  }
  const rows = await query
    .orderBy('last_act_at', 'desc')
    .orderBy('id')
    .limit(Math.min(filter.limit ?? listMax, listMax))
    .execute();
  const names = await partyNames(reader);
  const owed = await openObligations(
    reader,
    self,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    docket: row.id,
    type: row.type,
    subject: row.subject,
    state: row.state,
    counterparts: parseIds(row.participants)
      .filter((party) => party !== self)
      .map((party) => ({ party, name: names.get(party) ?? '' })),
    lastAct: row.last_act,
    lastActAt: row.last_act_at === null ? null : Number(row.last_act_at),
    owed: owed.get(row.id) ?? 0,
  }));
}

/** One docket with its statements in display order. */
export async function showDocket(
  reader: StoreReader | StoreTransaction,
  docket: string,
  now: number,
): Promise<Result<ShownDocket, 'unknown-docket'>> {
  const row = await reader
    .selectFrom('dockets')
    .selectAll()
    .where('id', '=', docket)
    .executeTakeFirst();
  if (row === undefined) return failure('unknown-docket', docket);
  const names = await partyNames(reader);
  const participants = parseIds(row.participants);
  const statements = await showStatements(reader, row, participants, names, now);
  return success({
    docket,
    type: row.type,
    subject: row.subject,
    state: row.state,
    stateDigest: row.state_digest,
    inputDigest: row.input_digest,
    heads: parseIds(row.heads),
    participants: participants.map((party) => ({ party, name: names.get(party) ?? '' })),
    statements,
    obligations: await listOwed(reader, now, { docket, all: true }),
  });
}

/**
 * One statement as its docket shows it, with the docket's id. Statements that stand in no docket
 * (credentials, delegations) are `unknown-statement` here.
 */
export async function showStatement(
  reader: StoreReader | StoreTransaction,
  id: string,
  now: number,
): Promise<Result<ShownStatement & { docket: string }, 'unknown-statement'>> {
  const row = await reader
    .selectFrom('statements')
    .select('docket')
    .where('id', '=', id)
    .executeTakeFirst();
  const shown = row === undefined ? null : await showDocket(reader, row.docket, now);
  const found = shown?.ok ? shown.value.statements.find((statement) => statement.id === id) : null;
  if (row === undefined || !found) return failure('unknown-statement', id);
  return success({ ...found, docket: row.docket });
}

async function showStatements(
  reader: StoreReader | StoreTransaction,
  { id: docket, state_json: stateJson }: { id: string; state_json: string },
  participants: string[],
  names: ReadonlyMap<string, string>,
  now: number,
): Promise<ShownStatement[]> {
  const rows = await reader
    .selectFrom('statements')
    .selectAll()
    .where('docket', '=', docket)
    .orderBy('logged_at')
    .orderBy('id')
    .limit(statementsShownMax)
    .execute();
  const acts = parseActs(stateJson);
  const read = rows.flatMap((row) => {
    const envelope = parseEnvelope(new Uint8Array(row.envelope));
    if (!envelope.ok) return [];
    const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
    return parsed.ok ? [{ row, statement: parsed.value.statement }] : [];
  });
  const deliveries = await deliveriesOf(
    reader,
    read.map(({ row, statement }) => ({
      id: row.id,
      own: row.own === 1,
      recipients: statement.to,
    })),
  );
  const opening = read.find(({ row }) => row.id === docket)?.statement ?? null;
  const times = await witnessedTimes(
    reader,
    rows.map((row) => ({
      id: row.id,
      origin: row.said_origin,
      index: Number(row.said_index),
      author: row.author,
    })),
    participants,
    await policiesPinned(reader, opening),
  );
  const ordered = inDisplayOrder(read.map(({ row, statement }) => ({ ...row, statement })));
  const outside = outsideOf(ordered, participants, await termsPinned(reader, opening), now);
  return ordered.map((row) => {
    const act = acts[row.id];
    const delivery = (deliveries.get(row.id) ?? []).map((one) => ({
      ...one,
      at: act?.towards?.[one.party]?.at ?? null,
    }));
    return {
      id: row.id,
      kind: row.kind,
      from: row.author,
      fromName: names.get(row.author) ?? '',
      own: row.own === 1,
      words: wordsOf(row.statement),
      ...effectShown(row.refused, act, outside.get(row.id)),
      delivery,
      deliveryState: overallDelivery(delivery),
      witnessed: times.get(row.id) ?? null,
      made: row.made,
      loggedAt: Number(row.logged_at),
      prior: row.prior,
      after: row.statement.after,
      introducedBy: row.introduced_by,
      body: row.statement.body,
    };
  });
}

/** Effect and reason; what is outside the state says why. */
function effectShown(
  refused: string | null,
  act: Acts[string],
  outside: Outside | undefined,
): { act: string; reason: string | null } {
  if (refused !== null) return { act: 'refused', reason: refused };
  if (act !== undefined) return { act: act.effect, reason: act.reason };
  return outside ?? { act: 'waiting', reason: null };
}

/** One sentence by the kind's definition. */
export function wordsOf(statement: Statement): string | null {
  if (!isActKind(statement.kind)) return null;
  const definition: KindDefinition = kinds[statement.kind];
  const body = definition.schema.safeParse(statement.body);
  return body.success ? definition.words(body.data) : null;
}

/** Parents first; among those free, the one logged here first (accord.md, Order, for display). */
function inDisplayOrder<T extends { id: string; statement: Statement }>(rows: readonly T[]): T[] {
  const there = new Set(rows.map((row) => row.id));
  const taken = new Set<string>();
  const ordered: T[] = [];
  let left = [...rows];
  while (left.length > 0) {
    const waiting: T[] = [];
    for (const row of left) {
      const { after, prior } = row.statement;
      const parents = [...after, ...(prior === null ? [] : [prior])];
      const free = parents.every((parent) => !there.has(parent) || taken.has(parent));
      if (!free) {
        waiting.push(row);
        continue;
      }
      taken.add(row.id);
      ordered.push(row);
    }
    if (waiting.length === left.length) return [...ordered, ...waiting];
    left = waiting;
  }
  return ordered;
}

function overallDelivery(delivery: readonly Delivery[]): string | null {
  const states = delivery.map((one) => one.state);
  for (const state of ['refused', 'logged', 'sent', 'received'] as const) {
    if (states.includes(state)) return state;
  }
  return null;
}

/** Open obligations of ours in each of these dockets. */
async function openObligations(
  reader: StoreReader | StoreTransaction,
  self: string,
  dockets: readonly string[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let start = 0; start < dockets.length; start += docketsPerQueryMax) {
    const rows = await reader
      .selectFrom('obligations')
      .select(['docket', 'state'])
      .where('docket', 'in', dockets.slice(start, start + docketsPerQueryMax))
      .where('owed_by', '=', self)
      .execute();
    for (const { docket, state } of rows) {
      // Not asked of the database: it would go through all that is open, by the state's index.
      if (state !== 'running' && state !== 'start-disputed') continue;
      counts.set(docket, (counts.get(docket) ?? 0) + 1);
    }
  }
  return counts;
}

type Acts = {
  [id: string]:
    | {
        effect: string;
        reason: string | null;
        towards?: { [party: string]: { at: number | null } | undefined };
      }
    | undefined;
};

function parseActs(stateJson: string): Acts {
  const state: unknown = JSON.parse(stateJson);
  if (typeof state !== 'object' || state === null || !('acts' in state)) return {};
  return state.acts as Acts;
}

function parseIds(text: string): string[] {
  const ids: unknown = JSON.parse(text);
  return Array.isArray(ids) ? ids.map(String) : [];
}
