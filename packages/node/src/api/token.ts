/** The local token: whoever can read it from the home folder is let in as the house. */
import { timingSafeEqual } from 'node:crypto';
import { encodeBase64Url, encodeText, sha256 } from '@comity/record';
import type { Random } from '../context.ts';
import { readTextFile, writeFileDurably } from '../home/layout.ts';
import type { HomeLayout } from '../home/layout.ts';

const tokenBytes = 32;

/** The home's token; made at the first start and kept, mode 0600. */
export async function apiToken(layout: HomeLayout, random: Random): Promise<string> {
  const there = (await readTextFile(layout.apiToken))?.trim();
  if (there !== undefined && there.length >= 43) return there;
  const token = encodeBase64Url(random(tokenBytes));
  await writeFileDurably(layout.apiToken, `${token}\n`);
  return token;
}

/** Whether an Authorization header carries the token; the time taken does not tell how much fits. */
export function carriesToken(header: string | undefined, token: string): boolean {
  if (header === undefined || !header.startsWith('Bearer ')) return false;
  const given = sha256(encodeText(header.slice('Bearer '.length)));
  return timingSafeEqual(given, sha256(encodeText(token)));
}
