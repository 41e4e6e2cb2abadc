/**
 * What a command is given: where it writes, which home, how to ask, when to stop.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { OfficerSecret } from '@comity/node';
import { refused, usage } from './command-error.ts';
import { Output } from './output/output.ts';
import { pasteable } from './output/pasteable.ts';
import { isInteractive } from './prompts/ask.ts';
import { Passphrases } from './prompts/passphrases.ts';

/** Options that many commands have in common, as commander gives them. */
export interface CommonOptions {
  home?: string;
  json?: boolean;
  passphraseFile?: string;
}

/** `party.json` of a home. */
export interface HomeParty {
  id: string;
  name: string;
  exercise: boolean;
  origin: string;
}

export interface CommandContext {
  output: Output;
  /** The home as an absolute path, or null when none was named. */
  home: string | null;
  environment: Readonly<Record<string, string | undefined>>;
  interactive: boolean;
  /** COMITY_DEBUG=1: a fault shows its stack. It is this command's, so the node never sees it. */
  debug: boolean;
  passphrases: Passphrases;
  /** Officers' keys that this process has unlocked, by path of the key file. */
  unlockedKeys: Map<string, OfficerSecret>;
  /** A command of ours as it can be pasted: `status` → `npx comity status --home north`. */
  paste(words: string): string;
  /** POSIX seconds. */
  now(): number;
}

/** The context of one run. */
export function makeContext(options: CommonOptions): CommandContext {
  const { COMITY_DEBUG: debug, ...environment } = process.env;
  const output = new Output(options.json === true, {
    stdout: process.stdout,
    stderr: process.stderr,
    environment,
  });
  const interactive = isInteractive(environment);
  const home = options.home ?? nonEmpty(environment['COMITY_HOME']);
  const file = options.passphraseFile ?? nonEmpty(environment['COMITY_PASSPHRASE_FILE']);
  return {
    output,
    home: home === null ? null : resolve(home),
    environment,
    interactive,
    debug: debug === '1',
    passphrases: new Passphrases({
      file,
      interactive,
      warn: (text) => output.warn(text),
      progress: (text) => {
        if (process.stderr.isTTY) output.note(text);
      },
    }),
    unlockedKeys: new Map(),
    paste: (words) => pasteable(words, options.home ?? null, environment),
    now: () => Math.floor(Date.now() / 1000),
  };
}

/** The home, or a usage error that says how to name one. */
export function requireHome(context: CommandContext): string {
  if (context.home !== null) return context.home;
  throw usage(
    'which home? give --home DIR or set COMITY_HOME',
    'Make one with: comity init --home DIR --name NAME',
  );
}

/**
 * Reads `party.json` of the home and turns on the exercise mark. Null when no party lives there.
 * An unreadable file is an error, because the mark would be missing.
 */
export async function readHomeParty(context: CommandContext): Promise<HomeParty | null> {
  const home = context.home;
  if (home === null) return null;
  const path = join(home, 'party.json');
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  if (!isHomeParty(json)) {
    throw refused('bad-home', `${path} is damaged`, 'Restore the file from a backup of the home.');
  }
  context.output.exercise ||= json.exercise;
  return json;
}

function isHomeParty(json: unknown): json is HomeParty {
  if (typeof json !== 'object' || json === null) return false;
  const party = json as Partial<Record<keyof HomeParty, unknown>>;
  return (
    typeof party.id === 'string' &&
    typeof party.name === 'string' &&
    typeof party.exercise === 'boolean' &&
    typeof party.origin === 'string'
  );
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
