/** Lint: eslint.config.js, type-aware. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { configFor } from '../../eslint.config.js';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree, plantedTypeScript } from './planted.js';

const linted =
  /^((packages\/[^/]+\/(src|test|scripts)|bench|peers)\/.*\.ts|(scripts|packages\/[^/]+\/bin)\/.*\.js|[^/]+\.(js|cjs|ts))$/;

/** One violation for each rule that the house relies on. */
const violations = {
  'packages/record/src/promise.ts':
    'export async function later(): Promise<void> {\n  await Promise.resolve();\n}\nlater();\n',
  'packages/record/src/any.ts': 'export const anything: any = 1;\n',
  'packages/record/src/switch.ts':
    "export function word(state: 'met' | 'late'): string {\n  switch (state) {\n" +
    "    case 'met':\n      return 'met';\n  }\n  return '';\n}\n",
  'packages/record/src/long.ts': 'export const one = 1;\n'.padEnd(450, '\n'),
  'packages/record/src/long-function.ts': `export function long(): number {\n  let sum = 0;\n${'  sum += 1;\n'.repeat(72)}  return sum;\n}\n`,
  'packages/record/src/extension.ts': "export { one } from './long';\n",
  'packages/record/src/deep.ts': "import '@comity/accord/src/fold.ts';\n",
};
const expectedRules = [
  '@typescript-eslint/no-floating-promises',
  '@typescript-eslint/no-explicit-any',
  '@typescript-eslint/switch-exhaustiveness-check',
  'max-lines',
  'max-lines-per-function',
  'no-restricted-syntax',
  'no-restricted-imports',
];

export const lint = {
  name: 'lint',
  async run(folder = root) {
    const eslint = new ESLint({
      cwd: folder,
      overrideConfigFile: true,
      overrideConfig: configFor(folder),
      errorOnUnmatchedPattern: false,
    });
    const files = filesUnder(folder, linted);
    const results = await eslint.lintFiles(files);
    const problems = results.flatMap((result) =>
      result.messages.map((message) => ({
        rule: message.ruleId ?? 'parse',
        text: `${result.filePath.slice(folder.length + 1)}:${message.line ?? 0} ${message.message} (${message.ruleId ?? 'parse'})`,
      })),
    );
    const rules = new Set(problems.map(({ rule }) => rule));
    return {
      problems: problems.map(({ text }) => text),
      rules,
      seen: results.length,
      expected: files.length,
    };
  },
  async proof() {
    const files = {
      ...plantedTypeScript(readFileSync(join(root, 'tsconfig.json'), 'utf8')),
      ...violations,
    };
    return inPlantedTree(files, async (folder) => {
      const { rules } = await lint.run(folder);
      return expectedRules.filter((rule) => !rules.has(rule)).map((rule) => `${rule} never spoke`);
    });
  },
};
