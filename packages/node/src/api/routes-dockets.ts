/** Dockets, obligations, proofs, bundles, and the check of the whole store. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { failure } from '@comity/record';
import { resolveId } from '../desk/participants.ts';
import { resolveParty } from '../parties/names.ts';
import { exportBundle } from '../watch/bundles.ts';
import { listDockets, showDocket, showStatement } from '../watch/dockets.ts';
import { lookAt } from '../watch/looked-at.ts';
import { fsck } from '../watch/fsck.ts';
import { listOwed } from '../watch/obligations.ts';
import { proofAt } from '../watch/proofs.ts';
import type { ApiDeps } from './deps.ts';
import { orProblem, ProblemError } from './problem.ts';
import {
  confirmedResult,
  confirmRequest,
  docketRow,
  docketText,
  fsckResult,
  owedRow,
  partyText,
  shownDocket,
  statementOfDocket,
} from './schemas.ts';
import { docketNamed, typed } from './scope.ts';

export function docketRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const { desk, keys } = deps;
  const { reader } = desk.store;
  const app = typed(scope);
  const now = () => desk.clock.now();

  app.get(
    '/dockets',
    {
      schema: {
        querystring: z.object({
          type: z.string().max(50).optional(),
          party: partyText.optional(),
          limit: z.coerce.number().int().min(1).max(10_000).optional(),
        }),
        response: { 200: z.array(docketRow) },
      },
    },
    async (request) => {
      await deps.foldSettled();
      const { type, party, limit } = request.query;
      const id = party === undefined ? undefined : orProblem(await resolveParty(reader, party)).id;
      return await listDockets(reader, keys.party, {
        ...(type === undefined ? {} : { type }),
        ...(id === undefined ? {} : { party: id }),
        ...(limit === undefined ? {} : { limit }),
      });
    },
  );
  app.get(
    '/dockets/:docket',
    {
      schema: { params: z.object({ docket: docketText }), response: { 200: shownDocket } },
    },
    async (request) => {
      await deps.foldSettled();
      const docket = await docketNamed(reader, keys.party, request.params.docket);
      return orProblem(await showDocket(reader, docket, now()));
    },
  );
  app.get(
    '/dockets/:docket/bundle',
    { schema: { params: z.object({ docket: docketText }) } },
    async (request, reply) => {
      await deps.foldSettled();
      const docket = await docketNamed(reader, keys.party, request.params.docket);
      const { sequencer } = desk;
      const bundle = orProblem(await exportBundle({ reader, sequencer, keys }, docket));
      return await reply.type('application/octet-stream').send(Buffer.from(bundle));
    },
  );
  lookedAtRoutes(scope, deps);
  confirmRoute(scope, deps);
  statementRoutes(scope, deps);
}

/** An officer has looked at one docket, or at all of them, as they are now. */
function lookedAtRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const { store } = deps.desk;
  const response = { 200: z.object({ docket: z.string().nullable() }) };
  const mark = async (docket: string | null) => {
    await store.transact(async (tx) => await lookAt(tx, deps.keys.party, docket));
    return { docket };
  };
  const app = typed(scope);
  app.post('/dockets/looked-at', { schema: { response } }, async () => await mark(null));
  app.post(
    '/dockets/:docket/looked-at',
    { schema: { params: z.object({ docket: docketText }), response } },
    async (request) =>
      await mark(await docketNamed(store.reader, deps.keys.party, request.params.docket)),
  );
}

/** Having the other participants confirm what the docket is now, before it is handed to a stranger. */
function confirmRoute(scope: FastifyInstance, deps: ApiDeps): void {
  const { reader } = deps.desk.store;
  typed(scope).post(
    '/dockets/:docket/confirm',
    {
      schema: {
        params: z.object({ docket: docketText }),
        body: confirmRequest,
        response: { 200: confirmedResult },
      },
    },
    async (request) => {
      await deps.foldSettled();
      const docket = await docketNamed(reader, deps.keys.party, request.params.docket);
      const confirmed = await deps.confirm(docket, request.body.seconds);
      if (confirmed !== null) return confirmed;
      throw new ProblemError(failure('unknown-docket', docket));
    },
  );
}

/** Obligations, single statements and their proofs, and the check of the whole store. */
function statementRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const { desk, keys } = deps;
  const { reader } = desk.store;
  const app = typed(scope);
  const now = () => desk.clock.now();

  app.get(
    '/obligations',
    {
      schema: {
        querystring: z.object({ all: z.stringbool().default(false) }),
        response: { 200: z.array(owedRow) },
      },
    },
    async (request) => {
      await deps.foldSettled();
      return await listOwed(reader, now(), { all: request.query.all });
    },
  );
  app.get(
    '/statements/:statement',
    {
      schema: {
        params: z.object({ statement: z.string().min(1).max(64) }),
        response: { 200: statementOfDocket },
      },
    },
    async (request) => {
      await deps.foldSettled();
      const id = orProblem(await resolveId(reader, 'statements', request.params.statement));
      return orProblem(await showStatement(reader, id, now()));
    },
  );
  app.get(
    '/statements/:statement/proof',
    {
      schema: {
        params: z.object({ statement: z.string().min(6).max(64) }),
        querystring: z.object({ at: partyText.default('self') }),
      },
    },
    async (request, reply) => {
      const statement = orProblem(await resolveId(reader, 'statements', request.params.statement));
      const { at } = request.query;
      const party = at === 'self' ? keys.party : orProblem(await resolveParty(reader, at)).id;
      const { sequencer } = desk;
      const proof = orProblem(await proofAt({ reader, sequencer, keys }, statement, party));
      return await reply.type('text/plain; charset=utf-8').send(proof);
    },
  );
  app.post('/fsck', { schema: { response: { 200: fsckResult } } }, () => fsck(reader, keys.party));
}
