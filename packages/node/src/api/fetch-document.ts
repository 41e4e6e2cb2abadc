/** Fetches one document from a web address, bounded in time and size. */
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';

const timeoutMs = 15_000;

/**
 * GET without credentials, at most `bytesMax` bytes. The address was given by an officer of ours;
 * what comes back is foreign and is parsed as such.
 */
export async function fetchDocument(
  url: string,
  bytesMax: number,
): Promise<Result<Uint8Array, 'unreachable' | 'too-large'>> {
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), credentials: 'omit' });
    if (!reply.ok || reply.body === null) {
      await reply.body?.cancel();
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
    const reason = error instanceof Error ? error.message : 'no answer';
    return failure('unreachable', url, reason);
  }
}
