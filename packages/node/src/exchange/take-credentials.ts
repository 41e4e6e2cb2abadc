/**
 * Credentials in a pouch, before everything else in it: they decide whose signatures count
 * (protocol.md, Party and credentials; rulings.md, 10).
 *
 * They may be of the sender, of a party that we know, or of one that the sender introduces: a
 * participant of a docket that this pouch carries to us.
 */
import type { NoteKey } from '@comity/record';
import { witnessesWeSignedFor } from '../dockets/timing-witnesses.ts';
import type { TakeCredentialsFailure } from '../parties/taking.ts';
import { takeCredentials } from '../parties/taking.ts';
import type { TakingDeps as PartyTakingDeps } from '../parties/taking.ts';
import type { ExchangeDeps } from './deps.ts';
import { queueItems } from './outbox.ts';
import type { DueRefusal, ReadEnvelope, RefusalCode } from './envelope-checks.ts';

export type CredentialsDeps = PartyTakingDeps & Pick<ExchangeDeps, 'witnesses'>;

export interface CredentialsTaken {
  taken: string[];
  duplicates: string[];
  refuse: DueRefusal[];
  ignored: number;
}

const refusalCodes: ReadonlySet<string> = new Set<RefusalCode>([
  'bad-proof',
  'bad-schema',
  'bad-signature',
  'bad-text',
  'credentials-gap',
  'insufficient-authority',
  'too-large',
  'wrong-exercise',
]);

/** Takes in every `party.credentials` of a pouch, in the order in which they came. */
export async function takeAllCredentials(
  deps: CredentialsDeps,
  sender: { party: string; confirmed: boolean },
  reads: readonly ReadEnvelope[],
  others: readonly ReadEnvelope[],
): Promise<CredentialsTaken> {
  const result: CredentialsTaken = { taken: [], duplicates: [], refuse: [], ignored: 0 };
  const introducible = sender.confirmed
    ? participantsOf(others, deps.self.party)
    : new Set<string>();
  let witnesses: NoteKey[] | null = null;
  for (const read of reads) {
    const author = read.author;
    if (author === null || author === deps.self.party) {
      result.ignored += 1;
      continue;
    }
    const known = await isKnown(deps, author);
    if (!known && !introducible.has(author)) {
      result.ignored += 1;
      continue;
    }
    witnesses ??= await witnessesOf(deps);
    await takeOne({ ...deps, witnesses }, sender, read, author, result);
  }
  return result;
}

async function witnessesOf({ witnesses, store, self }: CredentialsDeps): Promise<NoteKey[]> {
  return [...witnesses, ...(await witnessesWeSignedFor(store.reader, self.party))];
}

async function takeOne(
  deps: CredentialsDeps,
  sender: { party: string; confirmed: boolean },
  read: ReadEnvelope,
  author: string,
  result: CredentialsTaken,
): Promise<void> {
  const { id, coming, parsed } = read;
  const { envelope, said } = coming;
  const introducedBy = author === sender.party ? null : sender.party;
  const receiptTo = [sender.party];
  const taken = await takeCredentials(
    deps,
    { envelope, said, introducedBy, receiptTo },
    'introduced',
    deps.witnesses,
  );
  if (taken.ok) {
    if (taken.value.isNew) {
      result.taken.push(id);
      return;
    }
    result.duplicates.push(id);
    await giveReceiptAgain(deps, sender.party, id);
    return;
  }
  const code = refusalCode(taken.code);
  if (code === null || !sender.confirmed) {
    result.ignored += 1;
    return;
  }
  const statement = parsed.ok ? parsed.value.statement : null;
  result.refuse.push({ outcome: 'refuse', id, code, coming, statement, author, said: null });
}

/** Parties that statements for us in this pouch come from or name. */
function participantsOf(reads: readonly ReadEnvelope[], self: string): Set<string> {
  const parties = new Set<string>();
  for (const { parsed, author } of reads) {
    if (!parsed.ok || author === null || !parsed.value.statement.to.includes(self)) continue;
    parties.add(author);
    for (const party of parsed.value.statement.to) parties.add(party);
  }
  parties.delete(self);
  return parties;
}

async function isKnown(deps: PartyTakingDeps, party: string): Promise<boolean> {
  const row = await deps.store.reader
    .selectFrom('parties')
    .select('id')
    .where('id', '=', party)
    .executeTakeFirst();
  return row !== undefined;
}

/** The same receipt again; credentials that an officer added from a file have one like any other. */
async function giveReceiptAgain(deps: PartyTakingDeps, party: string, id: string): Promise<void> {
  const row = await deps.store.reader
    .selectFrom('statements')
    .select('held_index')
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined || row.held_index === null) return;
  await deps.store.transact((tx) =>
    queueItems(tx, [{ party, item: 'receipt', ref: id, lane: 0 }], deps.clock.now()),
  );
}

function refusalCode(code: TakeCredentialsFailure): RefusalCode | null {
  return refusalCodes.has(code) ? (code as RefusalCode) : null;
}
