/** The order in which acts are read. It decides display only (accord.md, opening). */
import type { DocketState } from './fold/state.ts';

/** Again and again the smallest id whose parents are all taken; O(n log n). */
export function displayOrder({ acts }: Pick<DocketState, 'acts'>): string[] {
  const children = new Map<string, string[]>();
  const left = new Map<string, number>();
  const ready = new SmallestFirst();
  for (const [id, { parents }] of Object.entries(acts)) {
    const present = parents.filter((parent) => Object.hasOwn(acts, parent));
    left.set(id, present.length);
    if (present.length === 0) ready.add(id);
    for (const parent of present) {
      const known = children.get(parent);
      if (known === undefined) children.set(parent, [id]);
      else known.push(id);
    }
  }
  const order: string[] = [];
  for (let id = ready.take(); id !== undefined; id = ready.take()) {
    order.push(id);
    for (const child of children.get(id) ?? []) {
      const open = (left.get(child) ?? 0) - 1;
      left.set(child, open);
      if (open === 0) ready.add(child);
    }
  }
  return order;
}

/** A binary heap of ids. */
class SmallestFirst {
  readonly #heap: string[] = [];

  add(id: string): void {
    const heap = this.#heap;
    let at = heap.push(id) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = heap[parent] as string;
      if (other <= id) break;
      heap[at] = other;
      at = parent;
    }
    heap[at] = id;
  }

  take(): string | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right < (heap[child] as string)) child += 1;
      const smaller = heap[child] as string;
      if (smaller >= last) break;
      heap[at] = smaller;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
