/** The witness over HTTP (c2sp.org/tlog-witness): submission and monitoring. */
import type { FastifyInstance } from 'fastify';
import type { StoreReader } from '../store/store.ts';
import { addCheckpoint, type WitnessDeps } from './add-checkpoint.ts';
import { requestBytesMax } from './request.ts';

/** Submissions that are judged at a time; more are told to come again. */
export const requestsMax = 32;

/** Mounts `/witness/add-checkpoint` and `/witness/<hex sha256(origin)>/checkpoint`. */
export async function witnessRoutes(app: FastifyInstance, deps: WitnessDeps): Promise<void> {
  let underWay = 0;
  await app.register(async (scope) => {
    // Bodies are text of our own parsing, whatever type they claim.
    scope.removeAllContentTypeParsers();
    const whole = { parseAs: 'buffer', bodyLimit: requestBytesMax } as const;
    scope.addContentTypeParser('*', whole, (_request, body, done) => done(null, body));
    scope.post(
      '/witness/add-checkpoint',
      { bodyLimit: requestBytesMax },
      async (request, reply) => {
        if (underWay >= requestsMax) {
          // A log's own client backs off and comes again.
          return reply.code(503).header('retry-after', '5').type('text/plain').send('busy\n');
        }
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        underWay += 1;
        const answer = await addCheckpoint(deps, new Uint8Array(body)).finally(() => {
          underWay -= 1;
        });
        return reply.code(answer.status).type(answer.contentType).send(answer.body);
      },
    );
    scope.get<{ Params: { hash: string } }>('/witness/:hash/checkpoint', async (request, reply) => {
      const note = await monitoredCheckpoint(deps.store.reader, request.params.hash);
      if (note === null) return reply.code(404).type('text/plain; charset=utf-8').send('');
      return reply
        .header('cache-control', 'max-age=5')
        .type('text/plain; charset=utf-8')
        .send(note);
    });
  });
}

/** Newest cosigned checkpoint of the log with this origin hash; null for none. */
async function monitoredCheckpoint(reader: StoreReader, hash: string): Promise<string | null> {
  if (!/^[0-9a-f]{64}$/.test(hash)) return null;
  const row = await reader
    .selectFrom('witnessed_logs')
    .select('note')
    .where('origin_hash', '=', hash)
    .executeTakeFirst();
  return row?.note ?? null;
}
