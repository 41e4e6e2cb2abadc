/**
 * What follows from statements besides their docket, in the transaction that logs them: a kill
 * between the two would leave a pairing, a refusal or a missing parent unnoticed for ever. Parked
 * statements (log/parked.ts) are logged long after their pouch and come through here all the same.
 */
import { markDirty } from '../dockets/dirty.ts';
import type { Job } from '../log/batch.ts';
import type { HeldJob } from '../log/jobs.ts';
import { updatePairingState } from '../parties/pairing.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { lacksLines } from './anchor-lines.ts';
import { noteMissing } from './missing.ts';
import type { NamedParent } from './missing.ts';
import { noteRefusal } from './refusals.ts';
import { heardTest } from './silence.ts';

/** Notes everything for a batch of the log; the rows of its statements are there. */
export async function followUp(
  tx: StoreTransaction,
  self: string,
  jobs: readonly Job[],
  now: number,
): Promise<void> {
  const parents: NamedParent[] = [];
  const refused: string[] = [];
  for (const { role, job } of jobs) {
    const { kind, body, to } = job.statement;
    if (role === 'said') {
      if (kind === 'channel.pair' && to[0] !== undefined) await updatePairingState(tx, self, to[0]);
      continue;
    }
    parents.push(...parentsOf(job));
    if (lacksLines(job.statement, job.anchorLines)) parents.push(await linesOf(tx, job));
    if (kind === 'channel.pair') await updatePairingState(tx, self, job.author);
    if (kind === 'channel.test') await heardTest(tx, job.author, now);
    if (kind !== 'channel.refuse') continue;
    await noteRefusal(tx, job.author, job.id, body);
    if (typeof body['refused'] === 'string') refused.push(body['refused']);
  }
  if (parents.length > 0) await noteMissing(tx, parents, now);
  await markDirty(tx, await docketsOf(tx, refused));
}

function parentsOf(job: HeldJob): NamedParent[] {
  const { after, prior } = job.statement;
  // Whoever sent us the statement is asked first for what it rests on.
  const party = job.introducedBy ?? job.author;
  const parents = prior === null ? after : [...after, prior];
  return parents.map((id) => ({ id, docket: job.docket, party }));
}

/** What came without the lines of its anchors: its author has them, if nobody else. */
async function linesOf(tx: StoreTransaction, job: HeldJob): Promise<NamedParent> {
  const { id, docket, author, introducedBy } = job;
  const row = await tx
    .selectFrom('parties')
    .select('state')
    .where('id', '=', author)
    .executeTakeFirst();
  const party = row?.state === 'confirmed' ? author : (introducedBy ?? author);
  return { id, docket, party, lines: true };
}

/** Dockets of those of these statements that we have. */
export async function docketsOf(
  reader: StoreReader | StoreTransaction,
  statements: readonly string[],
): Promise<string[]> {
  if (statements.length === 0) return [];
  const rows = await reader
    .selectFrom('statements')
    .select('docket')
    .where('id', 'in', [...statements])
    .execute();
  return rows.map((row) => row.docket);
}
