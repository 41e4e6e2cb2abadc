/** Fetches one document from a web address, bounded in time, size and in where it may lead. */
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import { Agent, fetch } from 'undici';
import { guardedConnector } from '../exchange/routes/guarded-connect.ts';

const timeoutMs = 15_000;

/**
 * GET without credentials, at most `bytesMax` bytes. The address was given by an officer of ours, who
 * may have had it from others; what comes back is foreign and is parsed as such. Redirects are
 * followed, and each address that is connected to is judged (guarded-connect.ts).
 */
export async function fetchDocument(
  url: string,
  bytesMax: number,
  privateAllowed: boolean,
): Promise<Result<Uint8Array, 'unreachable' | 'too-large'>> {
  const dispatcher = new Agent({ connect: guardedConnector(privateAllowed) });
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const reply = await fetch(url, { signal, credentials: 'omit', dispatcher });
    if (!reply.ok || reply.body === null) {
      return failure('unreachable', url, `status ${reply.status}`);
    }
    const parts: Uint8Array[] = [];
    let bytes = 0;
    const stream: AsyncIterable<Uint8Array> = reply.body;
    for await (const part of stream) {
      bytes += part.length;
      if (bytes > bytesMax) return failure('too-large', url);
      parts.push(part);
    }
    return success(new Uint8Array(Buffer.concat(parts)));
  } catch (error) {
    return failure('unreachable', url, reasonOf(error));
  } finally {
    await dispatcher.destroy();
  }
}

/** `fetch` says "fetch failed" and why only in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  return error.cause instanceof Error ? error.cause.message : error.message;
}
