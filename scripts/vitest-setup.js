/** Loaded by vitest before each test file: one seed for all property tests of a run. */
import { configureGlobal } from 'fast-check';

const seed = Number(process.env.COMITY_SEED);
if (Number.isInteger(seed) && seed > 0) {
  configureGlobal({ seed, ...(process.env.SLOW === '1' ? { numRuns: 1_000 } : {}) });
}
