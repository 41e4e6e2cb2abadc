/**
 * Cosignatures entered in the proof set (rulings.md, 22). Only for checkpoints that we know, from
 * our own log or from a copy that is consistent; a witness's times for one log never decrease with
 * size, and what breaks that is ignored and shown.
 */
import { encodeHex } from '@comity/record';
import { copyState } from '../log/copies.ts';
import { rootAt } from '../log/tiles.ts';
import type { StoreTransaction } from '../store/store.ts';
import { clearAlarm, raiseAlarm } from '../alarms.ts';
import { isAhead } from './cosignature-checks.ts';
import type { CheckedCosignature } from './cosignature-checks.ts';
import { readChannel, setChannel } from './channels.ts';
import { docketsWithEntries } from './docket-marks.ts';
import { deferredCosignaturesMax } from './limits.ts';
import { queueItems } from './outbox.ts';

export interface CosignaturesEntered {
  entered: CheckedCosignature[];
  /** Dockets whose times may have changed. */
  dockets: string[];
  /** Parties that a cosignature of our log was queued for. */
  kick: string[];
}

/** Enters what is new; returns which, and the dockets that it touches. */
export async function enterCosignatures(
  tx: StoreTransaction,
  checked: readonly CheckedCosignature[],
  own: { party: string; origin: string },
  now: number,
): Promise<CosignaturesEntered> {
  const entered: CheckedCosignature[] = [];
  const dockets = new Set<string>();
  const kick: string[] = [];
  for (const each of checked) {
    if (isAhead(each.time, now)) {
      await defer(tx, each, now);
      continue;
    }
    const from = await enterOne(tx, each, own.party, now);
    if (from === null) continue;
    entered.push(each);
    const { origin, size } = each.checkpoint;
    const touched = await docketsWithEntries(tx, origin, from, size, own.origin);
    for (const docket of touched) dockets.add(docket);
    if (origin === own.origin && each.party !== null) {
      await confirmOwnSize(tx, each.party, size);
      kick.push(...(await forwardOwn(tx, each, own.party, now)));
    }
  }
  return { entered, dockets: [...dockets], kick };
}

/** Size of the newest older cosignature by the same key when this one is new and right, else null. */
async function enterOne(
  tx: StoreTransaction,
  each: CheckedCosignature,
  self: string,
  now: number,
): Promise<number | null> {
  const { vkey, time, line } = each;
  const { origin, size, root } = each.checkpoint;
  if ((await knownRoot(tx, origin, size)) !== encodeHex(root)) return null;
  // Times never decrease with size, so the nearest neighbours speak for all others.
  const older = await nearest(tx, each, 'older');
  const newer = await nearest(tx, each, 'newer');
  const same = newer?.size === size ? newer : null;
  if (same !== null && same.time <= time) return null;
  const broken = [older, same === null ? newer : null].find(
    (one) => one !== null && (one.size < size ? one.time > time : one.time < time),
  );
  if (broken != null) {
    const detail = `cosignature of ${origin} at ${size} is out of order with that at ${broken.size}`;
    const party = each.party ?? self;
    await raiseAlarm(tx, { code: 'cosignature-order', party, about: vkey, detail }, now);
    return null;
  }
  if (same !== null) {
    await replaceLater(tx, each);
    return older?.size ?? 0;
  }
  await tx.insertInto('cosignatures').values({ origin, size, vkey, time, line }).execute();
  return older?.size ?? 0;
}

/** What the same key cosigned last below this size, or first from this size on. */
async function nearest(
  tx: StoreTransaction,
  { checkpoint, vkey }: CheckedCosignature,
  side: 'older' | 'newer',
): Promise<{ size: number; time: number } | null> {
  const row = await tx
    .selectFrom('cosignatures')
    .select(['size', 'time'])
    .where('origin', '=', checkpoint.origin)
    .where('vkey', '=', vkey)
    .where('size', side === 'older' ? '<' : '>=', checkpoint.size)
    .orderBy('size', side === 'older' ? 'desc' : 'asc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Root of a log at a size: of a checkpoint that we accepted, else of the verified copy. */
async function knownRoot(
  tx: StoreTransaction,
  origin: string,
  size: number,
): Promise<string | null> {
  const row = await tx
    .selectFrom('checkpoints')
    .select('root')
    .where('origin', '=', origin)
    .where('size', '=', size)
    .executeTakeFirst();
  if (row !== undefined) return row.root;
  const { verified } = await copyState(tx, origin);
  return size <= verified ? encodeHex(await rootAt(tx, origin, size)) : null;
}

/** Of two cosignatures on one checkpoint the earlier counts (rulings.md, 27). */
async function replaceLater(tx: StoreTransaction, each: CheckedCosignature): Promise<void> {
  const { vkey, time, line } = each;
  const { origin, size } = each.checkpoint;
  await tx
    .updateTable('cosignatures')
    .set({ time, line })
    .where('origin', '=', origin)
    .where('size', '=', size)
    .where('vkey', '=', vkey)
    .execute();
}

/** A counterpart that cosigned our checkpoint of this size holds that checkpoint. */
async function confirmOwnSize(tx: StoreTransaction, party: string, size: number): Promise<void> {
  const channel = await readChannel(tx, party);
  if (channel === null || channel.our_size_confirmed >= size) return;
  await setChannel(tx, party, { our_size_confirmed: size });
}

/**
 * The owner of a log passes on who cosigned it, to counterparts that share a docket with the
 * cosigner and to nobody else: a cosigner's name says who talks to whom.
 */
async function forwardOwn(
  tx: StoreTransaction,
  each: CheckedCosignature,
  self: string,
  now: number,
): Promise<string[]> {
  const cosigner = each.party;
  if (cosigner === null || cosigner === self) return [];
  const rows = await tx
    .selectFrom('docket_participants as shared')
    .innerJoin('dockets', 'dockets.id', 'shared.docket')
    .select('dockets.participants')
    .distinct()
    .where('shared.party', '=', cosigner)
    // Where only two take part there is nobody else to tell.
    .where('shared.participants', '>', 2)
    .execute();
  const others = new Set(rows.flatMap((row) => JSON.parse(row.participants) as string[]));
  others.delete(cosigner);
  others.delete(self);
  if (others.size === 0) return [];
  const paired = await tx
    .selectFrom('parties')
    .select('id')
    .where('state', '=', 'confirmed')
    .where('id', 'in', [...others])
    .execute();
  const ref = cosignatureRef(each);
  const items = paired.map(
    (row) => ({ party: row.id, item: 'cosignature', ref, lane: 1 }) as const,
  );
  await queueItems(tx, items, now);
  return paired.map((row) => row.id);
}

/** What an outbox row of item `cosignature` refers to. */
export function cosignatureRef(each: Pick<CheckedCosignature, 'checkpoint' | 'vkey'>): string {
  const { origin, size } = each.checkpoint;
  return JSON.stringify({ origin, size, vkey: each.vkey });
}

const deferredPrefix = 'deferred-cosignature/';

const manyAhead = { code: 'cosignatures-ahead', party: null, about: '' };

/**
 * Keeps a cosignature from the future until its time, within bounds. What is past them is not lost:
 * whoever has entered it sends it again when facts are compared.
 */
async function defer(tx: StoreTransaction, each: CheckedCosignature, now: number): Promise<void> {
  const { count } = await tx
    .selectFrom('meta')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('key', 'like', `${deferredPrefix}%`)
    .executeTakeFirstOrThrow();
  if (Number(count) >= deferredCosignaturesMax) {
    const detail = `more than ${deferredCosignaturesMax} cosignatures are ahead of our clock`;
    await raiseAlarm(tx, { ...manyAhead, detail }, now);
    return;
  }
  const { origin, size, root } = each.checkpoint;
  const value = JSON.stringify({ ...each, checkpoint: { origin, size, root: encodeHex(root) } });
  await tx
    .insertInto('meta')
    .values({ key: `${deferredPrefix}${origin}/${size}/${each.vkey}`, value })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

/** Enters the kept cosignatures whose time has come; they were verified when they came. */
export async function enterDeferred(
  tx: StoreTransaction,
  own: { party: string; origin: string },
  now: number,
): Promise<CosignaturesEntered> {
  const rows = await tx
    .selectFrom('meta')
    .select(['key', 'value'])
    .where('key', 'like', `${deferredPrefix}%`)
    .execute();
  const due: CheckedCosignature[] = [];
  for (const row of rows) {
    const kept = JSON.parse(row.value) as CheckedCosignature & {
      checkpoint: { root: unknown };
    };
    if (isAhead(kept.time, now)) continue;
    const root = Uint8Array.from(Buffer.from(String(kept.checkpoint.root), 'hex'));
    due.push({ ...kept, checkpoint: { ...kept.checkpoint, root } });
    await tx.deleteFrom('meta').where('key', '=', row.key).execute();
  }
  if (rows.length - due.length < deferredCosignaturesMax) await clearAlarm(tx, manyAhead, now);
  due.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  return enterCosignatures(tx, due, own, now);
}
