/** `party.json`: who lives in a home, readable without a passphrase. Written last by `initHome`. */
import { z } from 'zod';
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import { readTextFile, writeFileDurably } from './layout.ts';
import type { HomeLayout } from './layout.ts';

const partyFile = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string(),
  exercise: z.boolean(),
  origin: z.string(),
  /** vkey of the log. */
  vkey: z.string(),
});
export type PartyFile = z.infer<typeof partyFile>;

/** `no-home` when nobody lives there, `bad-home` when the file is damaged. */
export async function readPartyFile(
  layout: HomeLayout,
): Promise<Result<PartyFile, 'no-home' | 'bad-home'>> {
  const text = await readTextFile(layout.party);
  if (text === null) return failure('no-home', layout.home);
  try {
    const parsed = partyFile.safeParse(JSON.parse(text));
    if (parsed.success) return success(parsed.data);
  } catch {
    // falls through: not JSON
  }
  return failure('bad-home', layout.party);
}

export async function writePartyFile(layout: HomeLayout, party: PartyFile): Promise<void> {
  await writeFileDurably(layout.party, `${JSON.stringify(party, null, 2)}\n`);
}
