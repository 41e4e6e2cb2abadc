/**
 * One pouch at a time per statement. Two pouches that carry the same statement may arrive together
 * (a retry, two routes); the second waits until the first has logged it and then finds a duplicate.
 */
export interface IdLocks {
  /** Runs `work` while no other work holds any of these ids. */
  hold<T>(ids: readonly string[], work: () => Promise<T>): Promise<T>;
}

/** Locks of one node. All ids are taken together or none, so there is no deadlock. */
export function makeIdLocks(): IdLocks {
  const held = new Map<string, Promise<undefined>>();
  return {
    async hold(ids, work) {
      for (;;) {
        const other = ids.map((id) => held.get(id)).find((each) => each !== undefined);
        if (other === undefined) break;
        await other;
      }
      const { promise, resolve } = Promise.withResolvers<undefined>();
      for (const id of ids) held.set(id, promise);
      try {
        return await work();
      } finally {
        for (const id of ids) held.delete(id);
        resolve(undefined);
      }
    },
  };
}
