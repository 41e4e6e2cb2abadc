/** The API token goes to no socket on which another user may be listening. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { chmod, chown, lchown, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeLayout, socketDistrust, socketPath } from '@comity/node';
import { Place } from './command.ts';

let place: Place;
let server: Server;
let heard: string[];
let folder: string;
let home: string;
let path: string;

beforeEach(async () => {
  place = await Place.make();
  folder = place.path('run');
  // Too long for a socket in the home.
  home = place.path(join('a-long-name-of-a-folder'.repeat(5), 'north'));
  const party = { id: 'a'.repeat(64), name: 'Northland', exercise: true, origin: 'o' };
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeFile(join(home, 'party.json'), JSON.stringify(party));
  await mkdir(folder, { mode: 0o700 });
  path = socketPath(homeLayout(home), { XDG_RUNTIME_DIR: folder });
  expect(path.startsWith(folder)).toBe(true);
  heard = [];
  server = createServer((request, response) => {
    heard.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
  });
  await new Promise<void>((done) => server.listen(path, done));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await place.remove();
});

const drafts = () =>
  place.run(['drafts', '--home', home, '--json'], { environment: { XDG_RUNTIME_DIR: folder } });

async function expectNothingSent(): Promise<void> {
  const ran = await drafts();
  expect([ran.code, ran.json(), heard]).toMatchObject([
    1,
    { error: { code: 'unsafe-socket', what: expect.stringContaining('XDG_RUNTIME_DIR') } },
    [],
  ]);
}

describe('the socket of a home with a long path', () => {
  it('is asked in a folder of our own', async () => {
    expect(await socketDistrust(path)).toBeNull();
    expect((await drafts()).code).toBe(0);
    expect(heard).toEqual(['GET /api/v1/party', 'GET /api/v1/drafts']);
  }, 60_000);

  it('is not asked where others may write', async () => {
    await chmod(folder, 0o777);
    expect(await socketDistrust(path)).toBe(`others may write to ${folder}`);
    await expectNothingSent();
  }, 60_000);

  it.skipIf(process.getuid?.() !== 0)(
    'is not asked in a folder, behind a link, or on a socket of another user (needs root)',
    async () => {
      const nobody = 65_534;
      await chown(path, nobody, nobody);
      expect(await socketDistrust(path)).toBe(`${path} belongs to another user`);
      await chown(path, 0, 0);
      await chown(folder, nobody, nobody);
      expect(await socketDistrust(path)).toBe(`${folder} belongs to another user`);
      await expectNothingSent();
      await chown(folder, 0, 0);
      await rename(folder, place.path('elsewhere'));
      await symlink(place.path('elsewhere'), folder);
      expect(await socketDistrust(path)).toBeNull();
      await lchown(folder, nobody, nobody);
      expect(await socketDistrust(path)).toBe(`${folder} is a link of another user`);
    },
    60_000,
  );
});
