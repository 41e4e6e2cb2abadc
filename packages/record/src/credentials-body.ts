/**
 * The body of `party.credentials`: a party's keys, thresholds, log, routes and contacts in one
 * version (protocol.md, "Party and credentials"; rulings.md, 1, 8 and 21). Shape and inner
 * consistency; the chain of versions is `credentials.ts`.
 */
import { decodeBase64, encodeHex } from './bytes.ts';
import {
  delegationsMax,
  foldsMax,
  languagesMax,
  logKeysMax,
  officerKeysMax,
  officesMax,
  routesMax,
  sealingRecipientsMax,
  shortTextCharactersMax,
  urlCharactersMax,
} from './document-limits.ts';
import type { JsonValue } from './json.ts';
import { parseVkey } from './note-key.ts';
import { isKeyText, isOfficerKey, officerKeyBytes } from './officer-key.ts';
import type { OfficerKey } from './officer-key.ts';
import { failure, success } from './result.ts';
import type { Result } from './result.ts';
import { sealingClass } from './seal.ts';
import {
  hasExactMembers,
  isCount,
  isDigest,
  isDigestOrNull,
  isIntegerWithin,
  isObject,
  isOrigin,
  isShortText,
  isUniqueList,
  isVisibleAscii,
} from './shape.ts';
import type { JsonObject } from './shape.ts';
import { parseTime } from './time.ts';

/** `threshold` of the officers named; officers are counted, never keys. */
export type Threshold = { threshold: number; offices: string[] };

/** What a party can be; several at once. */
export const partyFunctions = [
  'assessor',
  'cert',
  'depositary',
  'election-authority',
  'observer',
  'organisation',
  'relay',
  'sector-centre',
  'state',
  'witness',
] as const;
export type PartyFunction = (typeof partyFunctions)[number];

/** How to reach people: languages as tags, hours in words, an IANA time zone. */
export type Contact = { languages: string[]; hours: string; timeZone: string; telephone?: string };

/** One version of a party's credentials; every member is there, and no other. */
export type CredentialsBody = {
  version: number;
  previous: string | null;
  exercise: boolean;
  name: { [language: string]: string };
  functions: string[];
  officers: { [office: string]: { keys: OfficerKey[] } };
  authority: {
    root: Threshold;
    solemn: Threshold;
    duty: Threshold;
    automatic: { key: string };
  };
  onePerson: boolean;
  log: { origin: string; keys: string[]; previous: { origin: string; size: number } | null };
  witnessKey: string;
  ownAccountKey: string;
  sealing: string[];
  routes: { kind: 'direct'; url: string }[];
  contacts: { diplomatic?: Contact; technical?: Contact; duty?: Contact };
  kinds: { protocol: 1; folds: number[] };
  delegations: string[];
  expires: string;
};

/** The office that stands for the node's own key: no officer may bear the name. */
export const automaticOffice = 'automatic';

const memberNames = [
  'authority',
  'contacts',
  'delegations',
  'exercise',
  'expires',
  'functions',
  'kinds',
  'log',
  'name',
  'officers',
  'onePerson',
  'ownAccountKey',
  'previous',
  'routes',
  'sealing',
  'version',
  'witnessKey',
];

/**
 * Reads a credentials body that came out of canonical JSON. `bad-schema` names the member. Beyond
 * the shape: a raw public key stands in the document once, whatever its purpose; officers have a
 * classical key and at most one ML-DSA-44 key beside it; thresholds can be met by the officers
 * named; root and solemn need two officers unless `onePerson`; origins of exercise parties, and
 * of no others, begin with "exercise."; log keys bear the name of the log.
 */
export function parseCredentialsBody(value: JsonValue): Result<CredentialsBody, 'bad-schema'> {
  if (!isObject(value) || !hasExactMembers(value, memberNames)) {
    return failure('bad-schema', '', 'members');
  }
  const wrong = wrongMember(value);
  if (wrong !== null) return failure('bad-schema', wrong);
  // Every member was checked above.
  const body = value as unknown as CredentialsBody;
  const contradiction = wrongThreshold(body) ?? wrongLog(body) ?? repeatedKey(body);
  if (contradiction !== null) return failure('bad-schema', contradiction);
  return success(body);
}

function wrongMember(value: JsonObject): string | null {
  const { version, previous, exercise, onePerson, expires } = value;
  if (!isIntegerWithin(version, 1, Number.MAX_SAFE_INTEGER)) return '/version';
  if (!isDigestOrNull(previous) || (previous === null) !== (version === 1)) return '/previous';
  if (typeof exercise !== 'boolean') return '/exercise';
  if (!isNames(value['name'])) return '/name';
  if (!isUniqueList(value['functions'], partyFunctions.length, isFunction)) return '/functions';
  if (!isOfficers(value['officers'])) return '/officers';
  if (!isAuthority(value['authority'])) return '/authority';
  if (typeof onePerson !== 'boolean') return '/onePerson';
  if (!isLog(value['log'])) return '/log';
  if (!isVkey(value['witnessKey'], [0x04])) return '/witnessKey';
  if (!isVkey(value['ownAccountKey'], [0x04])) return '/ownAccountKey';
  if (!isSealing(value['sealing'])) return '/sealing';
  if (!isRoutes(value['routes'])) return '/routes';
  if (!isContacts(value['contacts'])) return '/contacts';
  if (!isKinds(value['kinds'])) return '/kinds';
  if (!isUniqueList(value['delegations'], delegationsMax, isDigest)) return '/delegations';
  if (typeof expires !== 'string' || parseTime(expires) === null) return '/expires';
  return null;
}

function wrongThreshold(body: CredentialsBody): string | null {
  const { root, solemn, duty } = body.authority;
  for (const [name, { threshold, offices }] of Object.entries({ root, solemn, duty })) {
    if (threshold > offices.length) return `/authority/${name}/threshold`;
    if (!offices.every((office) => Object.hasOwn(body.officers, office))) {
      return `/authority/${name}/offices`;
    }
  }
  if (!body.onePerson && root.threshold < 2) return '/authority/root/threshold';
  if (!body.onePerson && solemn.threshold < 2) return '/authority/solemn/threshold';
  return null;
}

function wrongLog(body: CredentialsBody): string | null {
  const { origin, keys, previous } = body.log;
  if (origin.startsWith('exercise.') !== body.exercise) return '/log/origin';
  const parsed = keys.map(parseVkey);
  if (!parsed.every((key) => key.ok && key.value.name === origin)) return '/log/keys';
  const types = parsed.map((key) => (key.ok ? key.value.type : 0));
  if (!types.includes(0x01)) return '/log/keys';
  if (types.filter((type) => type === 0x06).length > 1) return '/log/keys';
  if (previous !== null && (body.version === 1 || previous.origin === origin)) {
    return '/log/previous';
  }
  return null;
}

// One key, one purpose, one officer: whoever holds it can be counted once only (protocol.md ⚑).
function repeatedKey(body: CredentialsBody): string | null {
  const seen = new Set<string>();
  const add = (raw: Uint8Array | null): boolean => {
    if (raw === null) return false;
    const name = encodeHex(raw);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  };
  for (const [office, { keys }] of Object.entries(body.officers)) {
    for (const key of keys) if (!add(officerKeyBytes(key))) return `/officers/${office}`;
  }
  if (!add(decodeBase64(body.authority.automatic.key))) return '/authority/automatic';
  for (const vkey of body.log.keys) if (!add(vkeyBytes(vkey))) return '/log/keys';
  if (!add(vkeyBytes(body.witnessKey))) return '/witnessKey';
  if (!add(vkeyBytes(body.ownAccountKey))) return '/ownAccountKey';
  return null;
}

function vkeyBytes(vkey: string): Uint8Array | null {
  const parsed = parseVkey(vkey);
  return parsed.ok ? parsed.value.publicKey : null;
}

function isNames(value: JsonValue | undefined): boolean {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > languagesMax) return false;
  return entries.every(
    ([language, name]) => isLanguage(language) && isShortText(name, shortTextCharactersMax),
  );
}

function isFunction(value: JsonValue): value is PartyFunction {
  return typeof value === 'string' && (partyFunctions as readonly string[]).includes(value);
}

function isLanguage(value: JsonValue): value is string {
  if (!isVisibleAscii(value, 35)) return false;
  return value.split('-').every((part) => /^[A-Za-z0-9]{1,8}$/.test(part));
}

/** An office: a short text that is not the automatic one. */
export function isOffice(value: JsonValue | undefined): value is string {
  if (!isShortText(value, shortTextCharactersMax)) return false;
  return value !== automaticOffice && value !== '__proto__';
}

function isOfficers(value: JsonValue | undefined): boolean {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > officesMax) return false;
  return entries.every(([office, officer]) => isOffice(office) && isOfficer(officer));
}

function isOfficer(value: JsonValue): boolean {
  if (!isObject(value) || !hasExactMembers(value, ['keys'])) return false;
  const { keys } = value;
  if (!Array.isArray(keys) || keys.length > officerKeysMax) return false;
  if (!keys.every((key): key is OfficerKey => isOfficerKey(key))) return false;
  const postQuantum = keys.filter((key) => isObject(key) && key['type'] === 'ml-dsa-44').length;
  return postQuantum <= 1 && keys.length > postQuantum;
}

function isAuthority(value: JsonValue | undefined): boolean {
  if (!isObject(value)) return false;
  if (!hasExactMembers(value, ['automatic', 'duty', 'root', 'solemn'])) return false;
  const { automatic, duty, root, solemn } = value;
  if (!isObject(automatic) || !hasExactMembers(automatic, ['key'])) return false;
  return isKeyText(automatic['key'], 'ed25519') && [duty, root, solemn].every(isThreshold);
}

function isThreshold(value: JsonValue | undefined): boolean {
  if (!isObject(value) || !hasExactMembers(value, ['offices', 'threshold'])) return false;
  if (!isIntegerWithin(value['threshold'], 1, officesMax)) return false;
  return isUniqueList(value['offices'], officesMax, isOffice);
}

function isLog(value: JsonValue | undefined): boolean {
  if (!isObject(value) || !hasExactMembers(value, ['keys', 'origin', 'previous'])) return false;
  const { keys, origin, previous } = value;
  if (!isOrigin(origin)) return false;
  if (!isUniqueList(keys, logKeysMax, (key): key is string => isVkey(key, [0x01, 0x06]))) {
    return false;
  }
  if (previous === null) return true;
  if (!isObject(previous) || !hasExactMembers(previous, ['origin', 'size'])) return false;
  return isOrigin(previous['origin']) && isCount(previous['size']);
}

function isVkey(value: JsonValue | undefined, types: number[]): value is string {
  if (typeof value !== 'string' || value.length > urlCharactersMax + 2_048) return false;
  const parsed = parseVkey(value);
  return parsed.ok && types.includes(parsed.value.type);
}

function isSealing(value: JsonValue | undefined): boolean {
  const isRecipient = (item: JsonValue): item is string =>
    typeof item === 'string' && sealingClass(item) !== null;
  if (!isUniqueList(value, sealingRecipientsMax, isRecipient)) return false;
  return new Set(value.map(sealingClass)).size === 1;
}

function isRoutes(value: JsonValue | undefined): boolean {
  if (!Array.isArray(value) || value.length > routesMax) return false;
  return value.every((route) => {
    if (!isObject(route) || !hasExactMembers(route, ['kind', 'url'])) return false;
    const { kind, url } = route;
    if (kind !== 'direct' || !isVisibleAscii(url, urlCharactersMax)) return false;
    return url.startsWith('https://') || url.startsWith('http://');
  });
}

function isContacts(value: JsonValue | undefined): boolean {
  if (!isObject(value)) return false;
  return Object.entries(value).every(
    ([office, contact]) =>
      ['diplomatic', 'duty', 'technical'].includes(office) && isContact(contact),
  );
}

function isContact(value: JsonValue): boolean {
  if (!isObject(value)) return false;
  const { languages, hours, timeZone, telephone } = value;
  const names = ['hours', 'languages', 'timeZone'];
  if (Object.hasOwn(value, 'telephone')) {
    names.splice(2, 0, 'telephone');
    if (!isShortText(telephone, shortTextCharactersMax)) return false;
  }
  if (!hasExactMembers(value, names)) return false;
  if (!isUniqueList(languages, languagesMax, isLanguage)) return false;
  return isShortText(hours, shortTextCharactersMax) && isVisibleAscii(timeZone, 64);
}

function isKinds(value: JsonValue | undefined): boolean {
  if (!isObject(value) || !hasExactMembers(value, ['folds', 'protocol'])) return false;
  const { folds, protocol } = value;
  if (protocol !== 1 || !Array.isArray(folds) || folds.length > foldsMax) return false;
  if (!folds.every((fold) => isIntegerWithin(fold, 1, Number.MAX_SAFE_INTEGER))) return false;
  return new Set(folds).size === folds.length;
}
