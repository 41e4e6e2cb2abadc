/** Arrows: who may import whom (.dependency-cruiser.cjs), and no cycles. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedWorkspace } from './planted.js';
import { runTool } from './run-tool.js';

const cruised = /^packages\/[^/]+\/(src|bin|test)\/.*\.(ts|js)$/;

/** A tree in which every forbidden arrow is there once. */
const violations = {
  'tsconfig.json':
    '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true, "noEmit": true } }',
  'packages/record/src/index.ts':
    "export { a } from './a.ts';\nimport type { B } from '@comity/accord';\nexport type C = B;\n",
  'packages/record/src/a.ts': "import { b } from './b.ts';\nexport const a = (): unknown => b;\n",
  'packages/record/src/b.ts': "import { a } from './a.ts';\nexport const b = (): unknown => a;\n",
  'packages/accord/src/index.ts':
    "import { readFileSync } from 'node:fs';\nimport '@comity/node';\nexport type B = typeof readFileSync;\n",
  'packages/node/src/index.ts':
    "import '../../world/src/deep.ts';\nimport '@comity/interop';\nexport {};\n",
  'packages/interop/src/index.ts': "import '@comity/node';\nexport {};\n",
  'packages/world/src/index.ts': 'export {};\n',
  'packages/world/src/deep.ts': "import './missing.ts';\nimport '../test/made.ts';\nexport {};\n",
  'packages/world/test/made.ts': 'export {};\n',
};
const expectedRules = [
  'record-imports-only-itself',
  'accord-imports-only-record',
  'node-imports-only-record-accord',
  'interop-imports-only-record-accord',
  'no-cycles',
  'only-the-index-of-another-package',
  'src-never-imports-tests',
  'record-and-accord-touch-nothing-outside',
  'nothing-unresolved',
];

export const arrows = {
  name: 'arrows',
  run(folder = root) {
    const { out, err } = runTool(
      'dependency-cruiser',
      'bin/dependency-cruiser.mjs',
      ['packages', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
      folder,
    );
    const expected = filesUnder(folder, cruised).length;
    if (!out.startsWith('{'))
      return { problems: [err.trim()], rules: new Set(), seen: 0, expected };
    const { modules, summary } = JSON.parse(out);
    return {
      problems: summary.violations.map(({ rule, from, to }) => `${from} -> ${to} (${rule.name})`),
      rules: new Set(summary.violations.map(({ rule }) => rule.name)),
      // Modules that are only named by an import are not files that were read.
      seen: modules.filter(({ source }) => cruised.test(source)).length,
      expected,
    };
  },
  async proof() {
    const packages = ['record', 'accord', 'node', 'interop', 'world'];
    return inPlantedWorkspace(violations, packages, (folder) => {
      copyFileSync(join(root, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'));
      const { rules } = arrows.run(folder);
      return expectedRules.filter((rule) => !rules.has(rule)).map((rule) => `${rule} never spoke`);
    });
  },
};
