/** Importing public allegations between two homes: raised once, each with its row's errors. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Place } from './command.ts';

const table = fileURLToPath(new URL('../../../../shared/data/fiat/fiat-2020.csv', import.meta.url));
const present = existsSync(table);
let place: Place;

beforeAll(async () => {
  place = await Place.make();
});
afterAll(() => place.remove());

describe('import', () => {
  it.skipIf(!present)(
    'raises each allegation of the FIAT table once (needs the shared data)',
    async () => {
      const homes = [
        ['north', 'Northland', 'Southmark', 'south'],
        ['south', 'Southmark', 'Northland', 'north'],
      ] as const;
      for (const [home, name] of homes) {
        const wish = ['--name', name, '--exercise', '--unprotected-keys'];
        await place.done(['init', '--home', home, ...wish]);
        await place.done(['credentials', '--home', home, '-o', `${home}.comity`]);
      }
      for (const [home, , other, file] of homes) {
        const added = await place.done(['pair', 'add', `${file}.comity`, '--home', home, '--json']);
        const number = String(added.json()['safetyNumber']);
        await place.done(['pair', 'confirm', other, '--number', number, '--home', home]);
      }
      await place.done(['pouch', 'export', '--to', 'Northland', '-o', 'p', '--home', 'south']);
      await place.done(['pouch', 'import', 'p', '--home', 'north']);

      const words = ['import', 'fiat', table, '--to', 'Southmark', '--home', 'north', '--json'];
      const dry = (await place.done([...words, '--dry-run'])).json();
      expect(dry).toMatchObject({ read: 60, raised: 0, unchanged: 0, wouldRaise: 60, errors: [] });
      const first = (await place.done(words)).json();
      expect(first).toMatchObject({ read: 60, raised: 60, unchanged: 0, errors: [] });
      const second = (await place.done(words)).json();
      expect(second).toMatchObject({ read: 60, raised: 0, unchanged: 60, errors: [] });
    },
    120_000,
  );
  it('says to whom', async () => {
    const ran = await place.run(['import', 'fiat', 'nowhere.csv', '--home', 'north', '--json']);
    expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'no-file' } }]);
  });
});
