/**
 * Data files against schemas: every JSON file of instruments/, signals/, vocabularies/ and
 * spec/vectors/ is valid under the nearest `schema.json` above it (JSON Schema 2020-12), or is read
 * by the parser of ours that the product reads it with. Vectors have names of their own.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree } from './planted.js';

const data = /^(instruments|signals|vocabularies|spec\/vectors)\/.*\.json$/;
const vectors = /^spec\/vectors\//;
const isSchema = (path) => posix.basename(path) === 'schema.json';

/** What has a parser in the product; it is stricter than any schema. */
const parsers = [{ pattern: /^instruments\/[^/]+\/instrument\.json$/, parse: parseInstrument }];

export const dataFiles = {
  name: 'data files',
  async run(folder = root) {
    const files = filesUnder(folder, data);
    const problems = [];
    const validators = compileSchemas(folder, files.filter(isSchema), problems);
    for (const path of files.filter((file) => !isSchema(file))) {
      const problem = await problemOf(folder, path, validators);
      if (problem !== null) problems.push(`${path}: ${problem}`);
    }
    return { problems, seen: files.length, expected: files.length };
  },
  async proof() {
    const schema = {
      type: 'array',
      items: {
        type: 'object',
        properties: { comment: { type: 'string' } },
        required: ['comment'],
      },
    };
    const files = {
      'spec/vectors/schema.json': JSON.stringify(schema),
      'spec/vectors/note/good.json': '[{ "comment": "fine" }]',
      'spec/vectors/note/bad.json': '[{ "remark": "no comment" }]',
      'spec/vectors/note/twice.json': '[{ "comment": "one" }, { "comment": "one" }]',
      'spec/vectors/note/broken.json': '{',
      'signals/alone.json': '{}',
      'instruments/ours/instrument.json': '{ "fold": 1 }',
    };
    return inPlantedTree(files, async (folder) => {
      const { problems } = await dataFiles.run(folder);
      const found = problems.map((line) => line.slice(0, line.indexOf(':'))).sort();
      const wanted = Object.keys(files).filter((path) => !/schema|good/.test(path));
      return found.join() === wanted.sort().join() ? [] : [`found only ${found.join()}`];
    });
  },
};

function compileSchemas(folder, paths, problems) {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
  const validators = new Map();
  for (const path of paths) {
    try {
      validators.set(posix.dirname(path), ajv.compile(readJson(folder, path)));
    } catch (error) {
      problems.push(`${path}: ${error.message}`);
    }
  }
  return validators;
}

async function problemOf(folder, path, validators) {
  try {
    const value = readJson(folder, path);
    const parser = parsers.find(({ pattern }) => pattern.test(path));
    if (parser !== undefined) return await parser.parse(value);
    const validate = nearest(validators, posix.dirname(path));
    if (validate === null) return 'no schema.json above it';
    if (!validate(value)) {
      const [first] = validate.errors ?? [];
      return `${first?.instancePath ?? ''} ${first?.message ?? 'invalid'}`;
    }
    return vectors.test(path) ? repeatedName(value) : null;
  } catch (error) {
    return error.message;
  }
}

function nearest(validators, folder) {
  if (validators.has(folder)) return validators.get(folder);
  return folder === '.' ? null : nearest(validators, posix.dirname(folder));
}

function repeatedName(cases) {
  const names = cases.map(({ comment }) => comment);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? null : `two cases are named "${twice}"`;
}

async function parseInstrument(value) {
  const { parseTerms } = await import('../../packages/accord/src/index.ts');
  const terms = parseTerms(value, value?.exercise === true);
  return terms.ok ? null : `${terms.path} ${terms.detail ?? terms.code}`;
}

function readJson(folder, path) {
  return JSON.parse(readFileSync(join(folder, path), 'utf8'));
}
