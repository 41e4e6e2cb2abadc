import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyFromNodes,
  consistencyNodes,
  emptyRoot,
  inclusionFromNodes,
  inclusionNodes,
  leafHash,
  nodeHash,
  rootFromNodes,
  rootNodes,
  verifyConsistency,
  verifyInclusion,
  verifyInclusionOfHash,
  type NodeAddress,
} from '../src/merkle.ts';
import { InvariantError } from '../src/result.ts';
import { describeOnBoth } from './both-primitives.ts';
import { hasSharedVectors, sharedVectorText } from './shared-vectors.ts';

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const leaves = Array.from({ length: 600 }, (_, i) => leafHash(Uint8Array.of(i & 255, i >> 8)));

/** The hash of a complete subtree, by RFC 6962's definition, over the leaves above. */
function hashAt({ level, index }: NodeAddress): Uint8Array {
  if (level === 0) return leaves[index] as Uint8Array;
  return nodeHash(
    hashAt({ level: level - 1, index: index * 2 }),
    hashAt({ level: level - 1, index: index * 2 + 1 }),
  );
}

const rootOf = (size: number) => rootFromNodes(size, rootNodes(size).map(hashAt));
const inclusion = (index: number, size: number) =>
  inclusionFromNodes(index, size, inclusionNodes(index, size).map(hashAt));
const consistency = (m: number, n: number) =>
  consistencyFromNodes(m, n, consistencyNodes(m, n).map(hashAt));

/** MTH, PATH and SUBPROOF as RFC 6962 writes them. */
function treeHash(tree: Uint8Array[]): Uint8Array {
  if (tree.length === 0) return emptyRoot;
  if (tree.length === 1) return tree[0] as Uint8Array;
  const k = split(tree.length);
  return nodeHash(treeHash(tree.slice(0, k)), treeHash(tree.slice(k)));
}

function split(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}

function path(m: number, tree: Uint8Array[]): Uint8Array[] {
  if (tree.length <= 1) return [];
  const k = split(tree.length);
  return m < k
    ? [...path(m, tree.slice(0, k)), treeHash(tree.slice(k))]
    : [...path(m - k, tree.slice(k)), treeHash(tree.slice(0, k))];
}

function subproof(m: number, tree: Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (m === tree.length) return isWhole ? [] : [treeHash(tree)];
  const k = split(tree.length);
  return m <= k
    ? [...subproof(m, tree.slice(0, k), isWhole), treeHash(tree.slice(k))]
    : [...subproof(m - k, tree.slice(k), false), treeHash(tree.slice(0, k))];
}

describe('Merkle trees', () => {
  it('gives the proofs of RFC 6962’s definitions, for all trees of up to 40 entries', () => {
    for (let n = 0; n <= 40; n++) {
      const tree = leaves.slice(0, n);
      expect(rootOf(n)).toEqual(treeHash(tree));
      for (let i = 0; i < n; i++) expect(inclusion(i, n)).toEqual(path(i, tree));
      for (let m = 1; m <= n; m++) expect(consistency(m, n)).toEqual(subproof(m, tree, true));
    }
  });

  const tree = fc
    .integer({ min: 1, max: 600 })
    .chain((n) => fc.tuple(fc.constant(n), fc.nat(n - 1), fc.integer({ min: 0, max: n })));

  it('verifies inclusion of any entry and consistency of any two sizes', () => {
    fc.assert(
      fc.property(tree, ([n, index, m]) => {
        const entry = Uint8Array.of(index & 255, index >> 8);
        expect(verifyInclusion(entry, index, n, inclusion(index, n), rootOf(n))).toBe(true);
        expect(verifyConsistency(m, n, rootOf(m), rootOf(n), consistency(m, n))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  const flip = (bytes: Uint8Array, bit: number) =>
    bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

  it('refuses an inclusion proof with any bit flipped, a hash more or less, another index', () => {
    fc.assert(
      fc.property(tree, fc.nat(255), fc.nat(), ([n, index], bit, pick) => {
        const proof = inclusion(index, n);
        const leaf = leaves[index] as Uint8Array;
        const root = rootOf(n);
        const check = (hashes: Uint8Array[], at = index, size = n) =>
          verifyInclusionOfHash(leaf, at, size, hashes, root);
        if (proof.length > 0) {
          const which = pick % proof.length;
          expect(check(proof.map((hash, i) => (i === which ? flip(hash, bit) : hash)))).toBe(false);
          expect(check(proof.slice(1))).toBe(false);
          expect(check(proof.slice(0, -1))).toBe(false);
        }
        expect(check([...proof, leaf])).toBe(false);
        expect(check([leaf, ...proof])).toBe(false);
        expect(verifyInclusionOfHash(flip(leaf, bit), index, n, proof, root)).toBe(false);
        expect(verifyInclusionOfHash(leaf, index, n, proof, flip(root, bit))).toBe(false);
        const other = (index + 1 + (pick % n)) % n;
        if (other !== index) expect(check(proof, other)).toBe(false);
        expect(check(proof, n)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a consistency proof with any bit flipped, a hash more or less', () => {
    fc.assert(
      fc.property(tree, fc.nat(255), fc.nat(), ([n, , m], bit, pick) => {
        const proof = consistency(m, n);
        const [before, after] = [rootOf(m), rootOf(n)];
        if (proof.length > 0) {
          const which = pick % proof.length;
          const flipped = proof.map((hash, i) => (i === which ? flip(hash, bit) : hash));
          expect(verifyConsistency(m, n, before, after, flipped)).toBe(false);
          expect(verifyConsistency(m, n, before, after, proof.slice(1))).toBe(false);
          expect(verifyConsistency(m, n, before, after, proof.slice(0, -1))).toBe(false);
          expect(verifyConsistency(m, n, before, flip(after, bit), proof)).toBe(false);
        }
        expect(verifyConsistency(m, n, flip(before, bit), after, proof)).toBe(false);
        expect(verifyConsistency(m, n, before, after, [...proof, after])).toBe(false);
        expect(verifyConsistency(n + 1, n, before, after, proof)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('asks for few nodes in a tree of 2^53 − 1 entries, and verifies with them', () => {
    const n = 2 ** 53 - 1;
    const hash = new Uint8Array(32).fill(7);
    for (const index of [0, 1, 2 ** 52, n - 1]) {
      const nodes = inclusionNodes(index, n);
      expect(nodes.length).toBeLessThan(2 * 53);
      const proof = inclusionFromNodes(
        index,
        n,
        nodes.map(() => hash),
      );
      expect(proof.length).toBeLessThanOrEqual(53);
      expect(verifyInclusionOfHash(hash, index, n, proof, hash)).toBe(false);
    }
    expect(consistencyNodes(2 ** 52 + 1, n).length).toBeLessThan(2 * 53);
    expect(rootNodes(n).length).toBe(53);
  });

  it('answers false for sizes and hashes that are none', () => {
    const hash = leaves[0] as Uint8Array;
    for (const bad of [-1, 0.5, NaN, Infinity, 2 ** 53, 2 ** 64]) {
      expect(verifyInclusionOfHash(hash, bad, 1, [], hash)).toBe(false);
      expect(verifyInclusionOfHash(hash, 0, bad, [], hash)).toBe(false);
      expect(verifyConsistency(bad, bad, hash, hash, [])).toBe(false);
      expect(verifyConsistency(1, bad, hash, hash, [hash])).toBe(false);
    }
    expect(verifyInclusionOfHash(hash, 0, 2, [new Uint8Array(31)], hash)).toBe(false);
    expect(verifyInclusionOfHash(hash, 0, 1, Array<Uint8Array>(10_000).fill(hash), hash)).toBe(
      false,
    );
  });

  it('extends the empty tree by anything, but only from its own root and without hashes', () => {
    expect(verifyConsistency(0, 5, emptyRoot, rootOf(5), [])).toBe(true);
    expect(verifyConsistency(0, 0, emptyRoot, emptyRoot, [])).toBe(true);
    expect(verifyConsistency(0, 5, rootOf(1), rootOf(5), [])).toBe(false);
    expect(verifyConsistency(0, 5, emptyRoot, rootOf(5), [rootOf(5)])).toBe(false);
  });

  it('does not take an inner node for an entry', () => {
    const [a, b] = [leaves[0] as Uint8Array, leaves[1] as Uint8Array];
    const inner = Buffer.concat([a, b]);
    expect(verifyInclusion(inner, 0, 1, [], nodeHash(a, b))).toBe(false);
  });

  it('throws when it is given other hashes than it asked for', () => {
    expect(() => rootFromNodes(3, [])).toThrow(InvariantError);
    expect(() => inclusionFromNodes(0, 4, [emptyRoot])).toThrow(InvariantError);
    expect(() => inclusionNodes(4, 4)).toThrow(InvariantError);
    expect(() => consistencyNodes(5, 4)).toThrow(InvariantError);
  });
});

type InclusionCase = {
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
  name: string;
};
type ConsistencyCase = {
  size1: number;
  size2: number;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
  name: string;
};
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));

describe.skipIf(!hasSharedVectors)(
  'RFC 6962 cases of transparency-dev/merkle (shared data)',
  () => {
    it('decides 98 inclusion cases', () => {
      const cases = JSON.parse(sharedVectorText('merkle-inclusion.json')) as InclusionCase[];
      expect(cases.length).toBe(98);
      for (const { name, leafHash: leaf, leafIdx, treeSize, proof, root, wantErr } of cases) {
        const hashes = (proof ?? []).map(bytesOf);
        const valid = verifyInclusionOfHash(
          bytesOf(leaf),
          leafIdx,
          treeSize,
          hashes,
          bytesOf(root),
        );
        expect(valid, name).toBe(!wantErr);
      }
    });

    it('decides 98 consistency cases', () => {
      const cases = JSON.parse(sharedVectorText('merkle-consistency.json')) as ConsistencyCase[];
      expect(cases.length).toBe(98);
      for (const { name, size1, size2, root1, root2, proof, wantErr } of cases) {
        const hashes = (proof ?? []).map(bytesOf);
        const valid = verifyConsistency(size1, size2, bytesOf(root1), bytesOf(root2), hashes);
        expect(valid, name).toBe(!wantErr);
      }
    });
  },
);

describeOnBoth('known trees', (record) => {
  const entries = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];

  /** Root, inclusion and consistency from leaf hashes through the module's own functions. */
  function treeOf(hashes: Uint8Array[], start = 0, known = new Map<string, Uint8Array>()) {
    const { nodeHash: join, ...merkle } = record();
    const at = ({ level, index }: NodeAddress): Uint8Array => {
      if (level === 0) return hashes[start + index] as Uint8Array;
      // A subtree starts at a multiple of its width, so that its nodes are nodes of the whole tree.
      const name = `${level} ${start + index * 2 ** level}`;
      const hash =
        known.get(name) ??
        join(
          at({ level: level - 1, index: 2 * index }),
          at({ level: level - 1, index: 2 * index + 1 }),
        );
      known.set(name, hash);
      return hash;
    };
    return {
      root: (n: number) => merkle.rootFromNodes(n, merkle.rootNodes(n).map(at)),
      inclusion: (i: number, n: number) =>
        merkle.inclusionFromNodes(i, n, merkle.inclusionNodes(i, n).map(at)),
      consistency: (m: number, n: number) =>
        merkle.consistencyFromNodes(m, n, merkle.consistencyNodes(m, n).map(at)),
    };
  }

  it('reproduces the reference tree of eight entries', () => {
    const tree = treeOf(entries.map((hex) => record().leafHash(Buffer.from(hex, 'hex'))));
    expect(roots.map((_, size) => hexOf(tree.root(size)))).toEqual(roots);
    expect(tree.inclusion(5, 8).map(hexOf)).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      roots[4],
    ]);
    expect(tree.consistency(6, 8).map(hexOf)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      roots[4],
    ]);
    expect(tree.consistency(2, 5).map(hexOf)).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ]);
    expect(hexOf(record().leafHash(record().encodeText('L123456')))).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    );
    // Nodes of other lengths occur in that vector only.
    const preimage = record().encodeText('\u0001N123N456');
    expect(hexOf(record().sha256(preimage))).toBe(
      'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb',
    );
  });

  it('reproduces the roots of golang.org/x/mod for 300 entries', () => {
    const tree = treeOf(
      Array.from({ length: 300 }, (_, i) => record().leafHash(Uint8Array.of(i & 255, i >> 8))),
    );
    expect(hexOf(tree.root(1))).toMatch(/^709e80c8/);
    expect(hexOf(tree.root(255))).toBe(
      '4a676cb8a52a8a8777457da3c85d8ce899db744e10b93c308a97c0a30238fe2d',
    );
    expect(hexOf(tree.root(256))).toBe(
      'a85234b7fb59d4c74e620c8fa4fcc7162655c3cea4a12717cbdab7154e5c6ac0',
    );
    expect(hexOf(tree.root(257))).toBe(
      'bbcc5331a488859f46f9a4abcaa2a9dc0f3399693cb66c34eb2c742ccf16d056',
    );
    expect(hexOf(tree.root(300))).toBe(
      '04d7dcf29ad8ecfeb8dad4a8cf9d19c3d4de6f292adde9033311dae76b456f63',
    );
  });

  it('reproduces the accumulated roots and consistency proofs of 130 one-byte entries', () => {
    const tree = treeOf(Array.from({ length: 130 }, (_, i) => record().leafHash(Uint8Array.of(i))));
    let rootLines = '';
    let proofLines = '';
    for (let n = 0; n <= 130; n++) {
      rootLines += `${n} ${hexOf(tree.root(n))}\n`;
      for (let m = 0; m <= n; m++) {
        proofLines += `${[m, n, ...tree.consistency(m, n).map(hexOf)].join(' ')}\n`;
      }
    }
    expect(record().sha256Hex(record().encodeText(rootLines))).toBe(
      '9c67f07f906103b6bf201842a50ff0b8c91fca9b3e211334a6b7aa3133165dec',
    );
    expect(record().sha256Hex(record().encodeText(proofLines))).toBe(
      'ab73a7715fa529728307753a8e31acba5ebca4226b2496e6327b502533a59c7c',
    );
  });

  it('reproduces the accumulated subtree vectors of draft-ietf-plants-merkle-tree-certs', () => {
    const hashes = Array.from({ length: 130 }, (_, i) => record().leafHash(Uint8Array.of(i)));
    const isSubtree = (start: number, end: number) =>
      start === 0 || start === end || start % 2 ** Math.ceil(Math.log2(end - start)) === 0;
    const known = new Map<string, Uint8Array>();
    let hashLines = '';
    let inclusionLines = '';
    for (let end = 0; end <= 130; end++) {
      for (let start = 0; start <= end; start++) {
        if (!isSubtree(start, end)) continue;
        const tree = treeOf(hashes, start, known);
        hashLines += `[${start}, ${end}) ${hexOf(tree.root(end - start))}\n`;
        for (let index = start; index < end; index++) {
          const proof = tree.inclusion(index - start, end - start).map(hexOf);
          inclusionLines += `${[`${index} [${start}, ${end})`, ...proof].join(' ')}\n`;
        }
      }
    }
    expect(record().sha256Hex(record().encodeText(hashLines))).toBe(
      'b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81',
    );
    expect(record().sha256Hex(record().encodeText(inclusionLines))).toBe(
      'ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f',
    );
  });
});
