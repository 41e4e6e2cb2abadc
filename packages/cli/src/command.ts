/**
 * How commands are declared: the options that they share, an example each, one way to end.
 */
import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { makeContext } from './context.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { isSystemError } from './files.ts';

export interface CommandShape {
  /** `say <kind>`: name and arguments. */
  usage: string;
  /** One line in the list of commands. */
  summary: string;
  /** More in the command's own help; what it does and what it does not do. */
  description?: string;
  /** At least one command that works as it stands, without the leading `comity`. */
  examples: readonly string[];
  /** `home`: has --home; `optional`: works without one; `none`: never looks at one. */
  home: 'home' | 'optional' | 'none';
  /** Reads keys: has --passphrase-file. */
  keys?: boolean;
}

/** Adds a command with the options that its shape asks for. */
export function addCommand(parent: Command, shape: CommandShape): Command {
  const command = parent.command(shape.usage).summary(shape.summary);
  command.description(
    `${shape.summary}.${shape.description === undefined ? '' : `\n\n${shape.description}`}`,
  );
  if (shape.home !== 'none') {
    command.option('--home <dir>', 'folder of the node (default: COMITY_HOME)');
  }
  if (shape.keys === true || shape.home === 'home') {
    command.option(
      '--passphrase-file <file>',
      'file whose first line unlocks keys (default: COMITY_PASSPHRASE_FILE)',
    );
  }
  command.option('--json', 'one JSON document on stdout');
  const examples = shape.examples.map((example) => `  $ comity ${example}`).join('\n');
  command.addHelpText(
    'after',
    `\n${shape.examples.length === 1 ? 'Example' : 'Examples'}:\n${examples}`,
  );
  return command;
}

/** A group of commands (`pair add`, `pair number`). */
export function addGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).summary(summary).description(`${summary}.`);
}

/**
 * Wraps the work of a command: makes the context, runs, and maps every error to words and an exit
 * code. Arguments come as commander gives them, then the options.
 */
export function run<Options extends CommonOptions, Arguments extends unknown[] = string[]>(
  work: (context: CommandContext, options: Options, ...parts: Arguments) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1);
    if (!(command instanceof Command)) throw new TypeError('commander passes the command last');
    const options = command.opts<Options>();
    const context = makeContext(options);
    try {
      await work(context, options, ...(given.slice(0, -2) as Arguments));
    } catch (error) {
      endWith(context, error);
    }
  };
}

/** Says the error and sets the exit code. A fault shows its stack only with COMITY_DEBUG. */
function endWith(context: CommandContext, error: unknown): void {
  if (error instanceof CommandError) {
    context.output.failed(error.code, error.message, error.what);
    process.exitCode = error.exitCode;
    return;
  }
  if (isSystemError(error) && error.path !== undefined) {
    const message = `${error.path} cannot be used (${error.code})`;
    const what = 'Check the path, who may read and write there, and the space that is left.';
    context.output.failed('cannot-access', message, what);
    process.exitCode = exitCodes.refused;
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  context.output.failed(
    'fault',
    `comity met a fault of its own: ${message}`,
    'Run again with COMITY_DEBUG=1 and send the output to whoever runs this node.',
  );
  if (context.debug && error instanceof Error) {
    context.output.note(error.stack ?? '');
  }
  process.exitCode = exitCodes.fault;
}

/** For options that may be given several times. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
