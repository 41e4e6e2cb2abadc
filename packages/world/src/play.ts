/** Plays the scenario: each act by its own party, once that party holds what came before. */
import { assuranceDigest } from '@comity/accord';
import type { OfferBody } from '@comity/accord';
import { channelDocket } from '@comity/record';
import type { PartyName } from './cast.ts';
import type { House, Houses } from './houses.ts';
import { scenario } from './scenario.ts';
import type { Refs, Step } from './scenario/step.ts';
import { pause, until } from './until.ts';

/** A statement of the scenario after it was said. */
export interface Said {
  step: Step;
  id: string;
  docket: string;
  from: PartyName;
  to: PartyName[];
}

const arrivalTimeoutMs = 60_000;

/** Says every step in order and calls `heard` after each. */
export async function play(
  houses: Houses,
  heard: (said: Said) => Promise<void>,
  signal?: AbortSignal,
): Promise<Said[]> {
  const said: Said[] = [];
  const refs = refsOf(houses, said);
  for (const step of scenario) {
    if (signal?.aborted === true) break;
    if (step.waitSeconds !== undefined) await pause(step.waitSeconds * 1000, signal);
    const docket = step.in === undefined ? null : refs.statement(step.in);
    await untilHeld(houses[step.as], said, docket);
    const one = await sayStep(houses, refs, step, docket);
    said.push(one);
    await heard(one);
  }
  return said;
}

async function sayStep(
  houses: Houses,
  refs: Refs,
  step: Step,
  docket: string | null,
): Promise<Said> {
  const house = houses[step.as];
  const opens = docket === null && !step.kind.startsWith('channel.');
  const id = await house.desk.say({
    kind: step.kind,
    to: step.to.map((name) => houses[name].party),
    docket,
    body: step.body(refs),
    ...(step.cites === undefined ? {} : { cites: step.cites.map(refs.statement) }),
    ...(step.planned === 'refused' ? { unchecked: true } : {}),
    ...(step.planned === undefined ? {} : { evenIfVoid: true }),
  });
  const [first] = step.to;
  const channel = first === undefined ? id : channelDocket(house.party, houses[first].party);
  const place = docket ?? (opens ? id : channel);
  return { step, id, docket: place, from: step.as, to: step.to };
}

function refsOf(houses: Houses, said: readonly Said[]): Refs {
  const find = (label: string): Said => {
    const found = said.find(({ step }) => step.label === label);
    if (found === undefined) throw new Error(`the scenario has no earlier step ${label}`);
    return found;
  };
  const refs: Refs = {
    statement: (label) => find(label).id,
    party: (name) => houses[name].party,
    promise: (label) => assuranceDigest(find(label).step.body(refs) as unknown as OfferBody),
    inSeconds: (seconds) => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`,
  };
  return refs;
}

/** Waits until the party holds every statement of the docket that was addressed to it. */
async function untilHeld(
  house: House,
  said: readonly Said[],
  docket: string | null,
): Promise<void> {
  if (docket === null) return;
  const expected = said.filter(
    (one) => one.docket === docket && one.step.planned !== 'refused' && one.to.includes(house.name),
  );
  await until(`${house.displayName} holds the docket ${docket}`, arrivalTimeoutMs, async () => {
    if (expected.length === 0) return true;
    const known = (await house.desk.dockets()).some((row) => row.docket === docket);
    if (!known) return false;
    const { statements } = await house.desk.docket(docket);
    const held = new Set(statements.map(({ id }) => id));
    return expected.every(({ id }) => held.has(id));
  });
}
