/**
 * Two token buckets per counterpart: one for ordinary statements, and a reserve for flash, signals
 * and channel.*, so that a flood can never close the hotline (protocol.md, Intake).
 */
import type { Clock } from '../context.ts';
import type { RateTerms } from './deps.ts';

export interface RateLimits {
  /** Takes one token; false when there is none left. The reserve falls back on nothing. */
  allow(party: string, reserve: boolean): boolean;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets live in memory: after a start they are full. */
export function makeRateLimits(terms: RateTerms, clock: Pick<Clock, 'nowMs'>): RateLimits {
  const buckets = new Map<string, Bucket>();
  return {
    allow(party, reserve) {
      const burst = reserve ? terms.reserveBurst : terms.burst;
      const perSecond = reserve ? terms.reservePerSecond : terms.perSecond;
      const key = `${reserve ? 'reserve' : 'ordinary'} ${party}`;
      const now = clock.nowMs();
      const bucket = buckets.get(key) ?? { tokens: burst, atMs: now };
      // A clock that steps back refills nothing.
      const passed = Math.max(0, now - bucket.atMs) / 1000;
      const tokens = Math.min(burst, bucket.tokens + passed * perSecond);
      const allowed = tokens >= 1;
      buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, atMs: now });
      return allowed;
    },
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
