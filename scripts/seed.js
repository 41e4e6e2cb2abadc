/** The seed of a run: given as COMITY_SEED, or drawn here and printed so that it can be given. */
import { randomInt } from 'node:crypto';

export function seedOfRun() {
  const given = process.env.COMITY_SEED;
  if (given === undefined || given === '') return randomInt(1, 2 ** 31);
  const seed = Number(given);
  if (Number.isInteger(seed) && seed > 0 && seed < 2 ** 31) return seed;
  console.error(`COMITY_SEED is "${given}"; it must be a whole number from 1 to ${2 ** 31 - 1}`);
  process.exit(2);
}

export function saySeed(seed, command) {
  console.log(`seed ${seed} (run it again with: COMITY_SEED=${seed} ${command})`);
}
