/**
 * Questions to the person at the terminal. Only on a terminal, always on stderr, so that stdout
 * keeps the answer alone; Ctrl-C ends the command with its own exit code.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CommandError } from '../command-error.ts';
import { exitCodes } from '../exit-codes.ts';

/**
 * True when there is a person: stdin and stderr are terminals, CI is not set, and this is no job in the
 * background, which the system stops as soon as it reads the terminal.
 */
export function isInteractive(environment: Readonly<Record<string, string | undefined>>): boolean {
  if ((environment['CI'] ?? '') !== '') return false;
  return process.stdin.isTTY && process.stderr.isTTY && inForeground();
}

function inForeground(): boolean {
  if (process.platform === 'win32') return true;
  try {
    if (process.platform === 'linux') {
      return ownsTerminal(readFileSync('/proc/self/stat', 'utf8'));
    }
    const ps = spawnSync('ps', ['-o', 'stat=', '-p', String(process.pid)], { encoding: 'utf8' });
    return ps.status !== 0 || ps.stdout.includes('+');
  } catch {
    return true;
  }
}

/** Whether the process group of a `/proc/PID/stat` line is the one that owns its terminal. */
export function ownsTerminal(stat: string): boolean {
  // The name in brackets may hold anything; after it: state, parent, group, session, tty, owner.
  const [, , group, , , owner] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return owner === undefined || Number(owner) <= 0 || group === owner;
}

/** A terminal that goes away while a question stands ends the command, and not with a stack. */
function endWhenTerminalGoes(): void {
  process.stdin.removeAllListeners('error');
  process.stdin.on('error', () => {
    process.stderr.write(`error: the terminal cannot be read (passphrase-needed)\n${noTerminal}\n`);
    process.exit(exitCodes.key);
  });
}

/** What to do where nobody can be asked. */
export const noTerminal =
  'Run this in the foreground of a terminal to be asked (a job begun with & cannot ask), or give --passphrase-file FILE (or COMITY_PASSPHRASE_FILE).';

/** A hidden answer. */
export async function askPassphrase(message: string): Promise<string> {
  const prompts = await import('@clack/prompts');
  endWhenTerminalGoes();
  const answer = await prompts.password({ message, output: process.stderr });
  return prompts.isCancel(answer) ? stopped() : answer;
}

/** A new passphrase, asked twice. */
export async function askNewPassphrase(message: string): Promise<string> {
  for (;;) {
    const first = await askPassphrase(message);
    if (first.length < passphraseLettersMin) {
      process.stderr.write(`A passphrase has at least ${passphraseLettersMin} letters.\n`);
      continue;
    }
    if ((await askPassphrase('The same again')) === first) return first;
    process.stderr.write('The two were not the same. Again, please.\n');
  }
}

/** Fewest letters that a new passphrase may have. */
const passphraseLettersMin = 8;

/** Yes or no; `no` is the answer to an empty line. */
export async function askConfirm(message: string): Promise<boolean> {
  const prompts = await import('@clack/prompts');
  const answer = await prompts.confirm({ message, initialValue: false, output: process.stderr });
  return prompts.isCancel(answer) ? stopped() : answer;
}

/** One line of text. */
export async function askText(message: string, placeholder = ''): Promise<string> {
  const prompts = await import('@clack/prompts');
  const answer = await prompts.text({ message, placeholder, output: process.stderr });
  return prompts.isCancel(answer) ? stopped() : answer;
}

function stopped(): never {
  throw new CommandError('interrupted', 'stopped; nothing was done', null, exitCodes.interrupted);
}
