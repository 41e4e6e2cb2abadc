/** Packed, installed elsewhere without a network, `record` verifies a bundle from plain JavaScript. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBundle } from '../src/index.ts';
import { testDocket } from './test-docket.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'comity-installed-'));
/** npm run by this Node.js, with a cache that is empty: nothing can come from anywhere else. */
const environment = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
  npm_config_cache: join(place, 'cache'),
};

const program = `
import { readFileSync } from 'node:fs';
import { verifyBundle } from '@comity/record';
const [file, ...trust] = process.argv.slice(2);
const meaning = {
  levelOf: (kind) => (kind.startsWith('allegation.') ? 'solemn' : kind === 'channel.test' ? 'automatic' : 'duty'),
  opens: (kind) => kind === 'allegation.raise',
  unanswered: () => [],
  refused: () => [],
};
const { verdict } = verifyBundle(new Uint8Array(readFileSync(file)), { trust, meaning });
console.log(verdict);
`;

beforeAll(() => {
  const pack = [join(root, 'scripts', 'pack.js'), 'record', '--bundle', '--out', place];
  execFileSync(process.execPath, pack, { env: environment });
  writeFileSync(join(place, 'package.json'), '{ "private": true, "type": "module" }');
  const tarball = readdirSync(place).find((name) => name.endsWith('.tgz')) ?? '';
  const install = ['install', '--offline', '--no-audit', '--no-fund', join(place, tarball)];
  execFileSync('npm', install, { cwd: place, env: environment });
  writeFileSync(join(place, 'verify.js'), program);
});

afterAll(() => {
  rmSync(place, { recursive: true, force: true });
});

const run = (...given: string[]): string => {
  const ended = spawnSync(process.execPath, ['verify.js', ...given], { cwd: place });
  return `${ended.stdout.toString()}${ended.stderr.toString()}`.trim();
};

describe('the packed package', () => {
  it('verifies a bundle, and finds a changed byte', async () => {
    const { bundle, north, south } = await testDocket();
    const bytes = writeBundle(bundle);
    writeFileSync(join(place, 'docket.bundle'), bytes);
    expect(run('docket.bundle', north.id, south.id)).toBe('valid');
    expect(run('docket.bundle')).toBe('untrusted');
    const changed = Buffer.from(bytes);
    changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
    writeFileSync(join(place, 'changed.bundle'), changed);
    expect(run('changed.bundle', north.id, south.id)).toBe('invalid');
  });

  it('holds JavaScript and declarations, no sources, and points at them', () => {
    const installed = join(place, 'node_modules', '@comity', 'record');
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(manifest.exports).toEqual({
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    });
    expect(manifest.imports['#primitives']).toEqual({
      node: './dist/primitives/native.js',
      default: './dist/primitives/portable.js',
    });
    const names = readdirSync(installed, { recursive: true }).map(String);
    const own = names.filter((name) => !name.startsWith('node_modules'));
    expect(own.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
    expect(own).toContain(join('dist', 'verify.js'));
  });

  it('its portable primitives, which browsers take, load too', () => {
    const ask =
      "import('./node_modules/@comity/record/dist/primitives/portable.js')" +
      '.then((m) => console.log(m.sha256Hex(new Uint8Array())));';
    const ended = spawnSync(process.execPath, ['-e', ask], { cwd: place });
    expect(ended.stdout.toString().trim()).toMatch(/^e3b0c442/);
  });
});
