/**
 * Opens many dockets at once, for programs that run beside the keys: everything that the statements
 * have in common (credentials, terms, anchor, officers) is looked up once, and the statements share
 * commits of the log. What is said is the same as one by one.
 */
import {
  addSignature,
  encodeBase64Url,
  exercisePayloadType,
  failure,
  formatEnvelope,
  formatStatement,
  newestVersion,
  parseStatement,
  signatureListDigest,
  statementPayloadType,
  success,
} from '@comity/record';
import type { Envelope, JsonValue, Result, Statement } from '@comity/record';
import { chainOf, isActKind, kinds, levelOf } from '@comity/accord';
import type { SaidJob } from '../log/jobs.ts';
import type { OfficerSecret } from '../officers/key-files.ts';
import { signAsOfficer } from '../officers/key-files.ts';
import { loadChain } from '../parties/chains.ts';
import { authorityOf } from './authority.ts';
import type { DeskDeps } from './deps.ts';
import { checkRequest } from './drafts.ts';
import type { DraftFailure } from './requests.ts';
import { pinTerms } from './terms-pin.ts';

/** One opening act. */
export interface Opening {
  kind: string;
  body: { [key: string]: JsonValue };
}

export type OpenManyFailure =
  | DraftFailure
  | 'no-able-officer'
  | 'stale-draft'
  | 'double-said'
  | 'restored'
  | 'log-ended'
  | 'closed';

/** Every opening of one call; more are for the next. */
export const openingsMax = 1_024;

/**
 * Opens a docket with `to` for each, in one go. All are checked before the first is said; what the
 * sequencer refuses is reported in its place. `secrets` must meet the level of every kind.
 */
export async function openMany(
  deps: DeskDeps,
  to: readonly string[],
  openings: readonly Opening[],
  secrets: readonly OfficerSecret[],
): Promise<Result<Result<string, OpenManyFailure>[], OpenManyFailure>> {
  if (openings.length > openingsMax) return failure('too-large', '', `at most ${openingsMax}`);
  for (const [position, { kind, body }] of openings.entries()) {
    const checked = checkRequest({ kind, to: [...to], docket: null, body });
    if (!checked.ok) return { ...checked, path: `${position}/${checked.path}` };
    if (!isActKind(kind) || kinds[kind].opens === null) {
      return failure('docket-needed', `${position}/kind`, 'opens no docket');
    }
  }
  const common = await inCommon(deps, to);
  if (!common.ok) return common;
  const jobs: SaidJob[] = [];
  for (const [position, opening] of openings.entries()) {
    const job = signedJob(deps, common.value, opening, secrets);
    if (!job.ok) return { ...job, path: `${position}/${job.path}` };
    jobs.push(job.value);
  }
  return success(
    await Promise.all(
      jobs.map(async (job): Promise<Result<string, OpenManyFailure>> => {
        const logged = await deps.sequencer.said(job);
        if (!logged.ok) return logged;
        await deps.afterLogged(job);
        deps.notify({ type: 'statement', id: job.id, docket: job.docket, own: true });
        return success(job.id);
      }),
    ),
  );
}

interface Common {
  to: string[];
  chain: NonNullable<Awaited<ReturnType<typeof loadChain>>>;
  terms: string;
  cites: string[];
  anchor: Statement['anchor'];
  lines: string[];
}

async function inCommon(
  deps: DeskDeps,
  recipients: readonly string[],
): Promise<Result<Common, OpenManyFailure>> {
  const { reader } = deps.store;
  const to = [...new Set(recipients)].sort();
  if (to.length === 0 || to.includes(deps.self.party)) return failure('recipients-needed', 'to');
  const known = await reader
    .selectFrom('parties')
    .select('id')
    .where('id', 'in', to)
    .where('state', '=', 'confirmed')
    .execute();
  const stranger = to.find((party) => !known.some(({ id }) => id === party));
  if (stranger !== undefined) return failure('not-paired', 'to', stranger);
  const chain = await loadChain(reader, deps.self.party);
  if (chain === null) return failure('no-credentials', deps.self.party);
  const pin = await pinTerms(reader, deps.self, to, null);
  if (!pin.ok) return pin;
  const { anchor, lines } = await deps.newAnchor(reader, to);
  return success({ to, chain, ...pin.value, anchor, lines });
}

function signedJob(
  deps: DeskDeps,
  common: Common,
  opening: Opening,
  secrets: readonly OfficerSecret[],
): Result<SaidJob, OpenManyFailure> {
  const { to, chain, terms, cites, anchor, lines } = common;
  const made: Statement = {
    comity: 1,
    kind: opening.kind,
    from: deps.self.party,
    to,
    docket: null,
    after: [],
    prior: null,
    anchor,
    terms,
    cites: [...cites].sort(),
    made: `${new Date(deps.clock.now() * 1000).toISOString().slice(0, 19)}Z`,
    credentials: newestVersion(chain).id,
    nonce: encodeBase64Url(deps.random(16)),
    body: opening.body,
  };
  const payloadType = deps.self.exercise ? exercisePayloadType : statementPayloadType;
  const payload = formatStatement(made);
  const parsed = parseStatement(payload, payloadType);
  if (!parsed.ok) return parsed;
  const { id, statement } = parsed.value;
  const able = ableSecrets(chain, { id, statement, payload, payloadType }, secrets);
  if (able === null)
    return failure('no-able-officer', 'kind', levelOf(statement.kind, statement.body) ?? '');
  let envelope: Envelope = { payload, payloadType, signatures: [] };
  for (const secret of able) {
    envelope = addSignature(envelope, signAsOfficer(secret, payloadType, payload));
  }
  return success({
    id,
    statement,
    envelope,
    envelopeBytes: formatEnvelope(envelope),
    docket: id,
    chain: chainOf(statement.kind, statement.body),
    anchorLines: lines,
    listDigest: signatureListDigest(envelope.signatures),
    recipients: to,
    draft: null,
  });
}

// Officers are chosen by what the credentials ask for; the signatures are ours and need no check.
function ableSecrets(
  chain: Common['chain'],
  draft: Parameters<typeof authorityOf>[0],
  secrets: readonly OfficerSecret[],
): readonly OfficerSecret[] | null {
  const authority = authorityOf(draft, [], chain);
  if (!authority.ok) return null;
  const { maySign, missingSignatures } = authority.value;
  const able = secrets.filter(({ office }) => maySign.includes(office)).slice(0, missingSignatures);
  return able.length === missingSignatures ? able : null;
}
