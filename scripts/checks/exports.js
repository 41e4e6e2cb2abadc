/**
 * Dead exports: a value that is exported and imported nowhere. One that an index lists for other
 * people, and that its own file uses, is alive; listing alone keeps nothing alive.
 *
 * Types are left out: an exported type is often there so that a caller can name what it was given.
 * What tests import counts as used; the public lists are pinned by packages/<name>/test/index.test.ts.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree } from './planted.js';

const read = /^(packages|bench|scripts|peers|spec)\/.*\.(ts|js)$/;
const mayExport = /^packages\/[^/]+\/src\/.*\.ts$/;
const isIndex = (path) => /^packages\/[^/]+\/src\/index\.ts$/.test(path);

export const deadExports = {
  name: 'dead exports',
  run(folder = root) {
    const files = filesUnder(folder, read);
    const modules = new Map(files.map((path) => [path, readModule(folder, path)]));
    const used = usedNames(modules, packageNames(folder));
    const problems = [];
    const published = publishedNames(modules);
    for (const [path, { exported, text }] of modules) {
      if (!mayExport.test(path) || isIndex(path)) continue;
      for (const name of exported) {
        if (used.has(`${path}#${name}`) || used.has(`${path}#*`)) continue;
        if (published.has(`${path}#${name}`) && timesIn(text, name) > 1) continue;
        problems.push(`${path}: ${name} is imported nowhere`);
      }
    }
    return { problems, seen: modules.size, expected: files.length };
  },
  async proof() {
    const files = {
      'packages/record/package.json': '{ "name": "@comity/record" }',
      'packages/record/src/index.ts':
        "export { alive, listed, inside, renamed as other } from './a.ts';\n",
      'packages/record/src/a.ts':
        'export const alive = 1;\nexport const listed = 2;\nexport const renamed = 3;\nexport const inside = 4;\nexport function dead() {\n  return inside;\n}\n',
      'packages/accord/src/b.ts':
        "import { alive, other } from '@comity/record';\nvoid [alive, other];\n",
    };
    return inPlantedTree(files, (folder) => {
      const found = deadExports.run(folder).problems.join('\n');
      const wanted =
        'packages/record/src/a.ts: listed is imported nowhere\npackages/record/src/a.ts: dead is imported nowhere';
      return found === wanted ? [] : [`found "${found}"`];
    });
  },
};

/** What a module exports itself, and what it takes from where. */
function readModule(folder, path) {
  const text = readFileSync(join(folder, path), 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const module = { exported: [], taken: [], listed: [], text };
  for (const statement of file.statements) readStatement(statement, module);
  findDynamicImports(file, module);
  return module;
}

function readStatement(statement, module) {
  if (ts.isImportDeclaration(statement)) {
    readImport(statement, module);
  } else if (ts.isExportDeclaration(statement)) {
    readExportList(statement, module);
  } else if (isExported(statement)) {
    module.exported.push(...declaredValues(statement));
  } else if (ts.isExportAssignment(statement)) {
    module.exported.push('default');
  }
}

function readImport(statement, module) {
  const from = statement.moduleSpecifier.text;
  const clause = statement.importClause;
  if (clause === undefined) return;
  if (clause.name !== undefined) module.taken.push({ from, name: 'default' });
  const bindings = clause.namedBindings;
  if (bindings === undefined) return;
  if (ts.isNamespaceImport(bindings)) module.taken.push({ from, name: '*' });
  else {
    for (const element of bindings.elements) {
      module.taken.push({ from, name: (element.propertyName ?? element.name).text });
    }
  }
}

function readExportList(statement, module) {
  const from = statement.moduleSpecifier?.text;
  const elements =
    statement.exportClause && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements
      : [];
  for (const element of elements) {
    const name = (element.propertyName ?? element.name).text;
    if (from !== undefined) module.listed.push({ from, name, as: element.name.text });
    else if (!statement.isTypeOnly && !element.isTypeOnly) module.exported.push(element.name.text);
  }
}

function findDynamicImports(node, module) {
  if (
    ts.isCallExpression(node) &&
    node.expression.kind === ts.SyntaxKind.ImportKeyword &&
    node.arguments[0] !== undefined &&
    ts.isStringLiteralLike(node.arguments[0])
  ) {
    module.taken.push({ from: node.arguments[0].text, name: '*' });
  }
  ts.forEachChild(node, (child) => findDynamicImports(child, module));
}

function isExported(statement) {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function declaredValues(statement) {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return [];
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : name.elements.map((element) => element.name.text),
    );
  }
  return statement.name === undefined ? ['default'] : [statement.name.text];
}

/** Names of our packages to the path of their index. */
function packageNames(folder) {
  return new Map(
    filesUnder(folder, /^packages\/[^/]+\/package\.json$/).map((path) => [
      JSON.parse(readFileSync(join(folder, path), 'utf8')).name,
      path.replace('package.json', 'src/index.ts'),
    ]),
  );
}

function usedNames(modules, packages) {
  const used = new Set();
  const use = (importer, from, name) => {
    const path = from.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(importer), from))
      : from === '#primitives'
        ? `${importer.split('/').slice(0, 2).join('/')}/src/primitives/*`
        : packages.get(from);
    if (path === undefined) return;
    for (const target of matching(path, modules)) {
      if (used.has(`${target}#${name}`)) continue;
      used.add(`${target}#${name}`);
      // What an index hands on is used in the file that it comes from.
      for (const entry of modules.get(target)?.listed ?? []) {
        if (entry.as === name || name === '*') use(target, entry.from, entry.name);
      }
    }
  };
  for (const [importer, { taken, listed }] of modules) {
    for (const { from, name } of taken) use(importer, from, name);
    if (!isIndex(importer)) for (const { from, name } of listed) use(importer, from, name);
  }
  return used;
}

/** What index lists name, as `path#name`. */
function publishedNames(modules) {
  return new Set(
    [...modules]
      .filter(([path]) => isIndex(path))
      .flatMap(([path, { listed }]) =>
        listed.map(({ from, name }) => `${posix.join(posix.dirname(path), from)}#${name}`),
      ),
  );
}

function timesIn(text, name) {
  return text.split(new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`)).length - 1;
}

function matching(path, modules) {
  if (!path.endsWith('*')) return [path];
  return [...modules.keys()].filter((key) => key.startsWith(path.slice(0, -1)));
}
