/** A node of the world as a process: starts the home given, prints `ready {json}`, ends on SIGTERM. */
import { startNode } from '@comity/node';

const [home = ''] = process.argv.slice(2);
const node = await startNode({
  home,
  passphrase: null,
  log: (level, message, fields) => {
    if (level === 'debug') return;
    process.stderr.write(`${level} ${message} ${JSON.stringify(fields ?? {})}\n`);
  },
});
const end = async (): Promise<void> => {
  await node.close();
  process.exit(0);
};
process.once('SIGTERM', () => void end());
// Ctrl-C reaches every process of a terminal: the parent still has questions, and ends us after them.
process.on('SIGINT', () => undefined);
// The parent holds our standard input: when it dies, however it dies, we end too.
process.stdin.once('end', () => void end());
process.stdin.resume();
process.stdout.write(`ready ${JSON.stringify({ exchange: node.exchangeUrl, api: node.apiUrl })}\n`);
