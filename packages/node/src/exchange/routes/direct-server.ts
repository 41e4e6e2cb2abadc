/**
 * What a node answers on the direct route, and where it says who it is. Strangers get an unsigned
 * 4xx and are counted; they learn nothing about whom we know (protocol.md, Intake).
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { After } from '../deps.ts';
import {
  bodyPaceBytesMin,
  bodyPaceMs,
  busyRetryAfterSeconds,
  pouchRequestsMax,
  pouchRequestsPerAddressMax,
  sealedPouchBytesMax,
} from '../limits.ts';
import { holderOfAddress, makeSlots } from '../slots.ts';
import { pouchMediaType, pouchPath } from './direct.ts';

/** What the exchange says to a pouch that came in. */
export type PouchAnswer =
  | { status: 200; sealed: Uint8Array }
  | { status: 202 }
  | { status: 400 | 403 | 413 | 503; code: string };

export interface DirectServerDeps {
  party: string;
  receive(sealed: Uint8Array): Promise<PouchAnswer>;
  /** A pouch was turned away before it was read: too many are under way, or it came too slowly. */
  turnedAway(reason: 'busy' | 'slow'): void;
  after: After;
}

/** POST /exchange/v1/pouch and GET /.well-known/comity. */
export async function directServer(app: FastifyInstance, deps: DirectServerDeps): Promise<void> {
  app.addContentTypeParser(
    pouchMediaType,
    { parseAs: 'buffer', bodyLimit: sealedPouchBytesMax },
    (_request, body, done) => done(null, body),
  );
  // Taken before the body is read: what nobody has opened yet must not fill the memory.
  const slots = makeSlots(pouchRequestsMax, pouchRequestsPerAddressMax);
  const turnAway = (reply: FastifyReply, status: number, code: 'busy' | 'slow'): FastifyReply => {
    deps.turnedAway(code);
    // The body, or what is missing of it, is not waited for.
    return problem(reply.header('connection', 'close'), status, code);
  };
  const onRequest = async ({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const release = slots.take(holderOfAddress(raw.socket.remoteAddress ?? ''));
    if (release === null) {
      await turnAway(reply, 503, 'busy');
      return;
    }
    const stopWatching = watchPace(raw, deps.after, () => {
      if (!reply.sent) void turnAway(reply, 408, 'slow');
    });
    reply.raw.once('close', () => {
      release();
      stopWatching();
    });
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

/** Calls `tooSlow` once, where the body keeps no pace; until it is whole or "stop" is called. */
function watchPace(message: IncomingMessage, after: After, tooSlow: () => void): () => void {
  const { socket } = message;
  const look = (before: number): (() => void) =>
    after(bodyPaceMs, () => {
      if (message.complete) return;
      if (socket.bytesRead - before < bodyPaceBytesMin) tooSlow();
      else stop = look(socket.bytesRead);
    });
  let stop = look(socket.bytesRead);
  return () => stop();
}

function problem(reply: FastifyReply, status: number, code: string): FastifyReply {
  if (status === 503) reply.header('retry-after', String(busyRetryAfterSeconds));
  return reply.code(status).type('application/problem+json').send({ status, code, title: code });
}
