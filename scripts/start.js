/**
 * `npm start`: the exercise. Arguments go on to `comity exercise`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runOnRightNode } from './right-node.js';

runOnRightNode();

if (!existsSync(join(root, 'node_modules', 'comity'))) {
  console.error('The workspaces are not installed. Run "npm ci" first.');
  process.exit(1);
}

const comity = join(root, 'packages', 'cli', 'bin', 'comity.js');
const child = spawn(process.execPath, [comity, 'exercise', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The exercise ends its own children when it is told to stop; it gets the time to do so.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(String(error));
  process.exit(1);
});
child.on('exit', (status) => process.exit(status ?? 1));
