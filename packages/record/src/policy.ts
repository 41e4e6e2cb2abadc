/**
 * Witness policies: which cosigners together are enough, and the time that they witness
 * (c2sp.org/tlog-policy; protocol.md, "Witnessed time").
 */
import { exceedsBytes } from './bytes.ts';
import { parseDecimal } from './checkpoint-text.ts';
import {
  policyBytesMax,
  policyGroupsMax,
  policyLogsMax,
  policyMembersMax,
  policyWitnessesMax,
} from './limits.ts';
import { formatVkey, parseVkey, type NoteKey } from './note-key.ts';
import { failure, InvariantError, success, type Result } from './result.ts';

/** A log that is accepted; keys of type 0x01 or 0x06. */
export type PolicyLog = { key: NoteKey; url?: string };
/** A cosigner; keys of type 0x04 or 0x06. `name` means something in the policy only. */
export type PolicyWitness = { name: string; key: NoteKey; url?: string };
/** Satisfied by `threshold` of its members, which are witnesses or groups named before it. */
export type PolicyGroup = { name: string; threshold: number; members: string[] };
/** `quorum` names a witness or a group; null where no cosignature is asked for. */
export type Policy = {
  logs: PolicyLog[];
  witnesses: PolicyWitness[];
  groups: PolicyGroup[];
  quorum: string | null;
};

/**
 * Reads a policy exactly as the specification has it: only whole-line comments, every line ended by
 * a line feed, no key twice among logs or among witnesses, names defined before use, each a member
 * of at most one group, one quorum line. `path` of a failure is the number of the line, from 1.
 */
export function parsePolicy(text: string): Result<Policy, 'bad-policy'> {
  if (exceedsBytes(text, policyBytesMax)) return failure('bad-policy', '', 'too long');
  if (!text.isWellFormed() || hasForbiddenCharacter(text)) {
    return failure('bad-policy', '', 'characters that a policy cannot have');
  }
  const lines = text.split('\n');
  if (lines.pop() !== '') return failure('bad-policy', '', 'the last line has no line feed');
  const reading: Reading = {
    policy: { logs: [], witnesses: [], groups: [], quorum: null },
    free: new Map(),
    logKeys: new Set(),
    witnessKeys: new Set(),
    hasQuorum: false,
  };
  for (const [index, line] of lines.entries()) {
    const items = line.split(/[ \t]+/).filter((item) => item !== '');
    const [keyword, ...rest] = items;
    if (keyword === undefined || keyword.startsWith('#')) continue;
    const problem = readLine(reading, keyword, rest);
    if (problem !== null) return failure('bad-policy', String(index + 1), problem);
  }
  if (!reading.hasQuorum) return failure('bad-policy', '', 'no quorum line');
  return success(reading.policy);
}

/**
 * One text for a policy: logs, witnesses, groups, quorum, each in its order. Throws
 * `InvariantError` for a policy that `parsePolicy` would not give back.
 */
export function formatPolicy(policy: Policy): string {
  const url = (location: string | undefined) => (location === undefined ? '' : ` ${location}`);
  const lines = [
    ...policy.logs.map((log) => `log ${formatVkey(log.key)}${url(log.url)}\n`),
    ...policy.witnesses.map(
      ({ name, key, url: location }) => `witness ${name} ${formatVkey(key)}${url(location)}\n`,
    ),
    ...policy.groups.map(({ name, threshold, members }) => {
      const word = threshold === members.length ? 'all' : threshold === 1 ? 'any' : threshold;
      return `group ${name} ${word} ${members.join(' ')}\n`;
    }),
    `quorum ${policy.quorum ?? 'none'}\n`,
  ];
  const text = lines.join('');
  const again = parsePolicy(text);
  if (!again.ok || !isSamePolicy(policy, again.value)) throw new InvariantError('not a policy');
  return text;
}

/**
 * Whether cosigners, given by their vkeys, make the quorum. The caller has verified their
 * cosignatures, and the log's signature. True where the quorum is none.
 */
export function policySatisfied(policy: Policy, cosigners: Iterable<string>): boolean {
  if (policy.quorum === null) return true;
  return witnessedTime(policy, new Map([...cosigners].map((vkey) => [vkey, 0]))) !== null;
}

/**
 * The time that a policy's quorum witnesses, from the earliest verified time of each cosigner by
 * vkey: of a group the threshold-th smallest of its members' times. Null without a quorum, or where
 * the quorum is none.
 */
export function witnessedTime(policy: Policy, times: ReadonlyMap<string, number>): number | null {
  if (policy.quorum === null) return null;
  const known = new Map<string, number>();
  for (const { name, key } of policy.witnesses) {
    const time = times.get(formatVkey(key));
    if (time !== undefined) known.set(name, time);
  }
  // Members are named before their groups, so one pass in order is enough.
  for (const { name, threshold, members } of policy.groups) {
    const present = members.flatMap((member) => known.get(member) ?? []);
    const time = present.sort((a, b) => a - b)[threshold - 1];
    if (time !== undefined) known.set(name, time);
  }
  return known.get(policy.quorum) ?? null;
}

/** `free` has the names defined so far; true until a group has taken them as a member. */
type Reading = {
  policy: Policy;
  free: Map<string, boolean>;
  logKeys: Set<string>;
  witnessKeys: Set<string>;
  hasQuorum: boolean;
};

/** What is wrong with a line, or null after adding it. */
function readLine(reading: Reading, keyword: string, items: string[]): string | null {
  if (keyword === 'log') return readLog(reading, items);
  if (keyword === 'witness') return readWitness(reading, items);
  if (keyword === 'group') return readGroup(reading, items);
  if (keyword === 'quorum') return readQuorum(reading, items);
  return 'no such keyword';
}

function readLog({ policy, logKeys }: Reading, items: string[]): string | null {
  const [vkey, url, ...more] = items;
  if (vkey === undefined || more.length > 0) return 'log takes a vkey and perhaps a URL';
  const key = parseVkey(vkey);
  if (!key.ok) return `bad vkey: ${key.detail ?? ''}`;
  if (key.value.type === 0x04) return 'a log’s key is of type 0x01 or 0x06';
  if (!addKey(logKeys, key.value)) return 'a log’s key twice';
  if (policy.logs.length >= policyLogsMax) return 'too many logs';
  policy.logs.push({ key: key.value, ...(url === undefined ? {} : { url }) });
  return null;
}

function readWitness({ policy, free, witnessKeys }: Reading, items: string[]): string | null {
  const [name, vkey, url, ...more] = items;
  if (name === undefined || vkey === undefined || more.length > 0) {
    return 'witness takes a name, a vkey and perhaps a URL';
  }
  const key = parseVkey(vkey);
  if (!key.ok) return `bad vkey: ${key.detail ?? ''}`;
  if (key.value.type === 0x01) return 'a witness’s key is of type 0x04 or 0x06';
  if (!addKey(witnessKeys, key.value)) return 'a witness’s key twice';
  if (name === 'none' || free.has(name)) return 'a name that is taken';
  if (policy.witnesses.length >= policyWitnessesMax) return 'too many witnesses';
  free.set(name, true);
  policy.witnesses.push({ name, key: key.value, ...(url === undefined ? {} : { url }) });
  return null;
}

function readGroup({ policy, free }: Reading, items: string[]): string | null {
  const [name, word, ...members] = items;
  if (name === undefined || word === undefined || members.length === 0) {
    return 'group takes a name, a threshold and members';
  }
  if (name === 'none' || free.has(name)) return 'a name that is taken';
  if (members.length > policyMembersMax) return 'too many members';
  for (const member of members) {
    const isFree = free.get(member);
    if (isFree === undefined) return `a member that is not defined before: ${member}`;
    if (!isFree) return `a member of two groups, or twice: ${member}`;
    free.set(member, false);
  }
  const threshold = word === 'all' ? members.length : word === 'any' ? 1 : parseDecimal(word);
  if (threshold === null || threshold < 1 || threshold > members.length) {
    return 'a threshold out of range';
  }
  if (policy.groups.length >= policyGroupsMax) return 'too many groups';
  free.set(name, true);
  policy.groups.push({ name, threshold, members });
  return null;
}

function readQuorum(reading: Reading, items: string[]): string | null {
  const [name, ...more] = items;
  if (name === undefined || more.length > 0) return 'quorum takes one name';
  if (reading.hasQuorum) return 'a second quorum line';
  if (name !== 'none' && !reading.free.has(name)) return 'a quorum that is not defined before';
  reading.hasQuorum = true;
  reading.policy.quorum = name === 'none' ? null : name;
  return null;
}

/** By the raw key: another name or key id does not make another key. False if it was there. */
function addKey(keys: Set<string>, key: NoteKey): boolean {
  const raw = key.publicKey.toString();
  if (keys.has(raw)) return false;
  keys.add(raw);
  return true;
}

function hasForbiddenCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit < 0x20 && unit !== 0x09 && unit !== 0x0a) || unit === 0x7f) return true;
  }
  return false;
}

function isSamePolicy(a: Policy, b: Policy): boolean {
  const flat = ({ logs, witnesses, groups, quorum }: Policy) =>
    JSON.stringify([
      logs.map(({ key, url }) => [formatVkey(key), url ?? null]),
      witnesses.map(({ name, key, url }) => [name, formatVkey(key), url ?? null]),
      groups.map(({ name, threshold, members }) => [name, threshold, members]),
      quorum,
    ]);
  return flat(a) === flat(b);
}
