/** Fan-out of what happens in the node to whoever listens (server-sent events, the world, tests). */
import type { NodeEvent, Notify } from '../context.ts';

export interface EventHub {
  notify: Notify;
  /** Returns "stop". A listener that throws is dropped. */
  subscribe(listener: (event: NodeEvent) => void): () => void;
}

export const listenersMax = 200;

export function createEventHub(): EventHub {
  const listeners = new Set<(event: NodeEvent) => void>();
  return {
    notify: (event) => {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch {
          listeners.delete(listener);
        }
      }
    },
    subscribe: (listener) => {
      if (listeners.size < listenersMax) listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
