/**
 * The kinds of fold version 1, closed: a kind that is not here is void `unknown-kind` in every
 * docket folded under version 1, for ever (rulings.md, 13). A new kind needs a new fold version.
 */
import { failure, success } from '@comity/record';
import type { JsonValue, Level, Result } from '@comity/record';
import { answer, conclude, evidence, raise, withdraw as withdrawAllegation } from './allegation.ts';
import { quote } from './allegation-quote.ts';
import { affirm, decline, offer, reciprocate, resume, suspend, withdraw } from './assurance.ts';
import { message, pair, refuse, terms, test } from './channel.ts';
import {
  acknowledge,
  assist,
  close,
  dispute,
  inform,
  notify,
  request,
  resolve,
  retract,
  update,
} from './incident.ts';
import type { KindDefinition } from './definition.ts';
import { extend, waive } from './obligation.ts';
import { credentials, delegate } from './party.ts';

const definitions = {
  'party.credentials': credentials,
  'party.delegate': delegate,
  'channel.pair': pair,
  'channel.terms': terms,
  'channel.test': test,
  'channel.refuse': refuse,
  'channel.message': message,
  'obligation.extend': extend,
  'obligation.waive': waive,
  'assurance.offer': offer,
  'assurance.reciprocate': reciprocate,
  'assurance.decline': decline,
  'assurance.affirm': affirm,
  'assurance.suspend': suspend,
  'assurance.resume': resume,
  'assurance.withdraw': withdraw,
  'incident.notify': notify,
  'incident.acknowledge': acknowledge,
  'incident.request': request,
  'incident.inform': inform,
  'incident.update': update,
  'incident.assist': assist,
  'incident.retract': retract,
  'incident.resolve': resolve,
  'incident.close': close,
  'incident.dispute': dispute,
  'allegation.raise': raise,
  'allegation.quote': quote,
  'allegation.answer': answer,
  'allegation.evidence': evidence,
  'allegation.withdraw': withdrawAllegation,
  'allegation.conclude': conclude,
} as const;

/** Every kind that this fold version knows. */
export type ActKind = keyof typeof definitions;

/** The type of a kind's body, after its schema. */
export type BodyOf<K extends ActKind> =
  (typeof definitions)[K] extends KindDefinition<string, infer B> ? B : never;

/** A body that passed its schema, with its kind. */
export type Act = { [K in ActKind]: { kind: K; body: BodyOf<K> } }[ActKind];

/** Definitions by kind. `schema` takes unknown input; `level` and `words` take its output. */
export const kinds = definitions as unknown as {
  readonly [K in ActKind]: KindDefinition<K>;
};

/** Whether this fold version knows the kind. */
export function isActKind(kind: string): kind is ActKind {
  return Object.hasOwn(definitions, kind);
}

/**
 * Checks a body against its kind's strict schema. A kind that is not known passes unchanged: it is
 * taken in and has no effect. `path` is a JSON pointer into the body.
 */
export function parseBody(kind: string, body: JsonValue): Result<JsonValue, 'bad-schema'> {
  if (!isActKind(kind)) return success(body);
  const parsed = kinds[kind].schema.safeParse(body);
  if (parsed.success) return success(body);
  const issue = parsed.error.issues[0];
  const path = (issue?.path ?? []).map((step) => `/${String(step)}`).join('');
  return failure('bad-schema', path, issue?.message ?? 'does not fit the kind');
}

/** The least authority for a kind with this body; null for an unknown kind or a body that fails. */
export function levelOf(kind: string, body: JsonValue): Level | null {
  if (!isActKind(kind)) return null;
  const definition = kinds[kind];
  return definition.schema.safeParse(body).success ? definition.level(body) : null;
}

/**
 * A party that the act names in its body although it is none of those whom the act is for, and where
 * as a JSON pointer into the body; null where there is none. `others` are the docket's participants
 * but the author. Such an act is void. The body must have passed its schema.
 */
export function misnamedParty(
  { kind, body }: { kind: ActKind; body: unknown },
  others: readonly string[],
): { path: string; party: string } | null {
  const { path, parties } = kinds[kind].names?.(body) ?? { path: '', parties: [] };
  const party = parties.find((one) => !others.includes(one));
  return party === undefined ? null : { path, party };
}

/**
 * The class whose `prior` chain a statement belongs to (rulings.md, 14): by the authority that the
 * kind requires; `solemn` stands for solemn and above. Unknown kinds and bodies that fail count as
 * `duty`, the least that is taken in.
 */
export function chainOf(kind: string, body: JsonValue): 'automatic' | 'duty' | 'solemn' {
  const level = levelOf(kind, body);
  if (level === 'automatic') return 'automatic';
  return level === 'solemn' || level === 'root' ? 'solemn' : 'duty';
}
