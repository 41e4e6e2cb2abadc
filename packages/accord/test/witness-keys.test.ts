/** Whose witness key a key is (ruling 21). */
import { describe, expect, it } from 'vitest';
import { fold } from '../src/index.ts';
import { bodies, History, makeParty, second } from './history.ts';

describe('a witness key', () => {
  it('that two participants list speaks for neither, so that none can count for another', () => {
    const [a, b, c] = [makeParty('a'), makeParty('b'), makeParty('c')];
    const [version] = c.versions;
    if (version === undefined) throw new Error('no version');
    const thief = { ...c, versions: [version, { ...version, witnessKey: 'witness+b' }] };
    const h = new History([a, b, thief]);
    h.say({ from: a, kind: 'incident.notify', body: bodies.notify, witnessed: false });
    const { said } = h.statement(h.docket);
    const read = () => fold(h.input()).acts[h.docket]?.said;
    for (const { party } of [b, c]) {
      said.witnessTimes.push({ party, vkey: 'witness+b', time: second + 40 });
    }
    expect(read()).toEqual({ at: second, provisional: true });
    said.witnessTimes.push({ party: c.party, vkey: 'witness+c', time: second + 50 });
    expect(read()?.provisional).toBe(true);
  });
});
