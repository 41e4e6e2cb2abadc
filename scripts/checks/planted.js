/** Small trees with planted violations, in a temporary folder, for the proofs that checks can fail. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../right-node.js';

const sharedTypeScript = {
  extends: './tsconfig.base.json',
  include: ['packages/*/src/**/*.ts', 'packages/*/test/**/*.ts'],
};

/** Writes `files` (path to text), links our dependencies, runs `work(folder)`, removes all. */
export async function inPlantedTree(files, work) {
  const folder = mkdtempSync(join(tmpdir(), 'comity-planted-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    plant(folder, files);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same with workspace links of its own, so that `@comity/accord` is the planted one. */
export async function inPlantedWorkspace(files, packages, work) {
  const folder = mkdtempSync(join(tmpdir(), 'comity-planted-'));
  try {
    mkdirSync(join(folder, 'node_modules', '@comity'), { recursive: true });
    for (const name of packages) {
      const own = { name: `@comity/${name}`, type: 'module', exports: { '.': './src/index.ts' } };
      plant(folder, { [`packages/${name}/package.json`]: JSON.stringify(own) });
      symlinkSync(join(folder, 'packages', name), join(folder, 'node_modules', '@comity', name));
    }
    plant(folder, files);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A tsconfig.json for a planted tree: our compiler options, its files. */
export function plantedTypeScript(baseText) {
  return {
    'tsconfig.base.json': baseText,
    'tsconfig.json': JSON.stringify(sharedTypeScript),
  };
}

function plant(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  }
}
