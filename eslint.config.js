/**
 * Lint rules of the whole tree (engineering.md, "Style"): type-aware and strict, few exceptions.
 *
 * `configFor` takes the folder so that the check can prove on a planted tree that it can fail.
 */
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const sources = ['packages/*/src/**/*.ts', 'packages/*/scripts/**/*.ts', 'peers/**/*.ts'];
const tests = ['packages/*/test/**/*.ts', 'bench/**/*.ts', 'vitest.config.ts'];
const plain = ['scripts/**/*.js', 'packages/*/bin/**/*.js', '*.js', '*.cjs', 'spec/**/*.js'];

/** Tables that a script generates; they are long because what they hold is long. */
const generated = ['packages/record/src/unicode16.ts'];

const relativeWithoutExtension = '/^\\.{1,2}\\u002F(?!.*\\.(ts|js|json|mjs|cjs)$)/';

const explicitImports = [
  {
    selector: `ImportDeclaration[source.value=${relativeWithoutExtension}]`,
    message: 'Name the file with its extension.',
  },
  {
    selector: `ExportNamedDeclaration[source.value=${relativeWithoutExtension}]`,
    message: 'Name the file with its extension.',
  },
  {
    selector: `ImportExpression > Literal[value=${relativeWithoutExtension}]`,
    message: 'Name the file with its extension.',
  },
  {
    selector: 'ExportAllDeclaration',
    message: 'Name every export: a star hides what is missing.',
  },
];

const shape = {
  'max-lines': ['error', { max: 400 }],
  'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
  'no-restricted-syntax': ['error', ...explicitImports],
  'no-restricted-imports': [
    'error',
    { patterns: [{ group: ['@comity/*/*'], message: 'Import a package by its index.' }] },
  ],
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-var': 'error',
  'prefer-const': 'error',
  'no-console': 'off',
};

const typeAware = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { considerDefaultExhaustiveForUnions: true },
  ],
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  '@typescript-eslint/no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
  ],
  '@typescript-eslint/no-unnecessary-type-parameters': 'off',
  // Numbers in messages are meant; objects and nullables are not.
  '@typescript-eslint/restrict-template-expressions': [
    'error',
    { allowNumber: true, allowBoolean: true },
  ],
  // Total functions over closed unions keep a branch that types call unreachable.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  '@typescript-eslint/no-confusing-void-expression': [
    'error',
    { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
  ],
  '@typescript-eslint/no-meaningless-void-operator': 'off',
  // Our interfaces are records of closures: nothing in them is lost with `this`.
  '@typescript-eslint/unbound-method': 'off',
  // What a database driver gives is not always what the column's type says.
  '@typescript-eslint/no-unnecessary-type-conversion': 'off',
  // An interface is implemented by async functions that need not wait for anything.
  '@typescript-eslint/require-await': 'off',
};

/** Scenarios read top to bottom; their length is what happens in them. */
const inTests = {
  'max-lines-per-function': 'off',
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/no-unsafe-assignment': 'off',
  '@typescript-eslint/no-unsafe-member-access': 'off',
  '@typescript-eslint/no-unsafe-argument': 'off',
};

/** The configuration for a tree at `folder`; every linted file must be in its tsconfig.json. */
export function configFor(folder) {
  const parsed = {
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json'], tsconfigRootDir: folder },
    },
  };
  return defineConfig(
    { ignores: ['**/node_modules/**', '**/dist/**', '.cache/**', 'coverage/**'] },
    { linterOptions: { reportUnusedDisableDirectives: 'error' } },
    {
      files: [...sources, ...tests],
      extends: [tseslint.configs.strictTypeChecked],
      ...parsed,
      rules: { ...shape, ...typeAware },
    },
    { files: tests, rules: inTests },
    { files: plain, extends: [tseslint.configs.base], rules: shape },
    { files: generated, rules: { 'max-lines': 'off' } },
  );
}

export default configFor(import.meta.dirname);
