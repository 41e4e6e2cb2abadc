/**
 * Credentials rotation: the body of version n+1 from version n and what is to change (protocol.md,
 * Party and credentials). The draft is then signed by the root thresholds of both versions.
 */
import { canonicalJson, failure, formatTime, parseCredentialsBody, success } from '@comity/record';
import type {
  Chain,
  Contact,
  CredentialsBody,
  JsonValue,
  OfficerKey,
  Result,
} from '@comity/record';
import { newestVersion } from '@comity/record';

const secondsPerYear = 31_536_000;

/** What may change. What is left out stays. */
export interface RotationWish {
  name?: { [language: string]: string };
  functions?: string[];
  /** Officers to add or to give other keys, by office. */
  officers?: { [office: string]: { keys: OfficerKey[] } };
  /** Offices that end; they leave every threshold. */
  removeOfficers?: string[];
  /** Numbers of officers needed; offices default to all officers. */
  thresholds?: {
    root?: ThresholdWish;
    solemn?: ThresholdWish;
    duty?: ThresholdWish;
  };
  onePerson?: boolean;
  routes?: { kind: 'direct'; url: string }[];
  contacts?: { [office in 'diplomatic' | 'technical' | 'duty']?: Contact };
  sealing?: string[];
  delegations?: string[];
  /** POSIX seconds; two years from `now` when left out. */
  expires?: number;
  /** The log that follows the one in force, of which `size` entries stand (rulings.md, 8). */
  newLog?: { vkey: string; origin: string; size: number };
}

export interface ThresholdWish {
  threshold: number;
  offices?: string[];
}

export type RotationFailure = 'bad-schema' | 'unknown-officer' | 'no-change';

/**
 * The next body. An officer who is added may sign at every level unless a threshold names its
 * offices. `no-change` when nothing but the version and the expiry would differ.
 */
export function rotateCredentials(
  chain: Chain,
  wish: RotationWish,
  now: number,
): Result<{ [key: string]: JsonValue }, RotationFailure> {
  const current = newestVersion(chain);
  const all = { ...current.body.officers, ...wish.officers };
  const removed = wish.removeOfficers ?? [];
  const unknown = removed.find((office) => !Object.hasOwn(all, office));
  if (unknown !== undefined) return failure('unknown-officer', unknown);
  const officers = Object.fromEntries(
    Object.entries(all).filter(([office]) => !removed.includes(office)),
  );
  const added = Object.keys(officers).filter((office) => !(office in current.body.officers));
  const { root, solemn, duty, automatic } = current.body.authority;
  const rule = (before: { threshold: number; offices: string[] }, change?: ThresholdWish) => ({
    threshold: change?.threshold ?? before.threshold,
    offices: (change?.offices ?? [...before.offices, ...added])
      .filter((office) => change?.offices !== undefined || office in officers)
      .sort(),
  });
  const next: CredentialsBody = {
    ...current.body,
    version: current.version + 1,
    previous: current.id,
    name: wish.name ?? current.body.name,
    functions: wish.functions === undefined ? current.body.functions : [...wish.functions].sort(),
    officers,
    authority: {
      root: rule(root, wish.thresholds?.root),
      solemn: rule(solemn, wish.thresholds?.solemn),
      duty: rule(duty, wish.thresholds?.duty),
      automatic,
    },
    onePerson: wish.onePerson ?? current.body.onePerson,
    log: nextLog(current.body.log, wish.newLog),
    routes: wish.routes ?? current.body.routes,
    contacts: wish.contacts ?? current.body.contacts,
    sealing: wish.sealing ?? current.body.sealing,
    delegations: wish.delegations ?? current.body.delegations,
    expires: formatTime(wish.expires ?? now + 2 * secondsPerYear),
  };
  const body = JSON.parse(JSON.stringify(next)) as { [key: string]: JsonValue };
  const checked = parseCredentialsBody(body);
  if (!checked.ok) return failure('bad-schema', checked.path, checked.detail);
  const unchanged = { version: 0, previous: null, expires: '', log: null };
  const canonical = (one: CredentialsBody) =>
    canonicalJson({ ...(one as unknown as { [key: string]: JsonValue }), ...unchanged });
  const same = wish.newLog === undefined && canonical(next) === canonical(current.body);
  return same ? failure('no-change', '') : success(body);
}

function nextLog(
  current: CredentialsBody['log'],
  wish: RotationWish['newLog'],
): CredentialsBody['log'] {
  if (wish === undefined) return { ...current, previous: null };
  const { vkey, origin, size } = wish;
  return { origin, keys: [vkey], previous: { origin: current.origin, size } };
}
