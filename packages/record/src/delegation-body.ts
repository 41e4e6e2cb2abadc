/**
 * The body of `party.delegate`: adds a duty key until a date, or ends such a delegation
 * (protocol.md, "Party and credentials"; rulings.md, 9).
 */
import { isOffice } from './credentials-body.ts';
import { delegationKindsMax } from './document-limits.ts';
import type { JsonValue } from './json.ts';
import { isOfficerKey } from './officer-key.ts';
import type { OfficerKey } from './officer-key.ts';
import { failure, success } from './result.ts';
import type { Result } from './result.ts';
import { hasExactMembers, isDigest, isKind, isObject, isUniqueList } from './shape.ts';
import { parseTime } from './time.ts';

/** Adds one classical key for statements of the kinds named, at the level `duty` only. */
export type DelegationGrant = {
  office: string;
  actingFor?: string;
  key: Exclude<OfficerKey, { type: 'ml-dsa-44' }>;
  kinds: string[];
  until: string;
};

/** A grant, or the end of the delegation with this id. */
export type DelegationBody = DelegationGrant | { ends: string };

/** Reads a delegation body that came out of canonical JSON; `bad-schema` names the member. */
export function parseDelegationBody(value: JsonValue): Result<DelegationBody, 'bad-schema'> {
  if (!isObject(value)) return failure('bad-schema', '');
  if (hasExactMembers(value, ['ends'])) {
    const { ends } = value;
    return isDigest(ends) ? success({ ends }) : failure('bad-schema', '/ends');
  }
  const acting = Object.hasOwn(value, 'actingFor') ? ['actingFor'] : [];
  if (!hasExactMembers(value, [...acting, 'key', 'kinds', 'office', 'until'])) {
    return failure('bad-schema', '', 'members');
  }
  const { actingFor, key, kinds, office, until } = value;
  if (acting.length > 0 && !isOffice(actingFor)) return failure('bad-schema', '/actingFor');
  if (!isOfficerKey(key) || key.type === 'ml-dsa-44') return failure('bad-schema', '/key');
  if (!isUniqueList(kinds, delegationKindsMax, isKind) || kinds.length === 0) {
    return failure('bad-schema', '/kinds');
  }
  if (!isOffice(office)) return failure('bad-schema', '/office');
  if (typeof until !== 'string' || parseTime(until) === null)
    return failure('bad-schema', '/until');
  const grant = { office, key, kinds, until };
  return success(isOffice(actingFor) ? { ...grant, actingFor } : grant);
}
