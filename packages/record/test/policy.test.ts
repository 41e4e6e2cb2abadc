import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ed25519PublicKey, mlDsa44PublicKey } from '#primitives';
import { formatVkey, noteKey } from '../src/note.ts';
import {
  formatPolicy,
  parsePolicy,
  policySatisfied,
  witnessedTime,
  type Policy,
} from '../src/policy.ts';
import { InvariantError } from '../src/result.ts';
import { seedOf } from './both-primitives.ts';

const vkey = (name: string, type: 0x01 | 0x04, byte: number) =>
  formatVkey(noteKey(name, type, ed25519PublicKey(seedOf(byte))));
const logA = vkey('log.example/a', 0x01, 1);
const logB = vkey('log.example/b', 0x01, 2);
const w = [0, 1, 2, 3, 4, 5].map((n) => vkey(`w${n}.example`, 0x04, 10 + n));
const witnesses = [1, 2, 3, 4, 5].map((n) => `witness W${n} ${w[n]}\n`).join('');

function policyOf(text: string): Policy {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(`${parsed.path}: ${parsed.detail}`);
  return parsed.value;
}

describe('policies as the specification has them', () => {
  const nested = policyOf(
    `# example\nlog ${logA} http://log.example\n \t# comment\n\t log\t${logB}\n\n` +
      `witness W1 ${w[1]} http://w1\n` +
      `# the same key as a log’s is undesirable, but no error\n` +
      `witness W2 ${vkey('w2.example', 0x04, 1)}\n` +
      `witness W3 ${w[3]}\nwitness W4 ${w[4]}\nwitness W5 ${w[5]}\n` +
      `group G1 any W1 W2\ngroup G2 2 W3 W4 W5\ngroup G3 all G1 G2\n\nquorum G3\n\n` +
      `  log ${vkey('log.example/c', 0x01, 3)}\nwitness W6 ${vkey('w6.example', 0x04, 16)}\n`,
  );
  const keys = nested.witnesses.map(({ key }) => formatVkey(key));

  it.each([
    [[], false],
    [[1], false],
    [[2], false],
    [[3], false],
    [[3, 4, 5], false],
    [[1, 2], false],
    [[1, 3], false],
    [[1, 3, 4], true],
    [[2, 3, 5], true],
    [[1, 2, 3, 4, 5, 6], true],
    [[6], false],
  ])('the quorum any(1,2) and 2 of (3,4,5) by %j is %s', (cosigners, satisfied) => {
    expect(
      policySatisfied(
        nested,
        cosigners.map((n) => keys[n - 1] ?? ''),
      ),
    ).toBe(satisfied);
  });

  it.each([
    [{ a: [], b: [] }, false],
    [{ a: [1], b: [] }, true],
    [{ a: [1, 3], b: [1] }, true],
    [{ a: [], b: [1] }, false],
    [{ a: [], b: [1, 2] }, true],
    [{ a: [2], b: [1, 2, 3] }, true],
  ])('numeric thresholds, any of 1-of-A and 2-of-B: %j', ({ a, b }, satisfied) => {
    const key = (group: string, n: number) =>
      vkey(`${group}${n}`, 0x04, (group === 'A' ? 30 : 40) + n);
    const lines = ['A', 'B'].flatMap((group) =>
      [1, 2, 3].map((n) => `witness ${group}${n} ${key(group, n)}\n`),
    );
    const policy = policyOf(
      `${lines.join('')}group A-group 1 A1 A2 A3\ngroup B-group 2 B1 B2 B3\ngroup G any A-group B-group\nquorum G\n`,
    );
    const cosigners = [...a.map((n) => key('A', n)), ...b.map((n) => key('B', n))];
    expect(policySatisfied(policy, cosigners)).toBe(satisfied);
  });

  it('a quorum of none is always satisfied and witnesses no time', () => {
    const policy = policyOf('quorum none\n');
    expect(policySatisfied(policy, [])).toBe(true);
    expect(witnessedTime(policy, new Map([[w[1] ?? '', 5]]))).toBeNull();
  });

  it('a quorum may be one witness, ML-DSA-44 keys may be of logs and witnesses', () => {
    const quantum = (name: string, byte: number) =>
      formatVkey(noteKey(name, 0x06, mlDsa44PublicKey(seedOf(byte))));
    const witness = quantum('w.example', 2);
    const policy = policyOf(`log ${quantum('log.example', 1)}\nwitness W ${witness}\nquorum W\n`);
    expect(policySatisfied(policy, [witness])).toBe(true);
    expect(policySatisfied(policy, w)).toBe(false);
  });

  it('times: any is the earliest, all the latest, k the k-th smallest, recursively', () => {
    const times = new Map([
      [keys[0], 100],
      [keys[1], 90],
      [keys[2], 300],
      [keys[3], 50],
      [keys[4], 200],
    ] as [string, number][]);
    expect(witnessedTime(nested, times)).toBe(200);
    times.delete(keys[4] ?? '');
    expect(witnessedTime(nested, times)).toBe(300);
    times.delete(keys[3] ?? '');
    expect(witnessedTime(nested, times)).toBeNull();
  });

  it('an earlier or a further cosignature never makes the witnessed time later', () => {
    const some = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 50 })), { maxLength: 12 });
    fc.assert(
      fc.property(some, some, (first, second) => {
        const earliest = (list: [number, number][]) => {
          const times = new Map<string, number>();
          for (const [n, time] of list) {
            const key = keys[n] ?? '';
            times.set(key, Math.min(time, times.get(key) ?? Infinity));
          }
          return times;
        };
        const before = witnessedTime(nested, earliest(first));
        const after = witnessedTime(nested, earliest([...first, ...second]));
        if (before !== null) expect(after).toBeLessThanOrEqual(before);
      }),
    );
  });

  it('are written in one form and read back', () => {
    const text = formatPolicy(nested);
    expect(policyOf(text)).toEqual(nested);
    expect(formatPolicy(policyOf(text))).toBe(text);
    expect(text.startsWith(`log ${logA} http://log.example\nlog ${logB}\n`)).toBe(true);
    expect(
      text.endsWith('group G1 any W1 W2\ngroup G2 2 W3 W4 W5\ngroup G3 all G1 G2\nquorum G3\n'),
    ).toBe(true);
  });

  it('of our own that could not be read back throw', () => {
    const bad: Partial<Policy>[] = [
      { quorum: 'nobody' },
      { groups: [{ name: 'G', threshold: 0, members: ['W1'] }] },
      { groups: [{ name: 'a b', threshold: 1, members: ['W6'] }] },
    ];
    for (const change of bad) {
      expect(() => formatPolicy({ ...nested, ...change })).toThrow(InvariantError);
    }
  });
});

describe('policies that other parsers take or that are wrong', () => {
  const otherName = vkey('other.example', 0x04, 11);
  it.each([
    ['an empty file', ''],
    ['no quorum', `${witnesses}group G all W1 W2\n`],
    ['two quorum lines', 'quorum none\nquorum none\n'],
    ['no final line feed', 'quorum none'],
    ['a form feed in a comment', '# \f\nquorum none\n'],
    ['DEL in a comment', '# \u007f\nquorum none\n'],
    ['a carriage return', 'quorum none\r\n'],
    ['a lone surrogate', '# \ud800\nquorum none\n'],
    ['an end-of-line comment', `log ${logA} # mine\nquorum none\n`],
    ['an end-of-line comment on the quorum', 'quorum none # all\n'],
    ['a log’s key twice', `log ${logA}\n  log ${logA}\nquorum none\n`],
    ['a log’s key twice under two names', `log ${logA}\nlog ${vkey('x', 0x01, 1)}\nquorum none\n`],
    ['a witness’s key twice', `witness A ${w[1]}\nwitness B ${w[1]}\nquorum none\n`],
    [
      'a witness’s key twice under two key names',
      `witness A ${w[1]}\nwitness B ${otherName}\nquorum none\n`,
    ],
    ['a name twice', `witness A ${w[1]}\nwitness A ${w[2]}\nquorum none\n`],
    ['a group named as a witness', `${witnesses}group W1 any W2\nquorum none\n`],
    ['a witness named none', `witness none ${w[1]}\nquorum none\n`],
    ['a group named none', `${witnesses}group none any W1\nquorum none\n`],
    ['none as a member', `${witnesses}group G any W1 none\nquorum G\n`],
    ['a member that is not defined', `${witnesses}group G all W1 W9\nquorum G\n`],
    ['a member that is defined below', `group G any W1\n${witnesses}quorum G\n`],
    ['a group that is its own member', `${witnesses}group G any G\nquorum G\n`],
    ['a member twice', `${witnesses}group G all W1 W2 W1\nquorum G\n`],
    ['a member of two groups', `${witnesses}group G all W1 W2\ngroup H all W3 W2\nquorum G\n`],
    ['a quorum that is not defined', `${witnesses}quorum W9\n`],
    ['a quorum that is defined below', `quorum W1\n${witnesses}`],
    ['a threshold of 0', `${witnesses}group G 0 W1\nquorum G\n`],
    ['a threshold above the members', `${witnesses}group G 3 W1 W2\nquorum G\n`],
    ['a threshold with a leading zero', `${witnesses}group G 01 W1 W2\nquorum G\n`],
    ['a threshold in words', `${witnesses}group G most W1 W2\nquorum G\n`],
    ['a group of nobody', `${witnesses}group G any\nquorum G\n`],
    ['a cosigner’s key as a log', `log ${w[1]}\nquorum none\n`],
    ['a log’s key as a witness', `witness A ${logA}\nquorum none\n`],
    [
      'a vkey with a false id',
      `log ${logA.replace(/\+[0-9a-f]{8}\+/, '+00000000+')}\nquorum none\n`,
    ],
    ['four items for a log', `log ${logA} http://a http://b\nquorum none\n`],
    ['an unknown keyword', 'mirror x\nquorum none\n'],
    ['an upper-case keyword', 'Quorum none\n'],
    ['a no-break space for a space', 'quorum\u00a0none\n'],
  ])('refuses %s', (_, text) => {
    const parsed = parsePolicy(text);
    expect(parsed.ok ? null : parsed.code).toBe('bad-policy');
  });

  it('names the line that is wrong', () => {
    const parsed = parsePolicy(`# one\n${witnesses}quorum W9\n`);
    expect(parsed.ok ? null : parsed.path).toBe('7');
  });

  it('compares names as they are: a Kelvin sign is no K', () => {
    expect(parsePolicy(`witness K ${w[1]}\nwitness \u212a ${w[2]}\nquorum \u212a\n`).ok).toBe(true);
  });

  it('takes 256 witnesses and not one more', () => {
    const lines = Array.from({ length: 257 }, (_, n) => {
      const seed = Uint8Array.from(seedOf(1), (byte, i) => (i < 2 ? (n >> (8 * i)) & 255 : byte));
      return `witness W${n} ${formatVkey(noteKey('w', 0x04, ed25519PublicKey(seed)))}\n`;
    });
    expect(parsePolicy(`${lines.slice(1).join('')}quorum W1\n`).ok).toBe(true);
    expect(parsePolicy(`${lines.join('')}quorum W1\n`).ok).toBe(false);
  });

  it('takes 256 KiB and not one byte more', () => {
    const end = '\nquorum none\n';
    const comment = `#${'x'.repeat(262_144 - end.length - 1)}`;
    expect(parsePolicy(comment + end).ok).toBe(true);
    expect(parsePolicy(`x${comment}${end}`).ok).toBe(false);
  });
});
