/**
 * Which terms an opening statement pins (rulings.md 18): those in force with every recipient, with
 * both sides' `channel.terms` cited, else the built-in `contact-points`.
 */
import {
  canonicalJson,
  channelDocket,
  failure,
  parseEnvelope,
  parseStatement,
  success,
} from '@comity/record';
import type { Result } from '@comity/record';
import { builtInTerms, termsDigest } from '@comity/accord';
import type { DocketState, Terms } from '@comity/accord';
import type { StoreReader, StoreTransaction } from '../store/store.ts';

export interface TermsPin {
  terms: string;
  /** Both sides' `channel.terms` statements for each recipient; [] for built-in terms. */
  cites: string[];
}

/**
 * The pin for a docket between us and `recipients`. `wanted` names a digest instead of what is in
 * force; `terms-not-agreed` when the two sides have not both signed it.
 */
export async function pinTerms(
  reader: StoreReader | StoreTransaction,
  self: { party: string },
  recipients: readonly string[],
  wanted: string | null,
): Promise<Result<TermsPin, 'terms-not-agreed'>> {
  const builtIn = termsDigest(builtInTerms['contact-points']);
  // Terms are agreed two by two, and a third participant holds neither of the statements that agree
  // on them: what all of three or more have in common is built in.
  if (recipients.length > 1) {
    if (wanted === null || wanted === builtIn) return success({ terms: builtIn, cites: [] });
    return failure('terms-not-agreed', 'terms', 'three or more parties have contact-points only');
  }
  const digest = wanted ?? (await commonTerms(reader, self.party, recipients)) ?? builtIn;
  if (digest === builtIn) return success({ terms: builtIn, cites: [] });
  const cites: string[] = [];
  for (const party of recipients) {
    const both = await agreement(reader, self.party, party, digest);
    if (both !== null) cites.push(...both);
    else if (wanted !== null) return failure('terms-not-agreed', 'terms', party);
    else return success({ terms: builtIn, cites: [] });
  }
  return success({ terms: digest, cites });
}

/** The digest in force with all of them, or null when there is none or they differ. */
async function commonTerms(
  reader: StoreReader | StoreTransaction,
  self: string,
  recipients: readonly string[],
): Promise<string | null> {
  const dockets = recipients.map((party) => channelDocket(self, party));
  const rows = await reader
    .selectFrom('dockets')
    .select(['id', 'state_json'])
    .where('id', 'in', dockets)
    .execute();
  const digests = dockets.map((docket) => {
    const row = rows.find((one) => one.id === docket);
    if (row === undefined) return null;
    // A docket that was never folded has no detail yet.
    const { detail } = JSON.parse(row.state_json) as Partial<DocketState>;
    if (detail?.type !== 'channel' || !detail.terms.agreed) return null;
    return detail.terms.digest;
  });
  const [first] = digests;
  return digests.every((digest) => digest === first) ? (first ?? null) : null;
}

/** Our and their `channel.terms` statement of this digest, the newest of each, or null. */
async function agreement(
  reader: StoreReader | StoreTransaction,
  self: string,
  party: string,
  digest: string,
): Promise<string[] | null> {
  const rows = await reader
    .selectFrom('statements')
    .select(['id', 'author', 'envelope'])
    .where('docket', '=', channelDocket(self, party))
    .where('kind', '=', 'channel.terms')
    .where('refused', 'is', null)
    .orderBy('logged_at', 'desc')
    .orderBy('id')
    .execute();
  const signed = rows.filter((row) => digestIn(row.envelope) === digest);
  const both = [self, party].map((author) => signed.find((row) => row.author === author)?.id);
  return both.every((id) => id !== undefined) ? both : null;
}

function digestIn(envelopeBytes: Uint8Array): string | null {
  const envelope = parseEnvelope(new Uint8Array(envelopeBytes));
  if (!envelope.ok) return null;
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  const terms = parsed.ok ? parsed.value.statement.body['terms'] : undefined;
  // The digest is over the RFC 8785 bytes, which a round trip through canonical JSON keeps.
  return terms === undefined ? null : termsDigest(JSON.parse(canonicalJson(terms)) as Terms);
}
