/**
 * Snippets: every `sh` block of README.md and CONTRIBUTING.md that is marked `<!-- run -->` stands, line by
 * line, in a file that CI runs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../right-node.js';
import { filesUnder } from './files.js';
import { inPlantedTree } from './planted.js';

const pages = /^(README|CONTRIBUTING)\.md$/;
/** `.ci/run` itself, and what it runs one by one. */
const runByCi = /^(\.ci\/run|scripts\/snippets\/[^/]+\.sh)$/;
/** How `.ci/run` counts a command: `step NAME MINUTES COMMAND`. */
const ciStep = /^step \S+ \d+ /;
const block = /<!-- run -->\s*\n```sh\n([\s\S]*?)\n```/g;
const marked = /<!-- run -->/g;

export const snippets = {
  name: 'snippets',
  run(folder = root) {
    const scripts = filesUnder(folder, runByCi).map((path) =>
      readFileSync(join(folder, path), 'utf8')
        .split('\n')
        .map((line) => line.trim().replace(ciStep, '')),
    );
    const problems = [];
    let seen = 0;
    let expected = 0;
    for (const path of filesUnder(folder, pages)) {
      const text = readFileSync(join(folder, path), 'utf8');
      expected += [...text.matchAll(marked)].length;
      for (const [, code] of text.matchAll(block)) {
        seen += 1;
        const lines = code.split('\n').map((line) => line.trim());
        if (!scripts.some((script) => holds(script, lines))) {
          problems.push(`${path}: CI runs no such thing: ${lines[0]} …`);
        }
      }
    }
    return { problems, seen, expected };
  },
  async proof() {
    const files = {
      'README.md':
        '<!-- run -->\n```sh\nnpm ci\nnpm test\n```\n<!-- run -->\n```sh\nnpm start\n```\n',
      '.ci/run': 'step install 8 npm ci\nstep test 20 npm test\n',
    };
    return inPlantedTree(files, (folder) => {
      const { problems, seen } = snippets.run(folder);
      return problems.length === 1 && seen === 2 ? [] : ['a snippet that nobody runs passed'];
    });
  },
};

/** The lines, one after another, somewhere in the script. */
function holds(script, lines) {
  return script.some((_, start) => lines.every((line, index) => script[start + index] === line));
}
