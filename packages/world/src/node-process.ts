/**
 * One node as a process of its own: started, waited for, stopped, and killed where a test says so.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { worldEnvironment } from './environment.ts';

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;
const keptLinesMax = 200;

export interface NodeProcess {
  pid: number;
  /** Addresses that it printed when it was ready. */
  exchange: string;
  api: string | null;
  /** Newest log lines, for an error message. */
  lines(): string[];
  /** Asks it to end and waits; ends it hard after ten seconds. */
  stop(): Promise<void>;
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  /** Resolves with the exit code when it has ended. */
  ended: Promise<number | null>;
}

/**
 * Starts the node of `home` as its `config.json` says; resolves when it is ready. COMITY_* variables
 * of our own environment do not reach it, those of `environment` do.
 */
export async function startNodeProcess(
  home: string,
  environment: { [name: string]: string } = {},
): Promise<NodeProcess> {
  const main = fileURLToPath(new URL('./node-main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, home], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...worldEnvironment(), ...environment },
  });
  const kept: string[] = [];
  const keep = (line: string): void => {
    kept.push(line);
    if (kept.length > keptLinesMax) kept.shift();
  };
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  createInterface({ input: child.stderr }).on('line', keep);
  const ready = await waitUntilReady(child, keep, kept);
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  };
  return {
    pid: child.pid ?? -1,
    exchange: ready.exchange,
    api: ready.api,
    lines: () => [...kept],
    stop: async () => await end('SIGTERM'),
    kill: async () => await end('SIGKILL'),
    ended,
  };
}

interface Ready {
  exchange: string;
  api: string | null;
}

async function waitUntilReady(
  child: ChildProcess,
  keep: (line: string) => void,
  kept: readonly string[],
): Promise<Ready> {
  return await new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`the node did not start (${why})\n${kept.join('\n')}`));
    };
    const timer = setTimeout(() => fail('no answer in time'), readyTimeoutMs);
    const early = (code: number | null): void => {
      clearTimeout(timer);
      fail(`exit ${code ?? 'by a signal'}`);
    };
    child.once('exit', early);
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('ready ')) {
        keep(line);
        return;
      }
      clearTimeout(timer);
      child.off('exit', early);
      resolve(JSON.parse(line.slice('ready '.length)) as Ready);
    });
  });
}
