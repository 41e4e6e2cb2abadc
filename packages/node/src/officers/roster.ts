/** Who may sign for us, as our credentials in force say, with the key files in the home beside it. */
import { keyId, newestVersion, decodeBase64 } from '@comity/record';
import type { Chain, OfficerKey } from '@comity/record';
import type { OfficerKeyFile } from './key-files.ts';
import { officeSlug } from './key-files.ts';

export interface RosterOfficer {
  office: string;
  /** Levels at which this officer counts. */
  levels: ('duty' | 'solemn' | 'root')[];
  keys: { type: string; keyid: string }[];
  /** Key file in the home, or null when the key is elsewhere (which is better). */
  keyFile: string | null;
  unprotected: boolean;
}

export interface Roster {
  officers: RosterOfficer[];
  thresholds: { root: number; solemn: number; duty: number };
  onePerson: boolean;
  /** Duty keys by delegation. */
  delegations: { id: string; office: string; kinds: string[]; until: string; ended: boolean }[];
}

/** The roster under the newest credentials. */
export function rosterOf(chain: Chain, files: readonly OfficerKeyFile[]): Roster {
  const { body } = newestVersion(chain);
  const officers = Object.entries(body.officers).map(([office, officer]): RosterOfficer => {
    const file = files.find((one) => one.slug === officeSlug(office));
    const levels = (['duty', 'solemn', 'root'] as const).filter((level) =>
      body.authority[level].offices.includes(office),
    );
    return {
      office,
      levels,
      keys: officer.keys.map((key) => ({ type: key.type, keyid: keyIdOf(key) })),
      keyFile: file?.path ?? null,
      unprotected: file?.unprotected ?? false,
    };
  });
  const { root, solemn, duty } = body.authority;
  return {
    officers: officers.sort((a, b) => (a.office < b.office ? -1 : 1)),
    thresholds: { root: root.threshold, solemn: solemn.threshold, duty: duty.threshold },
    onePerson: body.onePerson,
    delegations: chain.delegations.map((delegation) => ({
      id: delegation.id,
      office: delegation.body.office,
      kinds: delegation.body.kinds,
      until: delegation.body.until,
      ended: delegation.endsAtIndex !== null,
    })),
  };
}

function keyIdOf(key: OfficerKey): string {
  const raw = decodeBase64(key.key) ?? new Uint8Array();
  if (key.type !== 'webauthn') return keyId(key.type, raw);
  return keyId(key.algorithm === 'ES256' ? 'webauthn-es256' : 'webauthn-eddsa', raw);
}
