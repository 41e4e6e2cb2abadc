/** Officers' keys that lie open in the home: for exercises and trials, never for anything else. */
import { failure, success } from '@comity/record';
import type { Result } from '@comity/record';
import type { HomeLayout } from '../home/layout.ts';
import { listOfficerKeys, officeSlug, unlockOfficerKey } from '../officers/key-files.ts';
import type { OfficerSecret } from '../officers/key-files.ts';

/**
 * The unprotected keys of the named officers, or of all when none is named. An office is named in
 * full, as its slug, or by a part that fits one only.
 */
export async function officersAtHand(
  layout: HomeLayout,
  named: readonly string[],
): Promise<Result<OfficerSecret[], 'keys-protected' | 'unknown-officer' | 'ambiguous-officer'>> {
  const secrets: OfficerSecret[] = [];
  for (const file of await listOfficerKeys(layout)) {
    if (!file.unprotected) continue;
    const secret = await unlockOfficerKey(file.path, null);
    if (secret.ok) secrets.push(secret.value);
  }
  if (secrets.length === 0) return failure('keys-protected', '');
  if (named.length === 0) return success(secrets);
  const chosen: OfficerSecret[] = [];
  for (const name of named) {
    const found = officersCalled(secrets, name);
    const [only] = found;
    if (only === undefined) return failure('unknown-officer', name, officesOf(secrets));
    if (found.length > 1) return failure('ambiguous-officer', name, officesOf(found));
    chosen.push(only);
  }
  return success(chosen);
}

/** Those whose office is `name`: in full, else by slug, else by a part of the office. */
export function officersCalled<T extends { office: string }>(
  officers: readonly T[],
  name: string,
): T[] {
  const wanted = name.toLowerCase().trim();
  const tries: ((office: string) => boolean)[] = [
    (office) => office === name,
    (office) => office.toLowerCase() === wanted,
    (office) => officeSlug(office) === officeSlug(name),
    (office) => wanted !== '' && office.toLowerCase().includes(wanted),
  ];
  for (const fits of tries) {
    const found = officers.filter((officer) => fits(officer.office));
    if (found.length > 0) return found;
  }
  return [];
}

function officesOf(secrets: readonly { office: string }[]): string {
  return secrets.map((secret) => secret.office).join(', ');
}
