/** The exchange of a node, put together: courier, intake, heartbeats, and what listens for it. */
import type { RequestListener } from 'node:http';
import { failure } from '@comity/record';
import type { LogLine } from './context.ts';
import type { HandPouches } from './api/deps.ts';
import type { After } from './exchange/deps.ts';
import type { OpenNode } from './open-node.ts';

export interface NodeExchange {
  hand: HandPouches;
  /** Requests of counterparts: pouches, log tiles, witness, who we are. */
  handler: RequestListener;
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface ExchangeOptions {
  offline: boolean;
  after: After;
  log: LogLine;
}

export async function startExchange(
  _node: OpenNode,
  _options: ExchangeOptions,
): Promise<NodeExchange> {
  return {
    hand: {
      export: () => Promise.resolve(failure('closed', '')),
      import: () => Promise.resolve(failure('closed', '')),
    },
    handler: (_request, response) => response.writeHead(404).end(),
    idle: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
