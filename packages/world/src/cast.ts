/** Who takes part in the exercise. All of them are invented, and exercise parties for ever. */

export const partyNames = ['northland', 'southmark', 'witness', 'laboratory'] as const;
export type PartyName = (typeof partyNames)[number];

export interface Role {
  /** Name in its credentials. */
  displayName: string;
  functions: string[];
  /** Short word for the terminal. */
  word: string;
}

export const cast: { readonly [name in PartyName]: Role } = {
  northland: { displayName: 'Northland', functions: ['state', 'cert'], word: 'Northland' },
  southmark: { displayName: 'Southmark', functions: ['state', 'cert'], word: 'Southmark' },
  witness: { displayName: 'Harbour Witness', functions: ['witness'], word: 'Witness' },
  laboratory: { displayName: 'Fjord Laboratory', functions: ['assessor'], word: 'Laboratory' },
};

/** Who is paired with whom; the witness only cosigns and is paired with nobody. */
export const pairings: readonly (readonly [PartyName, PartyName])[] = [
  ['northland', 'southmark'],
  ['northland', 'laboratory'],
  ['southmark', 'laboratory'],
];
