/**
 * The officers' API: fastify over zod schemas, one OpenAPI document, one error mapper.
 *
 * It has no listener of its own: the node puts it on a TCP address and on the home's unix socket,
 * the command line and the tests call it in the process. Every request carries the token.
 */
import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifySwagger from '@fastify/swagger';
import Fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { encodeHex } from '@comity/record';
import { KeysLockedError } from '../home/locked-keys.ts';
import type { ApiDeps } from './deps.ts';
import { faultProblem, problemOf, ProblemError } from './problem.ts';
import type { Problem } from './problem.ts';
import { deskRoutes } from './routes-desk.ts';
import { docketRoutes } from './routes-dockets.ts';
import { eventRoutes } from './routes-events.ts';
import { importRoutes } from './routes-imports.ts';
import { nodeRoutes } from './routes-node.ts';
import { partyRoutes } from './routes-parties.ts';
import { carriesToken } from './token.ts';

const apiPrefix = '/api/v1';
/** A pouch file and its envelope; everything else is far smaller. */
const requestBytesMax = 16 * 1024 * 1024;

/** Builds the API. Call `ready()` before the first request, `close()` at the end. */
export async function buildApi(deps: ApiDeps): Promise<FastifyInstance> {
  const app = Fastify({ logger: false, bodyLimit: requestBytesMax, forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addContentTypeParser(
    ['application/octet-stream', 'text/plain'],
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  // An empty JSON body stands for an empty object: DELETE and bare POST.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      const value: unknown = body === '' ? {} : JSON.parse(String(body));
      done(null, value);
    } catch {
      done(new ProblemError({ ok: false, code: 'bad-request', path: '', detail: 'not JSON' }));
    }
  });
  app.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply));
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, problemOf({ ok: false, code: 'not-found', path: '' })),
  );
  await app.register(fastifyHelmet, { global: true });
  await app.register(fastifyRateLimit, {
    max: deps.requestsPerMinute,
    timeWindow: 60_000,
    // Callers on the unix socket have no address and share one allowance.
    keyGenerator: (request) => request.ip ?? 'socket',
  });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Comity: the officers’ API of a node', version: '1' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', (request, _reply, done) => {
        const allowed = carriesToken(request.headers.authorization, deps.token);
        const locked = deps.locked && request.method !== 'GET' && request.method !== 'HEAD';
        const code = !allowed ? 'unauthorized' : locked ? 'keys-locked' : null;
        done(code === null ? undefined : new ProblemError({ ok: false, code, path: '' }));
      });
      deskRoutes(scope, deps);
      importRoutes(scope, deps);
      docketRoutes(scope, deps);
      partyRoutes(scope, deps);
      nodeRoutes(scope, deps);
      eventRoutes(scope, deps);
      scope.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
    },
    { prefix: apiPrefix },
  );
  return app;
}

function answerError(
  deps: ApiDeps,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof ProblemError) {
    const problem = problemOf(error.failure);
    if (problem.status !== 500) return sendProblem(reply, problem);
  }
  if (error instanceof KeysLockedError) {
    return sendProblem(reply, problemOf({ ok: false, code: 'keys-locked', path: '' }));
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [first] = error.validation;
    const path = first?.instancePath ?? '';
    const detail = first?.message;
    return sendProblem(
      reply,
      problemOf({
        ok: false,
        code: 'bad-request',
        path,
        ...(detail === undefined ? {} : { detail }),
      }),
    );
  }
  const code = codeOfFastify(error);
  if (code !== null) return sendProblem(reply, problemOf({ ok: false, code, path: '' }));
  const reference = encodeHex(deps.desk.random(6));
  deps.log('error', 'a request failed', {
    reference,
    method: request.method,
    route: request.routeOptions.url ?? '',
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return sendProblem(reply, faultProblem(reference));
}

/** What the framework itself refuses. */
function codeOfFastify(error: unknown): string | null {
  const { statusCode } = error as Partial<FastifyError>;
  switch (statusCode) {
    case 400:
      return 'bad-request';
    case 404:
      return 'not-found';
    case 413:
      return 'too-large';
    case 415:
      return 'wrong-media-type';
    case 429:
      return 'rate-limited';
    default:
      return null;
  }
}

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .serializer((value: unknown) => JSON.stringify(value))
    .send(problem);
}
