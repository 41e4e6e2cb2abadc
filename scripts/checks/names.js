/** Names: no utils, common or helpers; at most so many entries at the root; no stray documents. */
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree } from './planted.js';

const vague = /(^|\/)(utils?|common|helpers?|misc)(\.[a-z]+)?(\/|$)/;
const rootEntriesMax = 17;

export const names = {
  name: 'names',
  run(folder = root) {
    const files = filesUnder(folder);
    const problems = files
      .filter((path) => vague.test(path))
      .map((path) => `${path}: name the idea, not the drawer`);
    const entries = new Set(
      files.map((path) => path.split('/')[0]).filter((name) => !name.startsWith('.')),
    );
    if (entries.size > rootEntriesMax) {
      problems.push(`the root has ${entries.size} entries: ${[...entries].join(' ')}`);
    }
    return { problems, seen: files.length, expected: files.length };
  },
  async proof() {
    return inPlantedTree({ 'packages/record/src/utils.ts': '' }, (folder) =>
      names.run(folder).problems.length === 1 ? [] : ['a utils file passed'],
    );
  },
};
