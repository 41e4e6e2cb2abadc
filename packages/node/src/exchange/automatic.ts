/**
 * Statements that the node itself makes with its automatic key: refusals and heartbeats, nothing
 * else (accord.md, Authority).
 */
import {
  addSignature,
  afterMax,
  encodeBase64Url,
  exercisePayloadType,
  failure,
  formatEnvelope,
  formatStatement,
  signEnvelopeEd25519,
  signatureListDigest,
  statementId,
  statementPayloadType,
  success,
} from '@comity/record';
import type { JsonValue, Result, Statement } from '@comity/record';
import { currentHeads, newestOwn } from '../desk/place.ts';
import type { StoreReader } from '../store/store.ts';
import { newAnchor } from './anchors.ts';
import type { ExchangeDeps } from './deps.ts';
import { automaticAttemptsMax } from './limits.ts';

export type AutomaticDeps = Pick<ExchangeDeps, 'store' | 'sequencer' | 'keys' | 'clock' | 'random'>;

export interface AutomaticWish {
  kind: 'channel.refuse' | 'channel.test';
  docket: string;
  /** Every other participant of the docket. */
  to: string[];
  body: { [key: string]: JsonValue };
  /** Parents to name besides the docket's heads: a refused id of which only the id is known. */
  alsoAfter?: string[];
}

/** Makes, signs and logs one automatic statement; it is then in its recipients' queues. */
export async function sayAutomatic(
  deps: AutomaticDeps,
  wish: AutomaticWish,
): Promise<Result<{ id: string }, 'restored' | 'closed' | 'stale-draft' | 'no-credentials'>> {
  for (let attempt = 0; attempt < automaticAttemptsMax; attempt += 1) {
    const made = await makeStatement(deps, wish);
    if (made === null) return failure('no-credentials', '');
    const { statement, anchorLines } = made;
    const payload = formatStatement(statement);
    const payloadType = deps.keys.exercise ? exercisePayloadType : statementPayloadType;
    const signature = signEnvelopeEd25519(payloadType, payload, deps.keys.automaticSeed);
    const envelope = addSignature({ payload, payloadType, signatures: [] }, signature);
    const id = statementId(payloadType, payload);
    const logged = await deps.sequencer.said({
      id,
      statement,
      envelope,
      envelopeBytes: formatEnvelope(envelope),
      docket: wish.docket,
      chain: 'automatic',
      anchorLines,
      listDigest: signatureListDigest(envelope.signatures),
      recipients: wish.to,
      draft: null,
    });
    if (logged.ok) return success({ id });
    if (logged.code === 'log-ended' || logged.code === 'statements-awaited') {
      return failure('restored', '');
    }
    // Another automatic statement took the place in the `prior` chain: draft again on top of it.
    if (logged.code === 'restored' || logged.code === 'closed') return failure(logged.code, '');
  }
  return failure('stale-draft', '');
}

async function makeStatement(
  deps: AutomaticDeps,
  wish: AutomaticWish,
): Promise<{ statement: Statement; anchorLines: string[] } | null> {
  const { reader } = deps.store;
  const credentials = await newestOwnCredentials(reader, deps.keys.party);
  if (credentials === null) return null;
  const heads = await currentHeads(reader, deps.keys, wish.docket);
  const prior = await newestOwn(reader, deps.keys.party, wish.docket, 'automatic');
  const { anchor, lines } = await newAnchor(reader, wish.to, deps.keys.party);
  const also = wish.alsoAfter ?? [];
  const after = [...new Set([...also, ...heads])].slice(0, afterMax).sort();
  const statement: Statement = {
    comity: 1,
    kind: wish.kind,
    from: deps.keys.party,
    to: [...wish.to].sort(),
    docket: wish.docket,
    after,
    prior,
    anchor,
    terms: null,
    cites: [],
    made: `${new Date(deps.clock.now() * 1000).toISOString().slice(0, 19)}Z`,
    credentials,
    nonce: encodeBase64Url(deps.random(16)),
    body: wish.body,
  };
  return { statement, anchorLines: lines };
}

async function newestOwnCredentials(reader: StoreReader, party: string): Promise<string | null> {
  const row = await reader
    .selectFrom('credentials')
    .select('id')
    .where('party', '=', party)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}
