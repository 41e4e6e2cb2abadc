/** Types: the whole tree under TypeScript's strict rules. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree, plantedTypeScript } from './planted.js';
import { runTool } from './run-tool.js';

const ours = /^(packages\/[^/]+\/(src|test)\/|bench\/).*\.ts$/;

export const types = {
  name: 'types',
  run(folder = root) {
    const { status, out, err } = compile(folder, []);
    const problems = status === 0 ? [] : (out + err).trimEnd().split('\n');
    return { problems, seen: filesSeen(folder), expected: filesUnder(folder, ours).length };
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

function filesSeen(folder) {
  const { out } = compile(folder, ['--listFilesOnly']);
  const prefix = `${folder}/`;
  return out
    .split('\n')
    .filter((path) => path.startsWith(prefix) && ours.test(path.slice(prefix.length))).length;
}

function compile(folder, more) {
  return runTool(
    'typescript',
    'bin/tsc',
    ['-p', 'tsconfig.json', '--pretty', 'false', ...more],
    folder,
  );
}
