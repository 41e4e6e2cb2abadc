import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: ['**/*.slow.test.ts', '**/node_modules/**'],
    globalSetup: ['packages/node/test/postgres-server.ts'],
    setupFiles: ['scripts/vitest-setup.js'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most tests wait for real processes and disks; with one worker on two cores they wait in a row.
    maxWorkers: 2,
  },
});
