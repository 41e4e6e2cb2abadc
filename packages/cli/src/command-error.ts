/**
 * The one error that a command ends with: a code for programs, a sentence for people, what to do.
 */
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

export class CommandError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  /** What the person can do now; one sentence or one command. */
  readonly what: string | null;

  constructor(code: string, message: string, what: string | null, exitCode: ExitCode) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.what = what;
    this.exitCode = exitCode;
  }
}

/** The answer is no. */
export function refused(code: string, message: string, what: string | null = null): CommandError {
  return new CommandError(code, message, what, exitCodes.refused);
}

/** The command line is wrong. */
export function usage(message: string, what: string | null = null): CommandError {
  return new CommandError('usage', message, what, exitCodes.usage);
}

/** No node, no home, no answer. */
export function unreachable(message: string, what: string | null = null): CommandError {
  return new CommandError('unreachable', message, what, exitCodes.unreachable);
}
