/** A log in memory: what the node keeps in tables, for proofs to be checked by other programs. */
import {
  consistencyFromNodes,
  consistencyNodes,
  encodeEntryBundle,
  inclusionFromNodes,
  inclusionNodes,
  leafHash,
  nodeHash,
  rootFromNodes,
  rootNodes,
  tilePath,
  tilesForSize,
  type NodeAddress,
} from '@comity/record';

export class MemoryLog {
  readonly entries: Uint8Array[] = [];
  readonly #levels: Uint8Array[][] = [[]];

  append(entry: Uint8Array): void {
    this.entries.push(entry);
    let hash = leafHash(entry);
    for (let level = 0; ; level++) {
      const row = (this.#levels[level] ??= []);
      row.push(hash);
      if (row.length % 2 === 1) return;
      hash = nodeHash(this.#node({ level, index: row.length - 2 }), hash);
    }
  }

  root(size: number): Uint8Array {
    return rootFromNodes(size, this.#nodes(rootNodes(size)));
  }

  inclusion(index: number, size: number): Uint8Array[] {
    return inclusionFromNodes(index, size, this.#nodes(inclusionNodes(index, size)));
  }

  consistency(from: number, to: number): Uint8Array[] {
    return consistencyFromNodes(from, to, this.#nodes(consistencyNodes(from, to)));
  }

  /** Every file that a log of this size serves below its prefix, but the checkpoint. */
  *files(size: number): Generator<{ path: string; bytes: Uint8Array }> {
    for (const tile of tilesForSize(0, size)) {
      const first = tile.index * 256;
      const hashes = this.#levels[tile.level * 8]?.slice(first, first + tile.width) ?? [];
      yield { path: tilePath(tile), bytes: Buffer.concat(hashes) };
      if (tile.level > 0) continue;
      const bundle = encodeEntryBundle(this.entries.slice(first, first + tile.width));
      yield { path: tilePath({ ...tile, level: 'entries' }), bytes: bundle };
    }
  }

  #nodes(addresses: NodeAddress[]): Uint8Array[] {
    return addresses.map((address) => this.#node(address));
  }

  #node({ level, index }: NodeAddress): Uint8Array {
    const hash = this.#levels[level]?.[index];
    if (hash === undefined) throw new Error(`no node ${String(level)}/${String(index)}`);
    return hash;
  }
}
