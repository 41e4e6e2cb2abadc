/**
 * Where passphrases come from: --passphrase-file, then COMITY_PASSPHRASE_FILE, then a prompt.
 *
 * What was unlocked stays unlocked for this process and no longer: nothing is cached on disk and no
 * agent is kept. A passphrase itself never stands on a command line or in an environment variable,
 * because other processes can read both.
 */
import { readFile, stat } from 'node:fs/promises';
import { CommandError, refused } from '../command-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { askNewPassphrase, askPassphrase, noTerminal } from './ask.ts';

export interface PassphraseSource {
  /** Path from --passphrase-file or the environment, or null. */
  file: string | null;
  interactive: boolean;
  warn(text: string): void;
  /** Says on a terminal that something takes a moment. */
  progress(text: string): void;
}

type Opened<T> = { ok: true; value: T } | { ok: false; code: string; path: string };

const promptsMax = 3;
const momentMs = 400;
/** Each takes a quarter of a gigabyte while it is opened. */
const atOnceMax = 2;

export class Passphrases {
  readonly #source: PassphraseSource;
  #fromFile: string | null = null;
  /** Passphrases that opened something in this process; tried before asking again. */
  readonly #known: string[] = [];
  /** Names of keys with passphrases that did not open them: none is tried twice. */
  readonly #failed = new Set<string>();
  #saidProgress = false;

  constructor(source: PassphraseSource) {
    this.#source = source;
  }

  /** Whether passphrases are asked for here, and not read from a file. */
  get fromTerminal(): boolean {
    return this.#source.file === null && this.#source.interactive;
  }

  /** A passphrase for new keys. */
  async forNewKeys(): Promise<string> {
    const given = await this.fromFile();
    if (given !== null) return given;
    if (!this.#source.interactive) throw needed('new keys need a passphrase');
    return await askNewPassphrase('Passphrase for the new keys');
  }

  /**
   * Opens something with `open`: without a passphrase first, then with those known, then with the
   * file's, then asking up to three times. `what` names the key in prompts and errors.
   */
  async unlock<T>(
    what: string,
    open: (passphrase: string | null) => Promise<Opened<T>>,
  ): Promise<T> {
    const { opened, path } = await this.#tryKnown(what, open);
    if (opened !== null) return opened.value;
    if (!this.#source.interactive) {
      if (this.#source.file === null) throw needed(`a passphrase is needed for ${what}`);
      throw keyError(what, 'wrong-passphrase', path);
    }
    return await this.#ask(what, open);
  }

  /**
   * The same for several at once where their passphrases are known; who must be asked for is asked
   * for one after the other.
   */
  async unlockAll<T>(
    keys: readonly { what: string; open: (passphrase: string | null) => Promise<Opened<T>> }[],
  ): Promise<T[]> {
    const found: ({ value: T } | null)[] = [];
    for (let at = 0; at < keys.length; at += atOnceMax) {
      const part = keys.slice(at, at + atOnceMax);
      const tried = await Promise.all(part.map(({ what, open }) => this.#tryKnown(what, open)));
      found.push(...tried.map(({ opened }) => opened));
    }
    const values: T[] = [];
    for (const [index, { what, open }] of keys.entries()) {
      const opened = found[index] ?? null;
      values.push(opened === null ? await this.unlock(what, open) : opened.value);
    }
    return values;
  }

  async #tryKnown<T>(
    what: string,
    open: (passphrase: string | null) => Promise<Opened<T>>,
  ): Promise<{ opened: { value: T } | null; path: string }> {
    const plain = await open(null);
    if (plain.ok) return { opened: plain, path: '' };
    if (plain.code !== 'passphrase-needed') throw keyError(what, plain.code, plain.path);
    const file = await this.fromFile();
    for (const candidate of new Set([...this.#known, ...(file === null ? [] : [file])])) {
      const attempt = `${what}\n${candidate}`;
      if (this.#failed.has(attempt)) continue;
      const opened = await this.#slowly(open(candidate));
      if (opened.ok)
        return { opened: { value: this.#remember(candidate, opened.value) }, path: '' };
      if (opened.code !== 'wrong-passphrase') throw keyError(what, opened.code, opened.path);
      this.#failed.add(attempt);
    }
    return { opened: null, path: plain.path };
  }

  /** Deriving a key takes a second or more, by design: whoever waits is told what for. */
  async #slowly<T>(work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      if (!this.#saidProgress) this.#source.progress('unlocking keys …');
      this.#saidProgress = true;
    }, momentMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask<T>(what: string, open: (passphrase: string) => Promise<Opened<T>>): Promise<T> {
    let path = '';
    for (let attempt = 0; attempt < promptsMax; attempt += 1) {
      const typed = await askPassphrase(`Passphrase for ${what}`);
      const opened = await this.#slowly(open(typed));
      if (opened.ok) return this.#remember(typed, opened.value);
      if (opened.code !== 'wrong-passphrase') throw keyError(what, opened.code, opened.path);
      path = opened.path;
      this.#source.warn('that is not the passphrase');
    }
    throw keyError(what, 'wrong-passphrase', path);
  }

  #remember<T>(passphrase: string, value: T): T {
    if (!this.#known.includes(passphrase)) this.#known.push(passphrase);
    return value;
  }

  /** The first line of the passphrase file, or null when none is named. */
  async fromFile(): Promise<string | null> {
    const path = this.#source.file;
    if (path === null) return null;
    if (this.#fromFile !== null) return this.#fromFile;
    const line = await readPassphraseFile(path, (words) => this.#source.warn(words));
    this.#fromFile = line;
    return line;
  }
}

/** The first line of a passphrase file; warns where others can read it. */
export async function readPassphraseFile(
  path: string,
  warn: (text: string) => void,
): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) {
    throw refusedFile(`the passphrase file ${path} cannot be read`);
  }
  const mode = process.platform === 'win32' ? 0 : (await stat(path)).mode & 0o077;
  if (mode !== 0) warn(`others can read ${path}; run: chmod 600 ${path}`);
  const line = text.split(/\r?\n/u)[0] ?? '';
  if (line === '') throw refusedFile(`the first line of ${path} is empty`);
  return line;
}

function refusedFile(message: string): CommandError {
  return new CommandError(
    'passphrase-needed',
    message,
    'Put the passphrase on the first line of the file.',
    exitCodes.key,
  );
}

function needed(message: string): CommandError {
  return new CommandError('passphrase-needed', message, noTerminal, exitCodes.key);
}

function keyError(what: string, code: string, path: string): CommandError {
  const where = path === '' ? '' : ` (${path})`;
  switch (code) {
    case 'wrong-passphrase':
      return new CommandError(
        code,
        `the passphrase does not open ${what}${where}`,
        'Check the passphrase; a damaged key file gives the same error.',
        exitCodes.key,
      );
    case 'no-key-file':
    case 'no-home':
      return new CommandError(code, `${what}: there is no such file${where}`, null, exitCodes.key);
    case 'bad-key-file':
      return new CommandError(code, `${what} is not a key file${where}`, null, exitCodes.key);
    default:
      return refused(code, `${what}: ${code}${where}`);
  }
}
