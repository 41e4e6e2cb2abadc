/** Places that are taken for a while: so many altogether, so many by one holder. */
export interface Slots {
  /** A place for this holder, as what gives it back; null where none is free for it. */
  take(holder: string): (() => void) | null;
}

/** Remembers a holder only while it has a place. */
export function makeSlots(most: number, mostPerHolder: number): Slots {
  const held = new Map<string, number>();
  let all = 0;
  return {
    take(holder) {
      const count = held.get(holder) ?? 0;
      if (all >= most || count >= mostPerHolder) return null;
      all += 1;
      held.set(holder, count + 1);
      return () => {
        all -= 1;
        const left = (held.get(holder) ?? 1) - 1;
        if (left === 0) held.delete(holder);
        else held.set(holder, left);
      };
    },
  };
}

/**
 * Who is behind the address of a connection: an IPv4 address, or the network of 64 bits of an IPv6
 * one, since whoever has one address of it has them all.
 */
export function holderOfAddress(address: string): string {
  const [bare = ''] = address.split('%');
  const [mapped] = /\d+\.\d+\.\d+\.\d+$/.exec(bare) ?? [];
  if (mapped !== undefined) return mapped;
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [front = '', back = ''] = bare.split('::');
  const [head, tail] = [groups(front), groups(back)];
  const left = Math.max(0, 8 - head.length - tail.length);
  return [...head, ...Array<string>(left).fill('0'), ...tail].slice(0, 4).join(':');
}
