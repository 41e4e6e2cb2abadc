/**
 * Questions to the person at the terminal. Only on a terminal, always on stderr, so that stdout
 * keeps the answer alone; Ctrl-C ends the command with its own exit code.
 */
import { CommandError } from '../command-error.ts';
import { exitCodes } from '../exit-codes.ts';

/** True when there is a person: stdin and stderr are terminals and CI is not set. */
export function isInteractive(environment: Readonly<Record<string, string | undefined>>): boolean {
  if ((environment['CI'] ?? '') !== '') return false;
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** A hidden answer. */
export async function askPassphrase(message: string): Promise<string> {
  const prompts = await import('@clack/prompts');
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
