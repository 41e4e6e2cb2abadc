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
  },
});
