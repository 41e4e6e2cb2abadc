/**
 * The `comity` command: reads the command line, runs one command, sets the exit code.
 */
import { readFile } from 'node:fs/promises';
import { Command, CommanderError, Help } from 'commander';
import { addAlarmCommands } from './commands/alarms.ts';
import { addBundleCommands } from './commands/bundles.ts';
import { addConfigCommands } from './commands/config.ts';
import { addCredentialsCommands } from './commands/credentials.ts';
import { addDeskCommands } from './commands/desk.ts';
import { addDocketCommands } from './commands/dockets.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDraftCommands } from './commands/drafts.ts';
import { addExerciseCommand } from './commands/exercise.ts';
import { addHomeCommands } from './commands/home.ts';
import { addImportCommands } from './commands/import.ts';
import { addKindsCommand } from './commands/kinds.ts';
import { addOfficersCommands } from './commands/officers.ts';
import { addPairCommands } from './commands/pair.ts';
import { addPouchCommands } from './commands/pouch.ts';
import { addRestoreCommands } from './commands/restore.ts';
import { addSignCommand } from './commands/sign.ts';
import { addStatusCommands } from './commands/status.ts';
import { addWaitCommand } from './commands/wait.ts';
import { exitCodes, exitCodeWords } from './exit-codes.ts';

const introduction = `Exchange signed statements with a party that you do not trust, and be able to prove
afterwards what each side said and what each side received.

A first conversation, on either side:
  $ comity init --home north --name Northland         make a party: its keys, log, credentials
  $ comity start --home north                         run its node (in a terminal of its own)
  $ comity credentials --home north -o north.comity   give this file to the other side
  $ comity pair add south.comity --home north         take theirs
  $ comity pair number Southmark --home north         compare this number by voice
  $ comity pair confirm Southmark --number "…" --home north
  $ comity say channel.message --to Southmark --text "We hear you." --home north
  $ comity owe --home north                           who owes whom what, by when

See all of this move: comity exercise`;

/** Runs one command line (without `node` and the script). Sets `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietlyWhenNobodyReads);
  const program = await makeProgram();
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error.exitCode !== 0 && argv.includes('--json')) {
      const message = error.message.replace(/^error: /u, '');
      const document = { error: { code: 'usage', message } };
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    }
  }
}

/** The whole command with every group; also used by the test that reads each help page. */
export async function makeProgram(): Promise<Command> {
  const program = new Command('comity');
  program
    .description(introduction)
    .version(await packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'teach this command')
    .helpCommand('help [command]', 'teach a command')
    .configureHelp({
      helpWidth: helpWidth(),
      subcommandDescription: (command) => command.summary(),
    })
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError('(add --help to see how)')
    // `credentials` has options of its own and `credentials rotate` below it.
    .enablePositionalOptions()
    .exitOverride();
  program.addHelpText('after', `\nExit codes:\n${exitCodeLines()}`);
  program.commandsGroup('A party and its node:');
  addHomeCommands(program);
  addConfigCommands(program);
  addStatusCommands(program);
  addAlarmCommands(program);
  addRestoreCommands(program);
  addDoctorCommand(program);
  program.commandsGroup('Counterparts:');
  addCredentialsCommands(program);
  addPairCommands(program);
  program.commandsGroup('Saying something:');
  addKindsCommand(program);
  addDeskCommands(program);
  addOfficersCommands(program);
  addDraftCommands(program);
  addSignCommand(program);
  addWaitCommand(program);
  program.commandsGroup('Reading:');
  addDocketCommands(program);
  program.commandsGroup('Proving and carrying:');
  addBundleCommands(program);
  addPouchCommands(program);
  addImportCommands(program);
  program.commandsGroup('Trying it:');
  addExerciseCommand(program);
  return program;
}

function exitCodeLines(): string {
  return exitCodeWords.map(([code, words]) => `  ${String(code).padStart(3)}  ${words}`).join('\n');
}

function helpWidth(): number {
  return Math.min(process.stdout.columns ?? new Help().helpWidth ?? 100, 100);
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known && typeof manifest.version === 'string' ? manifest.version : 'unknown';
}

/** `comity dockets | head` closes the pipe early; that is no fault of anybody. */
function endQuietlyWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCodes.ok);
  throw error;
}
