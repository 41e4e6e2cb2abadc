/**
 * `node scripts/pack.js NAME… --out DIR [--bundle]`: packs workspaces for installing elsewhere.
 *
 * In the tree packages run by type stripping, which Node.js refuses under node_modules. Packing
 * compiles src to dist (JavaScript and declarations) and points `exports` and `imports` at it.
 * With `--bundle` the tarball carries its dependencies too, for machines without a network.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runTool } from './checks/run-tool.js';
import { root, runOnRightNode } from './right-node.js';

runOnRightNode();

const usage = 'usage: node scripts/pack.js NAME… --out DIR [--bundle]';
const names = process.argv.slice(2).filter((argument) => argument !== '--bundle');
const bundle = process.argv.includes('--bundle');
const at = names.indexOf('--out');
const out = at === -1 ? undefined : names.splice(at, 2)[1];
if (out === undefined || names.length === 0) {
  console.error(usage);
  process.exit(2);
}
mkdirSync(out, { recursive: true });
for (const name of names) console.log(packPackage(name, resolve(out)));

/** Returns the path of the tarball. */
function packPackage(name, folder) {
  const source = join(root, 'packages', name);
  if (!existsSync(source)) throw new Error(`there is no package ${name}`);
  const stage = mkdtempSync(join(tmpdir(), 'comity-pack-'));
  try {
    compile(source, stage);
    writeFileSync(join(stage, 'package.json'), packedManifest(source));
    cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
    if (existsSync(join(source, 'README.md'))) {
      cpSync(join(source, 'README.md'), join(stage, 'README.md'));
    }
    if (bundle) bundleDependencies(stage);
    return pack(stage, folder);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function compile(source, stage) {
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      rewriteRelativeImportExtensions: true,
      declaration: true,
      rootDir: join(source, 'src'),
      outDir: join(stage, 'dist'),
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    include: [join(source, 'src', '**', '*.ts')],
  };
  writeFileSync(join(stage, 'tsconfig.json'), JSON.stringify(config));
  const { status, out: output, err } = runTool('typescript', 'bin/tsc', ['-b', stage], root);
  rmSync(join(stage, 'tsconfig.json'));
  if (status !== 0) throw new Error(`${source} does not compile:\n${output}${err}`);
}

function packedManifest(source) {
  const { private: _private, ...manifest } = JSON.parse(
    readFileSync(join(source, 'package.json'), 'utf8'),
  );
  const toDist = (path) => path.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '.js');
  const exports = Object.entries(manifest.exports ?? {}).map(([key, path]) => [
    key,
    { types: toDist(path).replace(/\.js$/, '.d.ts'), default: toDist(path) },
  ]);
  const imports = Object.entries(manifest.imports ?? {}).map(([key, conditions]) => [
    key,
    Object.fromEntries(Object.entries(conditions).map(([when, path]) => [when, toDist(path)])),
  ]);
  return JSON.stringify(
    {
      ...manifest,
      exports: Object.fromEntries(exports),
      ...(imports.length > 0 ? { imports: Object.fromEntries(imports) } : {}),
      files: ['dist'],
    },
    null,
    2,
  );
}

/** Copies what is installed here, at the places where it is installed here. */
function bundleDependencies(stage) {
  const path = join(stage, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const copied = new Set();
  const copy = (name) => {
    if (copied.has(name)) return;
    copied.add(name);
    const from = join(root, 'node_modules', name);
    if (name.startsWith('@comity/')) throw new Error(`${name} must be packed apart`);
    cpSync(from, join(stage, 'node_modules', name), { recursive: true, dereference: true });
    const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    for (const further of Object.keys(dependencies)) {
      if (!existsSync(join(from, 'node_modules', further))) copy(further);
    }
  };
  for (const name of Object.keys(manifest.dependencies ?? {})) copy(name);
  manifest.bundleDependencies = Object.keys(manifest.dependencies ?? {});
  writeFileSync(path, JSON.stringify(manifest, null, 2));
}

function pack(stage, folder) {
  const run = spawnSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: stage,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  if (run.status !== 0) throw new Error(`npm pack failed:\n${run.stderr}`);
  // npm before version 12 prints a list, later ones a map by package name.
  const [made] = Object.values(JSON.parse(run.stdout));
  return join(folder, made.filename);
}
