/**
 * What a node answers on the direct route, and where it says who it is. Strangers get an unsigned
 * 4xx and are counted; they learn nothing about whom we know (protocol.md, Intake).
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { busyRetryAfterSeconds, pouchRequestsMax, sealedPouchBytesMax } from '../limits.ts';
import { pouchMediaType, pouchPath } from './direct.ts';

/** What the exchange says to a pouch that came in. */
export type PouchAnswer =
  | { status: 200; sealed: Uint8Array }
  | { status: 202 }
  | { status: 400 | 403 | 413 | 503; code: string };

export interface DirectServerDeps {
  party: string;
  receive(sealed: Uint8Array): Promise<PouchAnswer>;
  /** A pouch was turned away before it was read, because too many are under way. */
  onBusy(): void;
}

/** POST /exchange/v1/pouch and GET /.well-known/comity. */
export async function directServer(app: FastifyInstance, deps: DirectServerDeps): Promise<void> {
  app.addContentTypeParser(
    pouchMediaType,
    { parseAs: 'buffer', bodyLimit: sealedPouchBytesMax },
    (_request, body, done) => done(null, body),
  );
  // Counted before the body is read: what nobody has opened yet must not fill the memory.
  let requests = 0;
  const onRequest = async (_request: unknown, reply: FastifyReply): Promise<void> => {
    if (requests >= pouchRequestsMax) {
      deps.onBusy();
      // The body is not waited for.
      await problem(reply.header('connection', 'close'), 503, 'busy');
      return;
    }
    requests += 1;
    reply.raw.once('close', () => (requests -= 1));
  };
  app.post(pouchPath, { bodyLimit: sealedPouchBytesMax, onRequest }, async (request, reply) => {
    const { body } = request;
    if (!(body instanceof Uint8Array)) return problem(reply, 400, 'unreadable');
    const answer = await deps.receive(new Uint8Array(body));
    if (answer.status === 200) {
      return reply.code(200).type(pouchMediaType).send(Buffer.from(answer.sealed));
    }
    if (answer.status === 202) return reply.code(202).send();
    return problem(reply, answer.status, answer.code);
  });
  app.get('/.well-known/comity', () => ({
    party: deps.party,
    protocols: [1],
    paths: { pouch: pouchPath, log: '/log/' },
  }));
  await Promise.resolve();
}

function problem(reply: FastifyReply, status: number, code: string): FastifyReply {
  if (status === 503) reply.header('retry-after', String(busyRetryAfterSeconds));
  return reply.code(status).type('application/problem+json').send({ status, code, title: code });
}
