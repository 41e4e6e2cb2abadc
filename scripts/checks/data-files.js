/**
 * Data files against schemas: every JSON file of instruments/, signals/, vocabularies/ and
 * spec/vectors/ is valid under the `schema.json` (JSON Schema 2020-12) of its own folder.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree } from './planted.js';

const data = /^(instruments|signals|vocabularies|spec\/vectors)\/.*\.json$/;
const isSchema = (path) => posix.basename(path) === 'schema.json';

export const dataFiles = {
  name: 'data files',
  run(folder = root) {
    const files = filesUnder(folder, data);
    const ajv = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true });
    const validators = new Map();
    const problems = [];
    for (const path of files.filter(isSchema)) {
      try {
        validators.set(posix.dirname(path), ajv.compile(readJson(folder, path)));
      } catch (error) {
        problems.push(`${path}: ${error.message}`);
      }
    }
    for (const path of files.filter((file) => !isSchema(file))) {
      const problem = problemOf(validators.get(posix.dirname(path)), folder, path);
      if (problem !== null) problems.push(`${path}: ${problem}`);
    }
    return { problems, seen: files.length, expected: files.length };
  },
  async proof() {
    const schema = {
      type: 'object',
      properties: { comment: { type: 'string' } },
      required: ['comment'],
    };
    const files = {
      'spec/vectors/note/schema.json': JSON.stringify(schema),
      'spec/vectors/note/good.json': '{ "comment": "fine" }',
      'spec/vectors/note/bad.json': '{ "remark": "no comment" }',
      'spec/vectors/note/broken.json': '{',
      'signals/alone.json': '{}',
    };
    return inPlantedTree(files, (folder) =>
      dataFiles.run(folder).problems.length === 3 ? [] : ['bad data files passed'],
    );
  },
};

function problemOf(validate, folder, path) {
  if (validate === undefined) return 'no schema.json beside it';
  try {
    if (validate(readJson(folder, path))) return null;
  } catch (error) {
    return error.message;
  }
  const [first] = validate.errors ?? [];
  return `${first?.instancePath ?? ''} ${first?.message ?? 'invalid'}`;
}

function readJson(folder, path) {
  return JSON.parse(readFileSync(join(folder, path), 'utf8'));
}
