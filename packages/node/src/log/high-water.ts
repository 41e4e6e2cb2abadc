/**
 * The high-water file: size and root of the newest checkpoint that may have left this process,
 * kept outside the home folder so that a restored home is noticed (rulings.md, 25).
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LogLine } from '../context.ts';

const retryMsMin = 100;
const retryMsMax = 5_000;
const header = 'comity-high-water/v1';

export interface HighWater {
  origin: string;
  size: number;
  /** Hex. */
  root: string;
}

/** Null when there is no file; 'unreadable' when it is not one that this program wrote whole. */
export async function readHighWater(path: string): Promise<HighWater | null | 'unreadable'> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const [first, origin, size, root, end, ...more] = text.split('\n');
  const whole = first === header && end === '' && more.length === 0;
  if (!whole || !origin || !size || !root) return 'unreadable';
  const number = Number(size);
  const numbered = Number.isSafeInteger(number) && number >= 0 && String(number) === size;
  if (!numbered || !/^[0-9a-f]{64}$/.test(root)) return 'unreadable';
  return { origin, size: number, root };
}

/**
 * Replaces the file; on return it is on disk under its name.
 *
 * Crash windows: before the rename the old file stands, whole; after it the new one, whole, since
 * its bytes were synced first. Without the sync of the folder a power cut could bring back the old
 * name, that is an older high-water mark than what has left.
 */
export async function writeHighWater(path: string, mark: HighWater): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${header}\n${mark.origin}\n${mark.size}\n${mark.root}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(folder);
}

/** Windows cannot sync a folder and does not need to. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Tries until it succeeds: what is committed may be published only after this. Throws once closed. */
export async function insistOnHighWater(
  path: string,
  mark: HighWater,
  closed: () => boolean,
  log?: LogLine,
): Promise<void> {
  for (let wait = retryMsMin; ; wait = Math.min(wait * 2, retryMsMax)) {
    try {
      await writeHighWater(path, mark);
      return;
    } catch (error) {
      if (closed()) throw error;
      const message = error instanceof Error ? error.message : String(error);
      log?.('error', 'the high-water file cannot be written; nothing is published', { message });
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
