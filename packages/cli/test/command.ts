/** Runs the real command in a child process, in a folder of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../bin/comity.js', import.meta.url));

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** stdout as JSON. */
  json(): Record<string, unknown>;
  list(): Record<string, unknown>[];
}

export interface RunOptions {
  stdin?: string;
  environment?: Record<string, string>;
}

/** A place with its own user state folder; homes and files of one test live in it. */
export class Place {
  readonly folder: string;
  readonly #running: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), 'comity-cli-')));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  environment(more: Record<string, string> = {}): Record<string, string> {
    const { PATH = '', TMPDIR } = process.env;
    return {
      PATH,
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
      HOME: this.folder,
      XDG_STATE_HOME: join(this.folder, 'state'),
      COMITY_DEBUG: '1',
      ...more,
    };
  }

  /** Runs one command line to its end. */
  run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [script, ...words], {
        cwd: this.folder,
        env: this.environment(options.environment),
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', reject);
      child.on('close', (code) => {
        const parse = (): unknown => {
          try {
            return JSON.parse(stdout);
          } catch {
            throw new Error(`${words.join(' ')}: no JSON on stdout\n${stdout}\n${stderr}`);
          }
        };
        resolve({
          code,
          stdout,
          stderr,
          json: () => parse() as Record<string, unknown>,
          list: () => parse() as Record<string, unknown>[],
        });
      });
      child.stdin.end(options.stdin ?? '');
    });
  }

  /** Runs a command that must succeed. */
  async done(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await this.run(words, options);
    if (ran.code !== 0) {
      throw new Error(
        `comity ${words.join(' ')} ended with ${ran.code}\n${ran.stdout}\n${ran.stderr}`,
      );
    }
    return ran;
  }

  /** Starts a node and resolves when it says `ready`. */
  start(home: string, words: readonly string[] = []): Promise<StartedNode> {
    const child = spawn(
      process.execPath,
      [
        script,
        'start',
        '--home',
        home,
        '--exchange',
        '127.0.0.1:0',
        '--api',
        '127.0.0.1:0',
        ...words,
      ],
      { cwd: this.folder, env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#running.push(child);
    return new Promise((resolve, reject) => {
      let text = '';
      const ended = new Promise<number | null>((end) => child.on('close', (code) => end(code)));
      const hear = (part: string): void => {
        text += part;
        if (/^ready$/mu.test(text)) resolve({ child, ended, output: () => text });
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
      child.on('close', (code) => reject(new Error(`start ended with ${code}\n${text}`)));
    });
  }

  async remove(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface StartedNode {
  child: ChildProcess;
  ended: Promise<number | null>;
  output(): string;
}
