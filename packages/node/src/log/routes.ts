/** Our log over HTTP (c2sp.org/tlog-tiles): checkpoint, tiles, entry bundles. */
import { encodeEntryBundle, parseTilePath, tileWidthMax } from '@comity/record';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { StoreReader } from '../store/store.ts';
import { noteWithMoreLines } from './checkpoints.ts';
import { linesBeside } from './cosignatures.ts';
import type { Sequencer } from './jobs.ts';
import { readTiles } from './tiles.ts';

const hashBytes = 32;
const immutable = 'public, max-age=31536000, immutable';

export interface LogRouteDeps {
  reader: StoreReader;
  sequencer: Pick<Sequencer, 'newest'>;
}

/**
 * Mounts `/log/checkpoint` and `/log/tile/…`. Serves only what the newest published checkpoint
 * implies: a tile past it may be committed, but its checkpoint has not left yet.
 */
export async function logRoutes(app: FastifyInstance, deps: LogRouteDeps): Promise<void> {
  app.get('/log/checkpoint', async (_request, reply) => {
    const newest = deps.sequencer.newest();
    if (newest === null) return notFound(reply);
    const lines = await linesBeside(deps.reader, newest.origin, newest.size, newest.note);
    return reply
      .header('cache-control', 'max-age=1')
      .type('text/plain; charset=utf-8')
      .send(noteWithMoreLines(newest.note, lines));
  });
  app.get('/log/tile/*', async (request, reply) => {
    const newest = deps.sequencer.newest();
    // The raw path: what a decoder would make of escapes is no tile's name.
    const path = request.raw.url?.slice('/log/'.length) ?? '';
    const tile = newest === null ? null : await tileBytes(deps.reader, newest, path);
    if (tile === null) return notFound(reply);
    return reply
      .header('cache-control', immutable)
      .type('application/octet-stream')
      .send(Buffer.from(tile));
  });
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).type('text/plain; charset=utf-8').send('not found\n');
}

/** Bytes at a tile path (`tile/…`), null when the checkpoint of this size does not imply it. */
async function tileBytes(
  reader: StoreReader,
  log: { origin: string; size: number },
  path: string,
): Promise<Uint8Array | null> {
  const tile = parseTilePath(path);
  if (!tile.ok) return null;
  const { level, index, width } = tile.value;
  const treeLevel = level === 'entries' ? 0 : level;
  const hashes = Math.floor(log.size / tileWidthMax ** treeLevel);
  if (index * tileWidthMax + width > hashes) return null;
  if (level === 'entries') return await entryBundle(reader, log.origin, index, width);
  const [found] = await readTiles(reader, log.origin, [{ level, index }]);
  if (found === undefined || found.width < width) return null;
  return found.hashes.subarray(0, width * hashBytes);
}

async function entryBundle(
  reader: StoreReader,
  origin: string,
  index: number,
  width: number,
): Promise<Uint8Array | null> {
  const rows = await reader
    .selectFrom('entries')
    .select('entry')
    .where('origin', '=', origin)
    .where('log_index', '>=', index * tileWidthMax)
    .where('log_index', '<', index * tileWidthMax + width)
    .orderBy('log_index')
    .execute();
  return rows.length === width ? encodeEntryBundle(rows.map(({ entry }) => entry)) : null;
}
