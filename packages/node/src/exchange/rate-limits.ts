/**
 * Token buckets per counterpart: one for ordinary statements, and a reserve for flash, signals and
 * channel.*, so that a flood can never close the hotline (protocol.md, Intake); and the same two
 * again for the refusals that a counterpart makes us sign.
 */
import type { Clock } from '../context.ts';
import type { RateTerms } from './deps.ts';

export interface RateLimits {
  /** Takes one token; false when there is none left. The reserve falls back on nothing. */
  allow(party: string, reserve: boolean): boolean;
  /**
   * The same for one refusal. Where there is none left it is counted as `refusal-held-back`: what is
   * not refused is not covered, so that its sender sends it again and gets the refusal then.
   */
  allowRefusal(party: string, reserve: boolean): boolean;
  /** What was held back, by reason. */
  counters(): ReadonlyMap<string, number>;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets live in memory: after a start they are full. */
export function makeRateLimits(terms: RateTerms, clock: Pick<Clock, 'nowMs'>): RateLimits {
  const buckets = new Map<string, Bucket>();
  const counters = new Map<string, number>();
  const take = (key: string, burst: number, perSecond: number): boolean => {
    const now = clock.nowMs();
    const bucket = buckets.get(key) ?? { tokens: burst, atMs: now };
    // A clock that steps back refills nothing.
    const passed = Math.max(0, now - bucket.atMs) / 1000;
    const tokens = Math.min(burst, bucket.tokens + passed * perSecond);
    const allowed = tokens >= 1;
    buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, atMs: now });
    return allowed;
  };
  return {
    allow(party, reserve) {
      if (reserve) return take(`reserve ${party}`, terms.reserveBurst, terms.reservePerSecond);
      return take(`ordinary ${party}`, terms.burst, terms.perSecond);
    },
    allowRefusal(party, reserve) {
      const key = `refusal ${reserve ? 'reserve' : 'ordinary'} ${party}`;
      if (take(key, terms.refusalBurst, terms.refusalPerSecond)) return true;
      counters.set('refusal-held-back', (counters.get('refusal-held-back') ?? 0) + 1);
      return false;
    },
    counters: () => counters,
  };
}

/** True at most once in so many milliseconds for each party; what comes in between is dropped. */
export function makePace(clock: Pick<Clock, 'nowMs'>, everyMs: number): (party: string) => boolean {
  const last = new Map<string, number>();
  return (party) => {
    const now = clock.nowMs();
    const before = last.get(party);
    // A clock that steps back must not silence anybody.
    if (before !== undefined && now >= before && now - before < everyMs) return false;
    last.set(party, now);
    return true;
  };
}
