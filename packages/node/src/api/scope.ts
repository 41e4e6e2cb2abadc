/** Helpers that every group of routes needs, and nothing else. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { failure } from '@comity/record';
import { channelDocket } from '@comity/record';
import { resolveId } from '../desk/participants.ts';
import { resolveParty } from '../parties/names.ts';
import type { StoreReader } from '../store/store.ts';
import { orProblem, ProblemError } from './problem.ts';

/** A scope whose handlers are typed by their zod schemas. */
export function typed(scope: FastifyInstance) {
  return scope.withTypeProvider<ZodTypeProvider>();
}

/** Identifiers of the named parties. */
export async function partiesNamed(
  reader: StoreReader,
  names: readonly string[],
): Promise<string[]> {
  const parties: string[] = [];
  for (const name of names) parties.push(orProblem(await resolveParty(reader, name)).id);
  return parties;
}

/**
 * The docket that a person means: an id, its beginning, or a party's name for the channel with it.
 */
export async function docketNamed(
  reader: StoreReader,
  self: string,
  text: string,
): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  const byId = await resolveId(reader, 'dockets', text);
  if (byId.ok) return byId.value;
  if (byId.code === 'ambiguous-docket') throw new ProblemError(byId);
  const party = await resolveParty(reader, text);
  if (party.ok && party.value.id !== self) return channelDocket(self, party.value.id);
  if (!party.ok && party.code === 'ambiguous-party') throw new ProblemError(party);
  throw new ProblemError(failure('unknown-docket', text));
}

/** The bytes of a request that is a file. */
export function fileBody(body: unknown): Uint8Array {
  if (Buffer.isBuffer(body)) return new Uint8Array(body);
  throw new ProblemError(failure('wrong-media-type', '', 'send application/octet-stream'));
}
