/**
 * The direct route: POST /exchange/v1/pouch to the counterpart's own address. The answer is a pouch
 * of receipts, or 202 and they follow (protocol.md, Pouch and routes).
 */
import { Agent, request } from 'undici';
import type { StoreReader } from '../../store/store.ts';
import type { Route, SendResult } from '../courier.ts';
import { directTimeoutMs, pouchesInFlightMax, sealedPouchBytesMax } from '../limits.ts';
import { guardedConnector } from './guarded-connect.ts';

export const pouchMediaType = 'application/vnd.comity.pouch';
export const pouchPath = '/exchange/v1/pouch';

/** The longest problem document that is read for its text. */
const problemBytesMax = 4096;
const codePattern = /^[a-z0-9-]{1,40}$/u;

export interface DirectRoute extends Route {
  close(): Promise<void>;
}

/**
 * Sends to the address that the party's row names; null where there is none. That address is the
 * party's own word, so where it may lead is judged (guarded-connect.ts).
 */
export function directRoute(reader: StoreReader, privateAllowed: boolean): DirectRoute {
  const agent = new Agent({
    // A place for every pouch in flight, and one for a connection that is on its way out.
    connections: pouchesInFlightMax + 1,
    headersTimeout: directTimeoutMs,
    bodyTimeout: directTimeoutMs,
    connect: guardedConnector(privateAllowed),
  });
  return {
    name: 'direct',
    async send(party, sealed) {
      const row = await reader
        .selectFrom('parties')
        .select('direct_url')
        .where('id', '=', party)
        .executeTakeFirst();
      const address = row?.direct_url ?? null;
      const url = address === null ? null : pouchUrl(address);
      return url === null ? null : post(agent, url, sealed);
    },
    close: () => agent.destroy(),
  };
}

async function post(agent: Agent, url: URL, sealed: Uint8Array): Promise<SendResult> {
  try {
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': pouchMediaType },
      body: sealed,
      dispatcher: agent,
      signal: AbortSignal.timeout(directTimeoutMs),
    });
    const { statusCode, body } = response;
    if (statusCode === 200) {
      const answer = await readBounded(body, sealedPouchBytesMax);
      return answer === null ? { sent: false, error: 'answer too large' } : { sent: true, answer };
    }
    const text = await readBounded(body, problemBytesMax);
    if (statusCode === 202) return { sent: true, answer: null };
    return { sent: false, error: `HTTP ${statusCode}${problemCode(text)}` };
  } catch (error) {
    return { sent: false, error: error instanceof Error ? error.message : 'unreachable' };
  }
}

/** All bytes of a body, or null past the bound; the connection is then given up. */
async function readBounded(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
  bytesMax: number,
): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > bytesMax) {
      body.destroy();
      return null;
    }
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function problemCode(text: Uint8Array | null): string {
  if (text === null) return '';
  try {
    const { code } = JSON.parse(Buffer.from(text).toString('utf8')) as { code?: unknown };
    if (typeof code !== 'string') return '';
    // An operator reads it among our own words: a code and nothing else.
    return codePattern.test(code) ? ` ${code}` : ' unreadable answer';
  } catch {
    return '';
  }
}

function pouchUrl(address: string): URL | null {
  try {
    const base = new URL(address.endsWith('/') ? address : `${address}/`);
    if (base.protocol !== 'https:' && base.protocol !== 'http:') return null;
    return new URL(`.${pouchPath}`, base);
  } catch {
    return null;
  }
}
