/**
 * Passphrases of a new party: one for the node's own keys, one for each officer. Two officers who share
 * one are one officer to whoever learns it, so that is said plainly.
 */
import { usage } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { askNewPassphrase } from './prompts/ask.ts';
import { readPassphraseFile } from './prompts/passphrases.ts';

export interface NewPassphrases {
  passphrase: string;
  officerPassphrases: { [office: string]: string };
}

/** `given`: `OFFICE=FILE` as on the command line. Asks for what no file gives, on a terminal only. */
export async function newPassphrases(
  context: CommandContext,
  offices: readonly string[],
  given: readonly string[],
): Promise<NewPassphrases> {
  const officerPassphrases: { [office: string]: string } = {};
  for (const text of given) {
    const [office, path] = officeAndFile(text, offices);
    officerPassphrases[office] = await readPassphraseFile(path, (words) =>
      context.output.warn(words),
    );
  }
  const { passphrases } = context;
  if (passphrases.fromTerminal) {
    const passphrase = await askNewPassphrase('Passphrase for the node’s own keys');
    for (const office of offices) {
      officerPassphrases[office] ??= await askNewPassphrase(
        `Passphrase for ${office}, by themselves`,
      );
    }
    return { passphrase, officerPassphrases };
  }
  return { passphrase: await passphrases.forNewKeys(), officerPassphrases };
}

/** Warns where one passphrase opens the keys of more than one officer. */
export function warnOfShared(
  context: CommandContext,
  offices: readonly string[],
  { passphrase, officerPassphrases }: NewPassphrases,
): void {
  const groups = Map.groupBy(offices, (office) => officerPassphrases[office] ?? passphrase);
  for (const together of groups.values()) {
    if (together.length < 2) continue;
    context.output.warn(
      `one passphrase opens the keys of ${together.join(' and ')}: whoever knows it can make solemn acts alone. Give each their own: ${context.paste(`officers passphrase "${together[1] ?? ''}"`)}`,
    );
  }
}

function officeAndFile(text: string, offices: readonly string[]): [string, string] {
  const at = text.indexOf('=');
  const wanted = text.slice(0, Math.max(at, 0)).trim();
  const office = offices.find((one) => one.toLowerCase() === wanted.toLowerCase());
  if (at > 0 && office !== undefined) return [office, text.slice(at + 1)];
  throw usage(
    `--officer-passphrase-file ${text} names no officer and file`,
    `Write it as "${offices.at(-1) ?? ''}=FILE". The officers are: ${offices.join(', ')}.`,
  );
}
