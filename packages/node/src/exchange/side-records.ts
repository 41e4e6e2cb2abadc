/**
 * What a pouch carries besides statements: the sender's log, receipts, cosignatures, requests and
 * facts. All of it goes into one transaction, and none of it makes a log entry.
 */
import type { Chain, PouchRecord } from '@comity/record';
import { loadChain } from '../parties/chains.ts';
import { witnessesWeSignedFor } from '../dockets/timing-witnesses.ts';
import type { StoreTransaction } from '../store/store.ts';
import { ensureChannel, setChannel } from './channels.ts';
import { checkCosignature, cosignerBook } from './cosignature-checks.ts';
import type { CheckedCosignature, CosignerBook } from './cosignature-checks.ts';
import { enterCosignatures } from './cosignatures.ts';
import { takeLogNews } from './counterpart-logs.ts';
import type { ExchangeDeps } from './deps.ts';
import { noteEntryForks } from './entry-forks.ts';
import { markDirty } from '../dockets/dirty.ts';
import type { IntakeContext } from './intake-context.ts';
import {
  cosignaturesPerPouchMax,
  factsPerPouchMax,
  perPouchMax,
  proofsPerPouchMax,
} from './limits.ts';
import { askForMissing, noteMissing } from './missing.ts';
import type { OpenedPouch } from './open-pouch.ts';
import { coverAnswered } from './outbox.ts';
import { answeredSequence, forgetNonce, rememberHeard } from './pouch-nonces.ts';
import type { ProofChecks } from './proof-checks.ts';
import { checkProofRecords, storeProofs } from './proofs-taken.ts';
import { reconcile } from './reconcile.ts';
import { answerRequests } from './requests.ts';

export type SideDeps = Pick<ExchangeDeps, 'store' | 'keys' | 'clock' | 'witnesses' | 'log'>;

/** What the statements of the same pouch left to do. */
export interface SideKnown {
  context: IntakeContext;
  proofs: ProofChecks;
  /** Credentials to ask for. */
  ask: string[];
  /** Dockets to mark besides those that the side records touch. */
  dockets: string[];
}

export interface SideTaken {
  dockets: string[];
  receipts: string[];
  answers: number | null;
  kick: string[];
  /** True where something was not looked at: the pouch must not be answered. */
  overfull: boolean;
}

/** Logs, receipts, cosignatures, requests, digests: one transaction. None makes a log entry. */
export async function takeSideRecords(
  deps: SideDeps,
  opened: OpenedPouch,
  known: SideKnown,
): Promise<SideTaken> {
  const { context, proofs } = known;
  const { sender, pouch } = opened;
  const of = <T extends PouchRecord['type']>(type: T) =>
    pouch.records.filter((each): each is Extract<PouchRecord, { type: T }> => each.type === type);
  const chainOf = (party: string): Chain | null => context.chains.get(party)?.chain ?? null;
  const records = of('proof').slice(0, proofsPerPouchMax);
  const checked = checkProofRecords(records, chainOf, proofs, deps.keys.party);
  const book = await bookFor(deps, pouch.records);
  const cosignatures = checkAll(book, of('cosignature').slice(0, cosignaturesPerPouchMax));
  const chain = chainOf(sender) ?? opened.chain;
  const own = { party: deps.keys.party, origin: deps.keys.logSigner.key.name };
  const confirmed = context.chains.get(sender)?.state === 'confirmed';
  const now = deps.clock.now();
  const overfull = isOverfull(pouch.records);
  if (overfull) deps.log('warn', 'a pouch has more records than are worked on', { sender });
  const answers = await answeredSequence(deps.store.reader, sender, pouch.manifest.nonce);
  return deps.store.transact(async (tx): Promise<SideTaken> => {
    const stored = await storeProofs(tx, checked, now);
    await noteEntryForks(tx, proofs.proved(), now);
    const news = {
      sender,
      chain,
      checkpoints: of('checkpoint'),
      // Until the pairing stands a party fills nothing but its own credentials and channel.pair.
      entries: confirmed ? of('entries') : [],
      seen: proofs.seen(),
    };
    const { witnessSigner } = deps.keys;
    const logs = await takeLogNews(tx, { ...own, witnessSigner }, news, now);
    const entered = await enterCosignatures(tx, cosignatures, own, now);
    const dockets = [...stored.dockets, ...logs.dockets, ...entered.dockets];
    const kick = entered.kick;
    await noteMissing(
      tx,
      known.ask.map((id) => ({ id, docket: '', party: sender })),
      now,
    );
    if (confirmed) {
      await answerRequests(tx, sender, of('request'), logs.size, now);
      dockets.push(
        ...(await reconcile(
          tx,
          own,
          { sender, book, facts: of('facts').slice(0, factsPerPouchMax) },
          now,
        )),
      );
      await askForMissing(tx, sender, now);
    }
    await markDirty(tx, [...dockets, ...known.dockets]);
    await noteHeard(tx, opened, overfull, answers, now);
    const receipts = stored.receipts.filter((each) => each.by === sender).map((each) => each.id);
    return { dockets, receipts, answers: pouch.complete ? answers : null, kick, overfull };
  });
}

/** Whether a pouch has more of something than we work on; none that is composed by rule has. */
function isOverfull(records: readonly PouchRecord[]): boolean {
  const counts = new Map<string, number>();
  for (const { type } of records) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...perPouchMax].some(([type, most]) => (counts.get(type) ?? 0) > most);
}

async function noteHeard(
  tx: StoreTransaction,
  opened: OpenedPouch,
  overfull: boolean,
  answers: number | null,
  now: number,
): Promise<void> {
  const { sender, pouch } = opened;
  const channel = await ensureChannel(tx, sender);
  const last_sequence_heard = Math.max(channel.last_sequence_heard, pouch.manifest.sequence);
  await setChannel(tx, sender, { last_heard_at: now, last_sequence_heard });
  if (!pouch.complete) return;
  // What was not looked at must not be taken as received: such a pouch gets no answer.
  if (!overfull) await rememberHeard(tx, sender, pouch.manifest.nonce);
  if (answers === null) return;
  await coverAnswered(tx, sender, answers);
  await forgetNonce(tx, sender, answers);
}

function checkAll(
  book: CosignerBook,
  records: readonly Extract<PouchRecord, { type: 'cosignature' }>[],
): CheckedCosignature[] {
  const checked: CheckedCosignature[] = [];
  for (const record of records) {
    const one = checkCosignature(book, record);
    if (one !== null) checked.push(one);
  }
  return checked.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
}

/** Who may cosign: read only for pouches that carry cosignatures. */
async function bookFor(deps: SideDeps, records: readonly PouchRecord[]): Promise<CosignerBook> {
  if (!records.some((each) => each.type === 'cosignature' || each.type === 'facts')) {
    return cosignerBook([], []);
  }
  const rows = await deps.store.reader.selectFrom('parties').select('id').execute();
  const chains: Chain[] = [];
  for (const { id } of rows) {
    const chain = await loadChain(deps.store.reader, id);
    if (chain !== null) chains.push(chain);
  }
  const agreed = await witnessesWeSignedFor(deps.store.reader, deps.keys.party);
  return cosignerBook(chains, [...deps.witnesses, ...agreed]);
}
