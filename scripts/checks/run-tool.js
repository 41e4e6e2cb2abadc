/** Runs a tool of node_modules in a folder, as the command line would. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../right-node.js';

/** `bin` names the script inside the package. Output is returned, never printed. */
export function runTool(packageName, bin, toolArguments, folder) {
  const script = join(root, 'node_modules', packageName, bin);
  const run = spawnSync(process.execPath, [script, ...toolArguments], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status: run.status ?? 1, out: run.stdout ?? '', err: run.stderr ?? '' };
}
