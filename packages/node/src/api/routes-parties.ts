/** Other parties: adding, comparing numbers, confirming, pouches by hand, our own credentials. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { encodeBase64, failure } from '@comity/record';
import { parseCredentialsFile, credentialsFileBytesMax } from '../parties/credentials-file.ts';
import { addParty } from '../parties/adding.ts';
import { loadChain } from '../parties/chains.ts';
import { confirmPairing } from '../parties/confirming.ts';
import { listParties, resolveParty } from '../parties/names.ts';
import { ownCredentialsFile } from '../parties/own-credentials.ts';
import { pairingWith } from '../parties/pairing.ts';
import type { ApiDeps } from './deps.ts';
import { showDraft } from './drafts-shown.ts';
import { orProblem, ProblemError } from './problem.ts';
import { draft, pairing, partyRow, partyText, pouchResult } from './schemas.ts';
import { fileBody, typed } from './scope.ts';

const partyParams = z.object({ party: partyText });

export function partyRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const { desk } = deps;
  const { reader } = desk.store;
  const app = typed(scope);

  app.get('/parties', { schema: { response: { 200: z.array(partyRow) } } }, async () =>
    (await listParties(reader)).map((row) => ({
      party: row.id,
      name: row.name,
      state: row.state,
      directUrl: row.direct_url,
    })),
  );
  app.get('/credentials', { schema: {} }, async (_request, reply) => {
    const file = orProblem(
      await ownCredentialsFile(
        { reader, sequencer: desk.sequencer, party: deps.keys.party },
        deps.direct(),
      ),
    );
    return await reply.type('application/octet-stream').send(Buffer.from(file));
  });
  app.post('/parties/file', { schema: { response: { 200: pairing } } }, async (request) => {
    return await addFrom(deps, fileBody(request.body));
  });
  app.post(
    '/parties/url',
    {
      schema: { body: z.strictObject({ url: z.url().max(2_000) }), response: { 200: pairing } },
    },
    async (request) => {
      const { url } = request.body;
      const bytes = orProblem(await deps.fetchDocument(url, credentialsFileBytesMax));
      return await addFrom(deps, bytes);
    },
  );
  app.get(
    '/parties/:party/number',
    { schema: { params: partyParams, response: { 200: pairing } } },
    async (request) => await pairingShown(deps, await partyNamed(deps, request.params.party)),
  );
  confirmRoute(scope, deps);
  pouchRoutes(scope, deps);
}

function confirmRoute(scope: FastifyInstance, deps: ApiDeps): void {
  typed(scope).post(
    '/parties/:party/confirm',
    {
      schema: {
        params: partyParams,
        body: z.strictObject({ number: z.string().max(200) }),
        response: { 200: pairing.extend({ draft: draft.nullable() }) },
      },
    },
    async (request) => {
      const party = await partyNamed(deps, request.params.party);
      const confirmed = orProblem(await confirmPairing(deps.desk, party, request.body.number));
      const chain = await loadChain(deps.desk.store.reader, deps.keys.party);
      const shown = await pairingShown(deps, party);
      const waiting = confirmed.draft;
      return {
        ...shown,
        draft: waiting === null || chain === null ? null : showDraft(waiting, chain),
      };
    },
  );
}

function pouchRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const app = typed(scope);
  app.post(
    '/parties/:party/pouch',
    {
      schema: {
        params: partyParams,
        response: { 200: pouchResult.extend({ pouch: z.string().describe('base64') }) },
      },
    },
    async (request) => {
      const party = await partyNamed(deps, request.params.party);
      const { pouch, records } = orProblem(await deps.hand.export(party));
      return { pouch: encodeBase64(pouch), records, taken: 0, refused: 0 };
    },
  );
  app.post('/pouches', { schema: { response: { 200: pouchResult } } }, async (request) =>
    orProblem(await deps.hand.import(fileBody(request.body))),
  );
}

async function addFrom(deps: ApiDeps, bytes: Uint8Array) {
  const file = orProblem(parseCredentialsFile(bytes));
  const { store, sequencer, clock, self } = deps.desk;
  const added = orProblem(await addParty({ store, sequencer, clock, self }, file));
  deps.desk.notify({ type: 'channel', party: added.party });
  return await pairingShown(deps, added.party);
}

async function pairingShown(deps: ApiDeps, party: string) {
  const { reader } = deps.desk.store;
  const pairing = orProblem(await pairingWith(reader, deps.keys.party, party));
  const { safetyNumber, state, weConfirmed, theyConfirmed } = pairing;
  const { name } = orProblem(await resolveParty(reader, party));
  return { party, name, safetyNumber, state, weConfirmed, theyConfirmed };
}

async function partyNamed(deps: ApiDeps, text: string): Promise<string> {
  const { id } = orProblem(await resolveParty(deps.desk.store.reader, text));
  if (id === deps.keys.party) throw new ProblemError(failure('own-party', text));
  return id;
}
