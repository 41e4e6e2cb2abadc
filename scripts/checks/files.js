/** Which files of ours there are: tracked by git or new, never what git ignores. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const ignored = new Set(['node_modules', 'dist', '.git', '.cache', 'coverage']);

/** Paths under `folder`, with forward slashes, sorted; `pattern` selects among them. */
export function filesUnder(folder, pattern = /(?:)/) {
  const paths = existsSync(join(folder, '.git')) ? knownToGit(folder) : walked(folder, folder);
  return paths.filter((path) => pattern.test(path)).sort();
}

function knownToGit(folder) {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', list, { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
    .toString('utf8')
    .split('\0');
  return paths.filter((path) => path !== '' && existsSync(join(folder, path)));
}

function walked(root, folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (ignored.has(entry.name) || entry.isSymbolicLink()) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walked(root, path) : [relative(root, path).split(sep).join('/')];
  });
}
