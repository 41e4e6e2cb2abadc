/** The node itself: status, who we are, officers, witnesses, alarms, rotation of credentials. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { failure, formatVkey, newestVersion } from '@comity/record';
import { makeDraft } from '../desk/drafts.ts';
import { ensureNextLogKey } from '../home/log-keys.ts';
import { readEndedLog } from '../log/ended-log.ts';
import { listOfficerKeys } from '../officers/key-files.ts';
import { rosterOf } from '../officers/roster.ts';
import { rotateCredentials } from '../officers/rotation.ts';
import type { RotationWish } from '../officers/rotation.ts';
import { loadChain } from '../parties/chains.ts';
import { clearAlarmById, listAlarms } from '../alarms.ts';
import { nodeStatus } from '../watch/status.ts';
import type { ApiDeps } from './deps.ts';
import { showDraft } from './drafts-shown.ts';
import { orProblem, ProblemError } from './problem.ts';
import {
  alarm,
  draft,
  restoreAnswer,
  restoreWord,
  roster,
  rotationWish,
  status,
  witness,
} from './schemas.ts';
import { typed } from './scope.ts';

const self = z.object({
  party: z.string(),
  name: z.string(),
  exercise: z.boolean(),
  origin: z.string(),
  vkey: z.string(),
  officers: z.array(z.string()),
  unprotectedKeys: z.boolean(),
  direct: z.string().nullable(),
});

export function nodeRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const { desk, keys } = deps;
  const { reader } = desk.store;
  const app = typed(scope);
  const readStatus = () =>
    nodeStatus({
      reader,
      sequencer: desk.sequencer,
      keys,
      name: deps.name,
      unprotectedKeys: deps.unprotectedKeys,
      witnesses: deps.witnesses,
      now: desk.clock.now(),
    });

  app.get('/status', { schema: { response: { 200: status } } }, readStatus);
  app.get('/party', { schema: { response: { 200: self } } }, async () => {
    const chain = await ownChain(deps);
    const { officers } = rosterOf(chain, []);
    return {
      party: keys.party,
      name: deps.name,
      exercise: keys.exercise,
      origin: keys.logSigner.key.name,
      vkey: formatVkey(keys.logSigner.key),
      officers: officers.map((officer) => officer.office),
      unprotectedKeys: deps.unprotectedKeys,
      direct: deps.direct(),
    };
  });
  app.get('/officers', { schema: { response: { 200: roster } } }, async () =>
    rosterOf(await ownChain(deps), await listOfficerKeys(deps.layout)),
  );
  app.get('/witnesses', { schema: { response: { 200: z.array(witness) } } }, async () => {
    return (await readStatus()).witnesses;
  });
  alarmRoutes(scope, deps);
  restoreRoute(scope, deps);
  rotationRoute(scope, deps);
  newLogRoute(scope, deps);
}

function alarmRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const { desk } = deps;
  const { reader } = desk.store;
  const app = typed(scope);
  app.get(
    '/alarms',
    {
      schema: {
        querystring: z.object({ all: z.stringbool().default(false) }),
        response: { 200: z.array(alarm) },
      },
    },
    async (request) => await listAlarms(reader, request.query.all),
  );
  app.post(
    '/alarms/:alarm/clear',
    {
      schema: {
        params: z.object({ alarm: z.string() }),
        response: { 200: z.object({ alarm: z.string() }) },
      },
    },
    async (request) => {
      const { alarm: id } = request.params;
      const cleared = await desk.store.transact((tx) => clearAlarmById(tx, id, desk.clock.now()));
      if (!cleared) throw new ProblemError(failure('unknown-alarm', id));
      return { alarm: id };
    },
  );
}

/** Ending the block after a restore where there is nobody to ask (rulings.md, 25). */
function restoreRoute(scope: FastifyInstance, deps: ApiDeps): void {
  typed(scope).post(
    '/restore/confirm',
    { schema: { body: restoreWord, response: { 200: restoreAnswer } } },
    async (request) => {
      if ('withoutTheRest' in request.body) {
        const { size, givenUp } = orProblem(await deps.withoutTheRest());
        return { size, givenUp, ended: false };
      }
      const givenUp = 0;
      const confirmed = await deps.nobodyElse();
      if (confirmed.ok) return { size: confirmed.value.size, givenUp, ended: false };
      if (confirmed.code === 'not-enough-stated' || confirmed.code === 'entries-needed') {
        throw new ProblemError(failure('somebody-to-ask', '', confirmed.detail));
      }
      if (confirmed.code !== 'log-ended') throw new ProblemError(confirmed);
      return { size: Number(confirmed.detail), givenUp, ended: true };
    },
  );
}

function rotationRoute(scope: FastifyInstance, deps: ApiDeps): void {
  const { desk } = deps;
  typed(scope).post(
    '/credentials/rotation',
    { schema: { body: rotationWish, response: { 201: draft } } },
    async (request, reply) => {
      const chain = await ownChain(deps);
      const wish = request.body as RotationWish;
      const body = orProblem(rotateCredentials(chain, wish, desk.clock.now()));
      const made = orProblem(
        await makeDraft(desk, { kind: 'party.credentials', to: [], docket: null, body }),
      );
      return await reply.code(201).send(showDraft(made, chain));
    },
  );
}

/** Where our log has ended: the credentials that begin another (protocol.md, Log). */
function newLogRoute(scope: FastifyInstance, deps: ApiDeps): void {
  const { desk, keys, layout } = deps;
  typed(scope).post(
    '/credentials/new-log',
    { schema: { body: z.strictObject({}).nullish(), response: { 201: draft } } },
    async (_request, reply) => {
      const chain = await ownChain(deps);
      const { origin } = newestVersion(chain).body.log;
      const ended = await readEndedLog(desk.store.reader, origin);
      if (desk.sequencer.blocked !== 'ended' || ended === null) {
        throw new ProblemError(failure('log-not-ended', origin));
      }
      const begun = new Set(chain.versions.map((version) => version.origin));
      const logs = { firstOrigin: chain.versions[0]?.origin ?? origin, begun: begun.size };
      const { key } = await ensureNextLogKey(layout, keys, logs, desk.random);
      const newLog = { vkey: formatVkey(key), origin: key.name, size: ended.size };
      const body = orProblem(rotateCredentials(chain, { newLog }, desk.clock.now()));
      const made = orProblem(
        await makeDraft(desk, { kind: 'party.credentials', to: [], docket: null, body }),
      );
      return await reply.code(201).send(showDraft(made, chain));
    },
  );
}

async function ownChain(deps: ApiDeps) {
  const chain = await loadChain(deps.desk.store.reader, deps.keys.party);
  if (chain === null) throw new ProblemError(failure('no-credentials', deps.keys.party));
  return chain;
}
