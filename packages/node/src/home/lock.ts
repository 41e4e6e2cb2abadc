/**
 * The home's lock: one process at a time works on a home.
 *
 * The lock is a file that names its owner's process. It is made complete under a name of its own and
 * then linked, because a link either succeeds whole or fails: nobody ever reads half a lock. A lock
 * whose process is gone is stale and taken over. Process numbers are reused, so the lock also names
 * the start of the process where the system tells it (Linux), and a reused number is seen as stale.
 */
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';

/** A held lock. `release` removes it; calling it twice is harmless. */
export interface HomeLock {
  release(): Promise<void>;
}

interface LockOwner {
  pid: number;
  started: string | null;
}

const attemptsMax = 5;
let attemptNumber = 0;
const heldHere = new Set<string>();

/**
 * Takes the lock at `path`. `locked` (detail: the process number) when a living process holds it,
 * this one included.
 */
export async function acquireLock(path: string): Promise<Result<HomeLock, 'locked'>> {
  if (heldHere.has(path)) return failure('locked', path, String(process.pid));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  attemptNumber += 1;
  const candidate = `${path}.${process.pid}.${attemptNumber}`;
  const self: LockOwner = { pid: process.pid, started: processStart(process.pid) };
  await writeFile(candidate, JSON.stringify(self), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (await tryLink(candidate, path)) {
        heldHere.add(path);
        return success(heldLock(path));
      }
      const owner = await readOwner(path);
      if (owner !== null && isAlive(owner)) return failure('locked', path, String(owner.pid));
      await removeStale(path, owner);
    }
    return failure('locked', path);
  } finally {
    await rm(candidate, { force: true });
  }
}

/** The process that holds the lock at `path`, or null when nobody living does. */
export async function lockOwner(path: string): Promise<number | null> {
  const owner = await readOwner(path);
  return owner !== null && isAlive(owner) ? owner.pid : null;
}

function heldLock(path: string): HomeLock {
  let held = true;
  return {
    release: async () => {
      if (!held) return;
      held = false;
      heldHere.delete(path);
      const owner = await readOwner(path);
      if (owner?.pid === process.pid) await rm(path, { force: true });
    },
  };
}

async function tryLink(candidate: string, path: string): Promise<boolean> {
  try {
    await link(candidate, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the stale lock aside before removing it, so that a lock made meanwhile is not removed. */
async function removeStale(path: string, stale: LockOwner | null): Promise<void> {
  const aside = `${path}.stale.${process.pid}.${attemptNumber}`;
  try {
    await rename(path, aside);
  } catch {
    return; // someone else was quicker
  }
  const moved = await readOwner(aside);
  if (moved !== null && moved.pid !== stale?.pid && isAlive(moved)) {
    await tryLink(aside, path); // it was a fresh lock after all: put it back
  }
  await rm(aside, { force: true });
}

async function readOwner(path: string): Promise<LockOwner | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value)) return null;
    const started = 'started' in value && typeof value.started === 'string' ? value.started : null;
    return typeof value.pid === 'number' ? { pid: value.pid, started } : null;
  } catch {
    return null;
  }
}

function isAlive(owner: LockOwner): boolean {
  if (!Number.isSafeInteger(owner.pid) || owner.pid <= 0) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    const other = error instanceof Error && 'code' in error && error.code === 'EPERM';
    if (!other) return false;
  }
  const started = processStart(owner.pid);
  return owner.started === null || started === null || owner.started === started;
}

/** Field 22 of /proc/<pid>/stat with the boot's id, or null where there is no such file. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${afterName[19] ?? ''}`;
  } catch {
    return null;
  }
}
