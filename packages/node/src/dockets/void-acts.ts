/**
 * Acts of ours that have no effect, as alarms. They are raised in the transaction that stores the
 * fold which found them, so none is missed however the node stops, and nobody looks for them at start.
 * Whoever clears such an alarm has seen it: it is not raised again.
 */
import { voidWords } from '@comity/accord';
import type { DocketState, FoldInput } from '@comity/accord';
import { alarmId } from '../alarms.ts';
import { sqlListMax } from '../exchange/limits.ts';
import { insertRows } from '../store/insert-rows.ts';
import type { StoreTransaction } from '../store/store.ts';

/** An alarm about an act of ours. */
export interface VoidActAlarm {
  id: string;
  act: string;
  detail: string;
}

type Folded = readonly {
  input: Pick<FoldInput, 'docket' | 'statements'>;
  state: Pick<DocketState, 'acts'>;
}[];

/** Raises an alarm for every void act of ours that had none; gives those. */
export async function raiseVoidActs(
  tx: StoreTransaction,
  self: string,
  folded: Folded,
  now: number,
): Promise<VoidActAlarm[]> {
  const alarms = alarmsOf(self, folded);
  const raised: VoidActAlarm[] = [];
  for (let start = 0; start < alarms.length; start += sqlListMax) {
    raised.push(...(await raiseSome(tx, alarms.slice(start, start + sqlListMax), now)));
  }
  return raised;
}

/** By author first: others may have any number of void acts in a docket. */
function alarmsOf(self: string, folded: Folded): VoidActAlarm[] {
  const found = new Map<string, VoidActAlarm>();
  for (const { input, state } of folded) {
    for (const { id: act, statement } of input.statements) {
      const { effect, reason } = (statement.from === self ? state.acts[act] : undefined) ?? {};
      if (effect !== 'void') continue;
      const words = `has no effect: ${voidWords(reason ?? 'void')} (${reason ?? 'void'})`;
      const detail = `${statement.kind} ${act.slice(0, 12)} in docket ${input.docket.slice(0, 12)} ${words}`;
      const id = alarmId({ code: 'own-act-void', party: null, about: act });
      found.set(act, { id, act, detail });
    }
  }
  return [...found.values()];
}

async function raiseSome(
  tx: StoreTransaction,
  alarms: readonly VoidActAlarm[],
  now: number,
): Promise<VoidActAlarm[]> {
  const acts = alarms.map(({ act }) => act);
  const ids = alarms.map(({ id }) => id);
  // What another only claims to be ours was never said by us.
  const own = await tx
    .selectFrom('statements')
    .select('id')
    .where('id', 'in', acts)
    .where('own', '=', 1)
    .execute();
  const known = await tx.selectFrom('alarms').select('id').where('id', 'in', ids).execute();
  const ours = new Set(own.map(({ id }) => id));
  const there = new Set(known.map(({ id }) => id));
  const fresh = alarms.filter(({ id, act }) => ours.has(act) && !there.has(id));
  const raised = { code: 'own-act-void', party: null, raised_at: now, cleared_at: null };
  const rows = fresh.map(({ id, detail }) => ({ id, detail, ...raised }));
  await insertRows(tx, 'alarms', rows);
  return fresh;
}
