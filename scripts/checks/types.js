/** Types: the whole tree under TypeScript's strict rules. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree, plantedTypeScript } from './planted.js';
import { runTool } from './run-tool.js';

const ours = /^(packages\/[^/]+\/(src|test|scripts)\/|bench\/|peers\/).*\.ts$/;

export const types = {
  name: 'types',
  run(folder = root) {
    const { status, out, err } = runTool(
      'typescript',
      'bin/tsc',
      ['-p', 'tsconfig.json', '--pretty', 'false', '--listFiles'],
      folder,
    );
    const lines = (out + err).trimEnd().split('\n');
    const isFile = (line) => line.startsWith('/') || /^[A-Za-z]:\//.test(line);
    const read = lines.filter((line) => line.startsWith(`${folder}/`));
    return {
      problems: status === 0 ? [] : lines.filter((line) => !isFile(line)),
      seen: read.filter((line) => ours.test(line.slice(folder.length + 1))).length,
      expected: filesUnder(folder, ours).length,
    };
  },
  async proof() {
    const files = {
      ...plantedTypeScript(readFileSync(join(root, 'tsconfig.json'), 'utf8')),
      'packages/record/src/wrong.ts': 'export const size: number = "four";\n',
    };
    return inPlantedTree(files, (folder) => {
      const { problems } = types.run(folder);
      return problems.some((line) => line.includes('TS2322')) ? [] : ['a wrong type passed'];
    });
  },
};
