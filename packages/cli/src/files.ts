/**
 * Files that commands read and write, with errors that name the file.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { refused, usage } from './command-error.ts';

/** Largest file that a command reads whole; a bundle or a pouch is far below it. */
const inputFileBytesMax = 268_435_456;

/** The bytes of a file, or of stdin for `-`. */
export async function readInput(path: string): Promise<Uint8Array> {
  if (path === '-') return await readStdin();
  try {
    const found = await stat(path);
    if (found.isDirectory())
      throw refused('not-a-file', `${path} is a folder`, 'Name a file in it.');
    if (found.size > inputFileBytesMax) {
      throw refused('too-large', `${path} has more than ${inputFileBytesMax} bytes`);
    }
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (isSystemError(error)) {
      throw refused('no-file', `${path} cannot be read (${error.code})`, 'Check the path.');
    }
    throw error;
  }
}

/** Text of a file, strict UTF-8. */
async function readInputText(path: string): Promise<string> {
  const bytes = await readInput(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused('bad-text', `${nameOf(path)} is not UTF-8 text`);
  }
}

/** A JSON object out of a file. */
export async function readInputObject(path: string): Promise<Record<string, unknown>> {
  const text = await readInputText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw refused('bad-json', `${nameOf(path)} is not JSON: ${reason}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw refused('bad-json', `${nameOf(path)} is not a JSON object`);
  }
  return json as Record<string, unknown>;
}

/** Writes an output file. Refuses to write over an existing one unless `force`. */
export async function writeOutput(
  path: string,
  bytes: Uint8Array | string,
  force: boolean,
): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'EEXIST') {
      throw refused(
        'file-exists',
        `${path} is there already`,
        'Choose another name, or add --force.',
      );
    }
    throw refused('cannot-write', `${path} cannot be written (${error.code})`);
  }
}

/** Writes to a path, or to stdout when no path is given. */
export function requireOutput(path: string | undefined): string {
  if (path !== undefined && path !== '') return path;
  throw usage('where to? give -o FILE');
}

function nameOf(path: string): string {
  return path === '-' ? 'what came on stdin' : path;
}

async function readStdin(): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of process.stdin) {
    const buffer = Buffer.isBuffer(part) ? part : Buffer.from(String(part));
    bytes += buffer.length;
    if (bytes > inputFileBytesMax) {
      throw refused('too-large', `stdin has more than ${inputFileBytesMax} bytes`);
    }
    parts.push(buffer);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Whether the system refused something: a file, a folder, an address. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'syscall' in error
  );
}
