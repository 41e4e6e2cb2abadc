/**
 * Arrows between the packages go one way (engineering.md, "The house"):
 *
 *   record <- accord <- node <- cli;  interop -> record, accord;  world <- cli, tests, bench.
 *
 * A workspace link resolves to its real path, so an import through it is seen here.
 */
const mayImport = {
  record: [],
  accord: ['record'],
  interop: ['record', 'accord'],
  node: ['record', 'accord'],
  world: ['record', 'accord', 'node', 'interop'],
  cli: ['record', 'accord', 'node', 'interop', 'world'],
};

const arrows = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-imports-only-${allowed.length === 0 ? 'itself' : allowed.join('-')}`,
  severity: 'error',
  from: { path: `^packages/${name}/(src|bin)/` },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'only-the-index-of-another-package',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/[^/]+/', pathNot: '^packages/($1/|[^/]+/src/index\\.ts$)' },
    },
    {
      name: 'src-never-imports-tests',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^(packages/[^/]+/test|bench)/' },
    },
    {
      name: 'record-and-accord-touch-nothing-outside',
      comment: 'No I/O, no clock, no randomness. Native primitives are the one way to node:crypto.',
      severity: 'error',
      from: {
        path: '^packages/(record|accord|interop)/src/',
        pathNot: '/src/primitives/native\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: true,
    preserveSymlinks: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.cjs', '.json'],
    },
  },
};
