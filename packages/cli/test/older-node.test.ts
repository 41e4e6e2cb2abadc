/** Started with an older Node.js, the command goes on under the one that npm brought. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../bin/comity.js', import.meta.url));
const older = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((path) => existsSync(path) && major(path) < 24);

function major(path: string): number {
  return Number(
    /^v(\d+)/u.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1] ?? 99,
  );
}

it.skipIf(older === undefined)('runs under Node.js 24 (needs an older one on the PATH)', () => {
  const ran = spawnSync(older ?? '', [script, 'doctor', '--json'], { encoding: 'utf8' });
  expect([ran.status, JSON.parse(ran.stdout)]).toMatchObject([0, { ok: true }]);
});

it.skipIf(older === undefined)('says what to do where there is none (needs an older one)', () => {
  // The mark of a second start stands for an optional package that is itself too old.
  const environment = { ...process.env, COMITY_REEXECUTED: '1' };
  const ran = spawnSync(older ?? '', [script, 'doctor'], { encoding: 'utf8', env: environment });
  expect([ran.status, ran.stdout]).toEqual([70, '']);
  expect(ran.stderr).toContain('npm ci');
});
