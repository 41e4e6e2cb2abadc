/** GET /events: what happens in the node, as server-sent events. */
import type { FastifyInstance } from 'fastify';
import { listenersMax } from './events.ts';
import type { ApiDeps } from './deps.ts';

const keepAliveMs = 20_000;
/** A reader that falls this far behind is cut off; it reconnects and reads the state anew. */
const unsentBytesMax = 1_048_576;

export function eventRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  scope.get('/events', { schema: { hide: true } }, (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'x-content-type-options': 'nosniff',
    });
    raw.write(`retry: 2000\n: at most ${listenersMax} listeners\n\n`);
    const stop = deps.hub.subscribe((event) => {
      if (raw.writableLength > unsentBytesMax) raw.destroy();
      else raw.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    });
    const timer = setInterval(() => raw.write(': still here\n\n'), keepAliveMs);
    timer.unref();
    const end = (): void => {
      clearInterval(timer);
      stop();
    };
    request.raw.once('close', end);
    raw.once('close', end);
    raw.once('error', end);
  });
}
