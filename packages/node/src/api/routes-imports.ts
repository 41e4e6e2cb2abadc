/** Records from other people's data: drafted here, signed by the client, raised once. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { encodeBase64, failure } from '@comity/record';
import type { Chain, JsonValue } from '@comity/record';
import { authorityOf } from '../desk/authority.ts';
import { importRecords } from '../desk/imports.ts';
import type { ImportedRecord } from '../desk/imports.ts';
import { loadChain } from '../parties/chains.ts';
import type { ApiDeps } from './deps.ts';
import { ProblemError } from './problem.ts';
import { importedItem, importRequest } from './schemas.ts';
import { partiesNamed, typed } from './scope.ts';

export function importRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  typed(scope).post(
    '/imports',
    { schema: { body: importRequest, response: { 200: z.array(importedItem) } } },
    async (request) => {
      await deps.foldSettled();
      const { reader } = deps.desk.store;
      const chain = await loadChain(reader, deps.keys.party);
      if (chain === null) throw new ProblemError(failure('no-credentials', deps.keys.party));
      const to = await partiesNamed(reader, request.body.to);
      const records = request.body.records.map((record) => ({
        ...record,
        body: record.body as { [key: string]: JsonValue },
      }));
      const imported = await importRecords(deps.desk, to, records, request.body.dryRun);
      return imported.map((one) => showImported(one, chain));
    },
  );
}

function showImported(one: ImportedRecord, chain: Chain): z.infer<typeof importedItem> {
  if (one.state !== 'draft') return one;
  const { draft } = one;
  const authority = authorityOf(draft, draft.signatures, chain);
  const waiting = authority.ok ? authority.value : null;
  return {
    key: one.key,
    state: 'draft',
    draft: draft.id,
    payloadType: draft.payloadType,
    payload: encodeBase64(draft.payload),
    maySign: waiting?.maySign ?? [],
    missingSignatures: waiting?.missingSignatures ?? 0,
  };
}
