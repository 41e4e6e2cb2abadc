/**
 * Drafts, signatures, draft files, and `say` for exercises.
 *
 * POST /drafts → the client signs on its own side → POST /drafts/:draft/signatures. No passphrase
 * and no private key ever comes here.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { failure } from '@comity/record';
import type { Chain, EnvelopeSignature, JsonValue } from '@comity/record';
import { addSignatures } from '../desk/approvals.ts';
import { formatDraftFile, parseDraftFile } from '../desk/draft-file.ts';
import { voidReasonOf } from '../desk/foretell.ts';
import { discardDraft, listDrafts, loadDraft, makeDraft } from '../desk/drafts.ts';
import type { Draft } from '../desk/drafts.ts';
import { officersAtHand } from '../desk/officers-at-hand.ts';
import { resolveId } from '../desk/participants.ts';
import { say } from '../desk/say.ts';
import { loadChain } from '../parties/chains.ts';
import { partyNames } from '../watch/names.ts';
import type { ApiDeps } from './deps.ts';
import { showApproval, showDraft } from './drafts-shown.ts';
import { orProblem, ProblemError } from './problem.ts';
import { approval, draft, draftRequest, signature } from './schemas.ts';
import { docketNamed, fileBody, partiesNamed, typed } from './scope.ts';

const draftParams = z.object({ draft: z.string().min(6).max(64) });
const signaturesMax = 16;
const batchMax = 256;

export function deskRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const { desk } = deps;
  const { reader } = desk.store;
  const app = typed(scope);

  app.post(
    '/drafts',
    { schema: { body: draftRequest, response: { 201: draft } } },
    async (request, reply) => {
      const made = orProblem(await makeDraft(desk, await readRequest(deps, request.body)));
      return await reply.code(201).send(showDraft(made, await ownChain(deps)));
    },
  );
  app.get('/drafts', { schema: { response: { 200: z.array(draft) } } }, async () => {
    const chain = await ownChain(deps);
    return (await listDrafts(reader)).map((one) => showDraft(one, chain));
  });
  app.get(
    '/drafts/:draft',
    { schema: { params: draftParams, response: { 200: draft } } },
    async (request) => {
      const one = await draftNamed(deps, request.params.draft);
      const wouldBeVoid = one.state === 'open' ? await voidReasonOf(desk, one) : null;
      return { ...showDraft(one, await ownChain(deps)), wouldBeVoid };
    },
  );
  app.delete(
    '/drafts/:draft',
    { schema: { params: draftParams, response: { 200: z.object({ draft: z.string() }) } } },
    async (request) => {
      const { id } = await draftNamed(deps, request.params.draft);
      orProblem(await discardDraft(desk, id));
      return { draft: id };
    },
  );
  app.post(
    '/drafts/:draft/signatures',
    {
      schema: {
        params: draftParams,
        body: z.strictObject({
          signatures: z.array(signature).min(1).max(signaturesMax),
          evenIfVoid: z.boolean().default(false),
        }),
        response: { 200: approval },
      },
    },
    async (request) => {
      const { id } = await draftNamed(deps, request.params.draft);
      const given = request.body.signatures as EnvelopeSignature[];
      const { evenIfVoid } = request.body;
      return showApproval(orProblem(await addSignatures(desk, id, given, evenIfVoid)));
    },
  );
  batchRoute(scope, deps);
  fileRoutes(scope, deps);
  sayRoute(scope, deps);
}

/** Many drafts at once: their statements share a commit of the log. */
function batchRoute(scope: FastifyInstance, deps: ApiDeps): void {
  const item = z.strictObject({
    draft: z.string().regex(/^[0-9a-f]{64}$/),
    signatures: z.array(signature).min(1).max(signaturesMax),
  });
  const answer = z.object({
    draft: z.string(),
    approval: approval.optional(),
    code: z.string().optional(),
    detail: z.string().optional(),
  });
  typed(scope).post(
    '/signatures',
    {
      schema: {
        body: z.strictObject({ items: z.array(item).max(batchMax) }),
        response: { 200: z.array(answer) },
      },
    },
    async (request) =>
      await Promise.all(
        request.body.items.map(async ({ draft: id, signatures }) => {
          const added = await addSignatures(deps.desk, id, signatures as EnvelopeSignature[]);
          if (added.ok) return { draft: id, approval: showApproval(added.value) };
          const detail = [added.path, added.detail].filter((text) => text).join(': ');
          return { draft: id, code: added.code, detail };
        }),
      ),
  );
}

/** Draft files for `comity sign` on an officer's own device. */
function fileRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const app = typed(scope);
  app.get('/drafts/:draft/file', { schema: { params: draftParams } }, async (request, reply) => {
    const one = await draftNamed(deps, request.params.draft);
    const known = await partyNames(deps.desk.store.reader);
    const concerned = [one.statement.from ?? '', ...one.statement.to];
    const names = Object.fromEntries(
      concerned.flatMap((party) => {
        const name = known.get(party);
        return name === undefined ? [] : [[party, name]];
      }),
    );
    const file = formatDraftFile({ ...one, names });
    return await reply.type('application/octet-stream').send(Buffer.from(file));
  });
  const querystring = z.object({ evenIfVoid: z.stringbool().default(false) });
  const schema = { querystring, response: { 200: approval } };
  app.post('/drafts/file', { schema }, async (request) => {
    const file = orProblem(parseDraftFile(fileBody(request.body)));
    if (file.signatures.length === 0) {
      throw new ProblemError(failure('bad-draft-file', 'signatures', 'it is not signed yet'));
    }
    const { evenIfVoid } = request.query;
    const { id, signatures } = file;
    return showApproval(orProblem(await addSignatures(deps.desk, id, signatures, evenIfVoid)));
  });
}

/** Signs with keys that lie open in the home: exercises and trials only. */
function sayRoute(scope: FastifyInstance, deps: ApiDeps): void {
  const body = draftRequest.extend({ officers: z.array(z.string().max(200)).max(16).default([]) });
  typed(scope).post('/say', { schema: { body, response: { 200: approval } } }, async (request) => {
    if (!deps.unprotectedKeys) throw new ProblemError(failure('keys-protected', ''));
    const { officers, ...wish } = request.body;
    const secrets = orProblem(await officersAtHand(deps.layout, officers));
    const wanted = await readRequest(deps, wish);
    return showApproval(orProblem(await say(deps.desk, wanted, secrets)));
  });
}

async function readRequest(deps: ApiDeps, wish: z.infer<typeof draftRequest>) {
  // Terms in force, heads and who owes what are of the folded state: what came in just now counts.
  await deps.foldSettled();
  const { reader } = deps.desk.store;
  const { docket, cites, terms, unchecked, evenIfVoid } = wish;
  return {
    kind: wish.kind,
    to: await partiesNamed(reader, wish.to),
    docket: docket === null ? null : await docketNamed(reader, deps.keys.party, docket),
    body: wish.body as { [key: string]: JsonValue },
    ...(cites === undefined ? {} : { cites }),
    ...(terms === undefined ? {} : { terms }),
    ...(unchecked === undefined ? {} : { unchecked }),
    ...(evenIfVoid === undefined ? {} : { evenIfVoid }),
  };
}

async function draftNamed(deps: ApiDeps, text: string): Promise<Draft> {
  const id = orProblem(await resolveId(deps.desk.store.reader, 'drafts', text));
  const found = await loadDraft(deps.desk.store.reader, id);
  if (found === null) throw new ProblemError(failure('unknown-draft', text));
  return found;
}

async function ownChain(deps: ApiDeps): Promise<Chain> {
  const chain = await loadChain(deps.desk.store.reader, deps.keys.party);
  if (chain === null) throw new ProblemError(failure('no-credentials', deps.keys.party));
  return chain;
}
