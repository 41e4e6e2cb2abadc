/** Format: prettier with .prettierrc.json, for every file that it knows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree } from './planted.js';
import { runTool } from './run-tool.js';

const formatted = /\.(ts|js|cjs|json)$/;

export const format = {
  name: 'format',
  run(folder = root) {
    const files = filesUnder(folder, formatted);
    const { status, out, err } = runTool(
      'prettier',
      'bin/prettier.cjs',
      ['--list-different', ...files],
      folder,
    );
    // 0 all well, 1 some differ, 2 something went wrong.
    const problems = status === 0 ? [] : (out + err).trimEnd().split('\n');
    return { problems, seen: files.length, expected: files.length };
  },
  async proof() {
    const files = {
      '.prettierrc.json': readFileSync(join(root, '.prettierrc.json'), 'utf8'),
      'wide.js': 'const  a = "b"\n',
    };
    return inPlantedTree(files, (folder) =>
      format.run(folder).problems.includes('wide.js') ? [] : ['a badly formatted file passed'],
    );
  },
};
