/** `config check`, `doctor` and `start` on real homes. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Place } from './command.ts';

let place: Place;

beforeAll(async () => {
  place = await Place.make();
  const trial = ['--unprotected-keys'];
  await place.done(['init', '--home', 'one', '--name', 'One', '--officers', '1', ...trial]);
  await place.done(['init', '--home', 'drill', '--name', 'Drill', '--exercise', ...trial]);
}, 60_000);
afterAll(() => place.remove());

describe('config check and doctor', () => {
  it('explains every mistake with its place', async () => {
    await place.done(['init', '--home', 'bad', '--name', 'Bad', '--unprotected-keys']);
    await writeFile(place.path('bad/config.json'), '{"exchange": "nowhere", "colour": 1}');
    const ran = await place.run(['config', 'check', '--home', 'bad', '--json']);
    expect(ran.code).toBe(1);
    const { ok, problems } = ran.json() as {
      ok: boolean;
      problems: { key: string; where: string }[];
    };
    expect(ok).toBe(false);
    expect(problems.map((one) => one.key).sort()).toEqual(['colour', 'exchange']);
    expect(problems.every((one) => one.where === 'config.json')).toBe(true);
  });
  it('says that all is right', async () => {
    const ran = await place.done(['config', 'check', '--home', 'one', '--json']);
    expect(ran.json()).toMatchObject({ ok: true, problems: [] });
  });
  it('doctor finds a fit machine and looks at unprotected real keys', async () => {
    expect((await place.done(['doctor', '--json'])).json()['ok']).toBe(true);
    const ran = await place.run(['doctor', '--home', 'one', '--json']);
    expect(ran.code).toBe(1);
    const { findings } = ran.json() as { findings: { name: string; ok: boolean }[] };
    expect(findings.find((one) => one.name === 'keys')?.ok).toBe(false);
    expect(findings.find((one) => one.name === 'high-water file')?.ok).toBe(true);
  });
});

describe('start', () => {
  it('prints ready, serves commands over the socket, ends cleanly on SIGTERM', async () => {
    const node = await place.start('drill');
    const lines = node.output().trim().split('\n');
    expect(lines.at(-1)).toBe('ready');
    const status = await place.done(['status', '--home', 'drill', '--json']);
    expect(status.json()).toMatchObject({ running: true, counterparts: [], alarms: [] });
    const second = await place.run(['start', '--home', 'drill', '--json']);
    expect(second.code).toBe(4);
    expect(second.json()).toMatchObject({ error: { code: 'already-running' } });
    expect(second.stderr).toContain(`runs already (process ${node.child.pid})`);
    node.child.kill('SIGTERM');
    expect(await node.ended).toBe(0);
    const after = await place.done(['status', '--home', 'drill', '--json']);
    expect(after.json()).toMatchObject({ running: false });
  }, 40_000);
  it('says which address is taken', async () => {
    const node = await place.start('drill');
    const line =
      node
        .output()
        .split('\n')
        .find((text) => text.includes('"exchange"')) ?? '{}';
    const { exchange } = JSON.parse(line) as { exchange: string };
    const taken = new URL(exchange).host;
    const ran = await place.run(['start', '--home', 'one', '--exchange', taken, '--json']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`cannot listen on ${taken}`);
    node.child.kill('SIGINT');
    expect(await node.ended).toBe(0);
  }, 40_000);
});
