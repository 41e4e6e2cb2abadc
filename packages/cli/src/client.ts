/**
 * The node's API as commands see it, whatever carries it: the home's unix socket when the node runs,
 * a call inside this process when it does not. Same paths, same documents, same codes.
 */
import { adviceFor } from './advice.ts';
import { CommandError, usage } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { shown } from './output/foreign-text.ts';
import { ungrouped } from './output/identifiers.ts';

export interface ApiReply {
  status: number;
  contentType: string;
  body: Uint8Array;
}

export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with its query. */
  path: string;
  body: Uint8Array | null;
  contentType: string | null;
}

/** Carries one call. Throws CommandError `unreachable` when nobody answers. */
export interface Transport {
  /** True when another process runs the node. */
  readonly running: boolean;
  call(call: ApiCall): Promise<ApiReply>;
  close(): Promise<void>;
}

export type Query = { [name: string]: string | number | boolean | undefined };

/** Typed by the caller: the schemas are the node's, checked there on the way out. */
export class NodeClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get running(): boolean {
    return this.#transport.running;
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return asJson<T>(
      await this.#call({
        method: 'GET',
        path: path + queryText(query),
        body: null,
        contentType: null,
      }),
    );
  }

  /** A GET whose answer is a file. */
  async file(path: string, query: Query = {}): Promise<Uint8Array> {
    const reply = await this.#call({
      method: 'GET',
      path: path + queryText(query),
      body: null,
      contentType: null,
    });
    return reply.body;
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    return asJson<T>(await this.#call(jsonCall('POST', path, body)));
  }

  async delete<T>(path: string): Promise<T> {
    return asJson<T>(await this.#call({ method: 'DELETE', path, body: null, contentType: null }));
  }

  /** A POST of a file as it is. */
  async postFile<T>(path: string, bytes: Uint8Array, query: Query = {}): Promise<T> {
    return asJson<T>(
      await this.#call({
        method: 'POST',
        path: path + queryText(query),
        body: bytes,
        contentType: 'application/octet-stream',
      }),
    );
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #call(call: ApiCall): Promise<ApiReply> {
    const reply = await this.#transport.call(call);
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw problemOf(reply);
  }
}

/** Path segments from foreign text, which is not empty. */
export function segment(text: string): string {
  if (text === '') throw usage('an argument is empty', 'See what it takes with --help.');
  return encodeURIComponent(ungrouped(text));
}

function jsonCall(method: 'POST' | 'PUT', path: string, body: unknown): ApiCall {
  return {
    method,
    path,
    body: new TextEncoder().encode(JSON.stringify(body)),
    contentType: 'application/json',
  };
}

function asJson<T>(reply: ApiReply): T {
  if (reply.body.length === 0) return null as T;
  return JSON.parse(new TextDecoder().decode(reply.body)) as T;
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

interface Problem {
  code?: unknown;
  title?: unknown;
  detail?: unknown;
  path?: unknown;
}

/** problem+json as the error of a command. */
function problemOf(reply: ApiReply): CommandError {
  let problem: Problem = {};
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(reply.body));
    if (typeof json === 'object' && json !== null) problem = json;
  } catch {
    // Not a document of ours: the status has to do.
  }
  const code = typeof problem.code === 'string' ? problem.code : `http-${reply.status}`;
  const parts = [problem.title, problem.path, problem.detail].filter(
    (part): part is string => typeof part === 'string' && part !== '' && part !== code,
  );
  // A detail may quote what a counterpart wrote; errors of ours may have several lines, it has one.
  const message = parts.length === 0 ? code : shown([...new Set(parts)].join(': '));
  return new CommandError(code, message, adviceFor(code), exitCodeOf(code, reply.status));
}

function exitCodeOf(code: string, status: number): ExitCode {
  if (code === 'passphrase-needed' || code === 'wrong-passphrase') return exitCodes.key;
  if (code === 'locked') return exitCodes.locked;
  if (code === 'unreachable' || code === 'closed') return exitCodes.unreachable;
  if (code === 'restored' || code === 'statements-awaited') return exitCodes.refused;
  return status >= 500 ? exitCodes.fault : exitCodes.refused;
}
