/** Why an act is void. Closed; spec/accord.md lists them in the order in which they are checked. */
export const voidReasons = [
  // Of the statement itself.
  'not-a-participant',
  'wrong-exercise',
  'credentials-gap',
  'retired-credentials',
  'bad-signature',
  'insufficient-authority',
  'unknown-kind',
  'bad-schema',
  'wrong-docket',
  'wrong-participants',
  'terms-misplaced',
  'bad-parent',
  'prior-fork',
  // Of time and agreement.
  'delegation-ended',
  'terms-not-agreed',
  'opening-void',
  // Of the docket's table.
  'not-yours',
  'too-late',
  'other-text',
  'other-credentials',
  'no-such-act',
  'no-such-obligation',
  'bad-terms',
  'bad-respondent',
  'irrevocable',
  'not-in-force',
  'ended',
  'quoted-only',
] as const;
export type VoidReason = (typeof voidReasons)[number];
