/** The slow tier: *.slow.test.ts, one file at a time, with time to spare in each. */
import { defineConfig } from 'vitest/config';
import { root } from './right-node.js';

export default defineConfig({
  test: {
    root,
    include: ['packages/*/test/**/*.slow.test.ts', 'bench/**/*.slow.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['packages/node/test/postgres-server.ts'],
    setupFiles: ['scripts/vitest-setup.js'],
    testTimeout: 10 * 60_000,
    hookTimeout: 5 * 60_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
