import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Place } from './command.ts';

let place: Place;
const home = ['--home', 'lost'];

beforeAll(async () => {
  place = await Place.make();
  await place.done([
    'init',
    ...home,
    '--name',
    'Lostland',
    '--officers',
    '1',
    '--unprotected-keys',
  ]);
  await rm(place.path('state'), { recursive: true });
}, 60_000);
afterAll(() => place.remove());

const config = async (values: object): Promise<void> => {
  await writeFile(join(place.path('lost'), 'config.json'), JSON.stringify(values));
};

describe('a restored home with nobody to ask', () => {
  it('says in status and alarm which command it needs', async () => {
    const words = (await place.done(['status', ...home])).stdout;
    expect(words.replaceAll(/\s+/gu, ' ')).toContain('comity restore confirm --nobody-else');
    const status = (await place.done(['status', ...home, '--json'])).json();
    expect(status).toMatchObject({
      log: { blocked: 'restored', todo: expect.stringContaining('--nobody-else') },
      alarms: [{ code: 'restored', detail: expect.stringContaining('--nobody-else') }],
    });
  }, 120_000);

  it('does not go on without the word, nor while a witness can be asked', async () => {
    const silent = await place.run(['restore', 'confirm', ...home, '--json']);
    expect([silent.code, silent.json()]).toMatchObject([2, { error: { code: 'usage' } }]);
    const kept = await readFile(join(place.path('lost'), 'config.json'), 'utf8').catch(() => '{}');
    const { log } = (await place.done(['status', ...home, '--json'])).json();
    // Nobody listens there; whose key it is does not matter.
    const { vkey } = log as { vkey: string };
    await config({ witnesses: [{ vkey, url: 'http://127.0.0.1:9' }] });
    const refused = await place.run(['restore', 'confirm', '--nobody-else', ...home, '--json']);
    expect([refused.code, refused.json()]).toMatchObject([
      1,
      { error: { code: 'somebody-to-ask' } },
    ]);
    await writeFile(join(place.path('lost'), 'config.json'), kept);
  }, 120_000);

  it('goes on by an officer’s word, with a warning of what it means', async () => {
    const ran = await place.done(['restore', 'confirm', '--nobody-else', ...home, '--json']);
    expect(ran.json()).toEqual({ size: 1, givenUp: 0, ended: false });
    expect(ran.stderr).toContain('no counterpart ever had our log');
    const status = (await place.done(['status', ...home, '--json'])).json();
    expect(status).toMatchObject({ log: { blocked: null, todo: null }, alarms: [] });
    const again = await place.run(['restore', 'confirm', '--nobody-else', ...home, '--json']);
    expect([again.code, again.json()]).toMatchObject([1, { error: { code: 'not-blocked' } }]);
    const rest = await place.run(['restore', 'confirm', '--without-the-rest', ...home, '--json']);
    expect([rest.code, rest.json()]).toMatchObject([1, { error: { code: 'nothing-awaited' } }]);
  }, 120_000);
});
