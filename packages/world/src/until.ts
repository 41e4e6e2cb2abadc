/** Waits for something to be so, boundedly; the error says what did not come. */

const pauseMs = 60;

/** Asks again and again until `holds`; throws after `timeoutMs` with the words given. */
export async function until(
  words: string,
  timeoutMs: number,
  holds: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    signal?.throwIfAborted();
    if (performance.now() > end) {
      throw new Error(`not within ${Math.round(timeoutMs / 1000)} s: ${words}`);
    }
    await pause(pauseMs);
  }
}

/** Resolves after so many milliseconds, or at once when the signal says stop. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
