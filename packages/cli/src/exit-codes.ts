/**
 * Exit codes of the `comity` command. They are a contract: scripts may branch on them.
 *
 * `verify` uses four of them so that a script cannot take "nobody vouches for the author" or "half of
 * the docket" for "valid": 0 valid, 1 invalid, 6 untrusted, 7 incomplete.
 */
export const exitCodes = {
  ok: 0,
  /** Refused, invalid, not found: the command was understood and the answer is no. */
  refused: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** There is no node and no home to work on, or the node does not answer. */
  unreachable: 3,
  /** Another process holds the home's lock and does not answer. */
  locked: 4,
  /** A passphrase is needed, or it is wrong, or there is no such key. */
  key: 5,
  /** `verify`: everything checks, but no party that you named vouches for an author. */
  untrusted: 6,
  /** `verify`: everything checks, but something that belongs to the docket is not there. */
  incomplete: 7,
  /** `wait`: the time ran out; what was waited for may still come. */
  timeout: 8,
  /** `verify`: the file is no bundle (and no proof of a statement in the bundle that was named). */
  notABundle: 9,
  /** A fault of the program itself, or a system that it cannot run on. */
  fault: 70,
  /** Stopped by Ctrl-C at a prompt. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** One line for each code, for `comity help exit-codes` and the documentation. */
export const exitCodeWords: readonly [ExitCode, string][] = [
  [exitCodes.ok, 'done; for verify: valid'],
  [exitCodes.refused, 'refused, invalid or not found'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unreachable, 'no node and no home to work on, or the node does not answer'],
  [exitCodes.locked, 'the home is in use by another process (start: its node runs already)'],
  [exitCodes.key, 'a passphrase is needed or wrong, or the key is not there'],
  [exitCodes.untrusted, 'verify: all checks pass, but no party named with --trust is the author'],
  [exitCodes.incomplete, 'verify: all checks pass, but the docket is not known to be whole'],
  [exitCodes.timeout, 'wait, say --wait: the time ran out'],
  [exitCodes.notABundle, 'verify: the file is no bundle'],
  [exitCodes.fault, 'a fault of the program, or a system that it cannot run on'],
  [exitCodes.interrupted, 'stopped by Ctrl-C at a prompt'],
];
