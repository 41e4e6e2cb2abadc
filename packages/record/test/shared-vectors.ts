/**
 * Other people's vectors, which lie beside the repository and are not part of it.
 */
import { existsSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/data/vectors/', import.meta.url);

/** Whether the vectors are on this machine; tests that need them are skipped by name otherwise. */
export const hasSharedVectors = existsSync(folder);

/** The bytes of one file. */
export function sharedVector(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(new URL(path, folder)));
}

/** One file as text. */
export function sharedVectorText(path: string): string {
  return readFileSync(new URL(path, folder), 'utf8');
}
