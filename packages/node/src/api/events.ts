/** Fan-out of what happens in the node to whoever listens (server-sent events, the world, tests). */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { NodeEvent, Notify } from '../context.ts';

export interface EventHub {
  notify: Notify;
  /** Returns "stop". A listener that throws is dropped. */
  subscribe(listener: (event: NodeEvent) => void): () => void;
}

export const listenersMax = 200;

export function createEventHub(): EventHub {
  const listeners = new Set<(event: NodeEvent) => void>();
  // Events come from inside transactions too; what a listener starts is no part of them.
  const outside = AsyncLocalStorage.snapshot();
  return {
    notify: (event) => {
      for (const listener of listeners) {
        try {
          outside(listener, event);
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
