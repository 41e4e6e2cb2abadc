/** A node whose answers somebody rewrites: what the command line meets where the node is taken over. */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { homeLayout, startNode } from '@comity/node';
import type { LocalCall, LocalReply, RunningNode } from '@comity/node';
import type { Place } from './command.ts';

export interface Call extends LocalCall {
  body: Uint8Array | null;
}

/** Answers in the node's stead; null: the node itself answers. */
export type Tamper = (call: Call, node: RunningNode) => Promise<LocalReply | null>;

export interface TamperingNode {
  node: RunningNode;
  /** What was called since the last `tamperWith`. */
  calls: Call[];
  tamperWith(tamper: Tamper): void;
  close(): Promise<void>;
}

/** Holds the home's lock with a real node and listens on its socket in front of it. */
export async function startTamperingNode(place: Place, name: string): Promise<TamperingNode> {
  const home = place.path(name);
  const node = await startOffline(place, home);
  let tamper: Tamper = () => Promise.resolve(null);
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const call = await readCall(request);
      calls.push(call);
      const reply = (await tamper(call, node)) ?? (await node.call(call));
      response.writeHead(reply.status, { 'content-type': reply.contentType }).end(reply.body);
    })();
  });
  await new Promise<void>((done) => server.listen(homeLayout(home).socket, done));
  return {
    node,
    calls,
    tamperWith: (next) => {
      calls.length = 0;
      tamper = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await node.close();
    },
  };
}

/** A node of a home, without listeners. */
export async function startOffline(place: Place, home: string): Promise<RunningNode> {
  return await startNode({ home, environment: nodeEnvironment(place), offline: true });
}

/** The environment without the mark that is only for the command line. */
export function nodeEnvironment(place: Place): Record<string, string> {
  const { COMITY_DEBUG: _debug, ...environment } = place.environment();
  return environment;
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  const body = new Uint8Array(Buffer.concat(parts));
  return {
    method: request.method as Call['method'],
    path: (request.url ?? '').slice('/api/v1'.length),
    body: body.length === 0 ? null : body,
    contentType: request.headers['content-type'] ?? null,
  };
}

export function jsonOf(bytes: Uint8Array | null): Record<string, unknown> {
  return JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as Record<string, unknown>;
}

export function jsonBytes(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(value)));
}
