/**
 * What the docket and the node already know need not be typed: the resolution that is closed, the text
 * that is reciprocated, names of parties inside a body, beginnings of identifiers.
 *
 * Only what is missing or abbreviated is filled in; nothing that was written is changed.
 */
import type { OwedRow, ShownDocket } from '@comity/node';
import { refused } from './command-error.ts';
import { segment } from './client.ts';
import type { NodeClient } from './client.ts';
import { partyNamed } from './parties.ts';

type Body = Record<string, unknown>;
const identifier = /^[0-9a-f]{64}$/u;
const noOne = '0'.repeat(64);
const abbreviation = /^[0-9a-f]{6,63}$/u;

/** The body with everything filled in that can be. */
export async function completeBody(
  client: NodeClient,
  kind: string,
  place: { docket?: string; to?: readonly string[] },
  given: Body,
): Promise<Body> {
  const docket = place.docket ?? null;
  const body = await withPartyIds(client, withRespondent(kind, place.to ?? [], given));
  if (kind === 'incident.close' || kind === 'incident.dispute') {
    return await withStatement(client, docket, body, 'resolution', 'incident.resolve');
  }
  if (kind === 'incident.inform' && body['request'] !== null) {
    return await withStatement(client, docket, body, 'request', 'incident.request');
  }
  if (kind === 'channel.message' && typeof body['inReplyTo'] === 'string') {
    return await withFullId(client, body, 'inReplyTo');
  }
  if (kind === 'assurance.reciprocate' && body['text'] === undefined) {
    return await withOfferDigest(client, docket, body);
  }
  if (kind === 'obligation.extend' || kind === 'obligation.waive') {
    return await withObligation(client, body);
  }
  return body;
}

/** Who answers an allegation is its only recipient, where nobody is named. */
function withRespondent(kind: string, to: readonly string[], body: Body): Body {
  const [only] = to;
  const named = body['respondent'];
  // `comity kinds allegation.raise` prints zeros where an identifier belongs.
  if (kind !== 'allegation.raise' || (named !== undefined && named !== noOne)) return body;
  return only === undefined || to.length > 1 ? body : { ...body, respondent: only };
}

/** `respondent` and `of` name parties. */
async function withPartyIds(client: NodeClient, body: Body): Promise<Body> {
  const result = { ...body };
  const { respondent, of } = body;
  if (typeof respondent === 'string') result['respondent'] = await partyId(client, respondent);
  if (Array.isArray(of)) {
    const ids: string[] = [];
    for (const one of of) ids.push(await partyId(client, String(one)));
    result['of'] = ids;
  }
  return result;
}

async function partyId(client: NodeClient, text: string): Promise<string> {
  if (identifier.test(text)) return text;
  return await partyNamed(client, text);
}

async function withStatement(
  client: NodeClient,
  docket: string | null,
  body: Body,
  member: string,
  kind: string,
): Promise<Body> {
  const given = body[member];
  if (docket === null || (typeof given === 'string' && identifier.test(given))) return body;
  const shown = await client.get<ShownDocket>(`/dockets/${segment(docket)}`);
  const fits = shown.statements.filter(
    (statement) =>
      statement.kind === kind &&
      (given === undefined || (typeof given === 'string' && statement.id.startsWith(given))),
  );
  const last = fits.filter((statement) => !statement.own).at(-1) ?? fits.at(-1);
  // Information may be given unasked; a closing without a proposal is a mistake.
  if (last === undefined && kind === 'incident.request' && given === undefined) {
    return { ...body, [member]: null };
  }
  if (last === undefined) throw refused('nothing-to-answer', `there is no ${kind} in that docket`);
  return { ...body, [member]: last.id };
}

async function withFullId(client: NodeClient, body: Body, member: string): Promise<Body> {
  const given = body[member];
  if (typeof given !== 'string' || !abbreviation.test(given)) return body;
  const found = await client.get<{ id: string }>(`/statements/${segment(given)}`);
  return { ...body, [member]: found.id };
}

async function withOfferDigest(
  client: NodeClient,
  docket: string | null,
  body: Body,
): Promise<Body> {
  if (docket === null) return body;
  const shown = await client.get<ShownDocket>(`/dockets/${segment(docket)}`);
  const offer = shown.statements.find((statement) => statement.kind === 'assurance.offer');
  if (offer === undefined) throw refused('nothing-to-answer', 'there is no offer in that docket');
  const { assuranceDigest, kinds } = await import('@comity/accord');
  const parsed = kinds['assurance.offer'].schema.safeParse(offer.body);
  if (!parsed.success) throw refused('bad-schema', 'the offer does not fit its kind');
  return { ...body, text: assuranceDigest(parsed.data as Parameters<typeof assuranceDigest>[0]) };
}

async function withObligation(client: NodeClient, body: Body): Promise<Body> {
  const given = body['obligation'];
  if (typeof given !== 'string' || !abbreviation.test(given)) return body;
  const owed = await client.get<OwedRow[]>('/obligations', { all: true });
  const fits = owed.filter((row) => row.id.startsWith(given));
  const [only] = fits;
  if (only === undefined || fits.length > 1) {
    throw refused('unknown-obligation', `${fits.length} obligations begin with ${given}`);
  }
  return { ...body, obligation: only.id };
}
