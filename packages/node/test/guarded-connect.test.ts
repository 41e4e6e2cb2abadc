/** Where addresses that others name may send us. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchDocument } from '../src/api/fetch-document.ts';
import { directRoute } from '../src/exchange/routes/direct.ts';
import { kindOfAddress, mayReachPrivate } from '../src/exchange/routes/guarded-connect.ts';
import { checkConfig } from '../src/home/config.ts';
import { homeLayout } from '../src/home/layout.ts';
import { makeWorld } from './parties.ts';

describe('an address', () => {
  it.each([
    ['public', ['192.0.2.1', '2001:db8::1', '64:ff9b::192.0.2.1', '::ffff:192.0.2.1']],
    ['private', ['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.31.0.1', '192.168.1.1', '100.64.0.1']],
    ['private', ['::1', 'fd12::1', '::ffff:10.0.0.1', '::ffff:7f00:1', '64:ff9b::10.0.0.1']],
    ['never', ['0.0.0.0', '::', '169.254.169.254', '::ffff:169.254.169.254', 'fe80::1%eth0']],
    ['never', ['255.255.255.255', '224.0.0.1', 'ff02::1', '240.0.0.1', '100.100.100.200']],
    ['never', ['168.63.129.16', 'fd00:ec2::254', '2002:7f00:1::', '64:ff9b::a9fe:a9fe', 'name']],
  ] as const)('is %s: %s', (kind, addresses) => {
    for (const address of addresses) expect(kindOfAddress(address), address).toBe(kind);
  });

  it('may be private where it is configured so, or where our own is', () => {
    const exchange = { host: '127.0.0.1', port: 1 };
    const base = { privateAddresses: null, direct: null, exchange };
    expect(mayReachPrivate(base)).toBe(true);
    expect(mayReachPrivate({ ...base, exchange: { host: '::1', port: 1 } })).toBe(true);
    expect(mayReachPrivate({ ...base, direct: 'http://[fd00::1]:7300' })).toBe(true);
    expect(mayReachPrivate({ ...base, direct: 'http://localhost:7300' })).toBe(true);
    expect(mayReachPrivate({ ...base, direct: 'https://north.example' })).toBe(false);
    expect(mayReachPrivate({ ...base, exchange: { host: '0.0.0.0', port: 1 } })).toBe(false);
    expect(mayReachPrivate({ ...base, exchange: { host: '192.0.2.1', port: 1 } })).toBe(false);
    expect(mayReachPrivate({ ...base, privateAddresses: false })).toBe(false);
    const direct = 'https://north.example';
    expect(mayReachPrivate({ ...base, direct, privateAddresses: true })).toBe(true);
  });

  it('that is private is configured with words that explain it', async () => {
    const home = await mkdtemp(join(tmpdir(), 'comity-config-'));
    const check = (text: string) =>
      checkConfig(homeLayout(home), { COMITY_PRIVATE_ADDRESSES: text }, {});
    expect((await check('true')).config.privateAddresses).toBe(true);
    expect((await check('false')).config.privateAddresses).toBe(false);
    const { problems } = await check('perhaps');
    expect(problems).toMatchObject([
      { key: 'COMITY_PRIVATE_ADDRESSES', problem: 'must be true or false' },
    ]);
    expect(problems[0]?.instead).toContain('null = as our own exchange address is');
    await rm(home, { recursive: true });
  });
});

describe('a route or document that leads inside', () => {
  let server: Server;
  let port: number;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/away') {
        response.writeHead(302, { location: `http://169.254.169.254:${port}/meta` }).end();
      } else response.writeHead(202).end('inside');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    ({ port } = server.address() as { port: number });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is not posted to, by address or by name, and the courier says why', async () => {
    const world = await makeWorld();
    const a = await world.party('Northland');
    const b = await world.party('Southmark');
    const { store } = a.node.storage;
    await world.pair(a, b);
    const send = async (direct_url: string, privateAllowed: boolean) => {
      await store.transact((tx) =>
        tx.updateTable('parties').set({ direct_url }).where('id', '=', b.id).execute(),
      );
      const route = directRoute(store.reader, privateAllowed);
      const sent = await route.send(b.id, new Uint8Array(10));
      await route.close();
      return sent;
    };
    const refused = (address: string) =>
      expect.objectContaining({
        sent: false,
        error: expect.stringContaining(`address not allowed: ${address}`) as string,
      }) as unknown;
    expect(await send(`http://127.0.0.1:${port}`, false)).toEqual(refused('127.0.0.1'));
    expect(await send(`http://2130706433:${port}`, false)).toEqual(refused('127.0.0.1'));
    expect(await send(`http://[::ffff:127.0.0.1]:${port}`, false)).toEqual(refused('::ffff:'));
    expect(await send(`http://localhost:${port}`, false)).toMatchObject({ sent: false });
    expect(await send(`http://169.254.169.254:${port}`, true)).toEqual(refused('169.254.169.254'));
    expect(await send(`http://0.0.0.0:${port}`, true)).toEqual(refused('0.0.0.0'));
    expect(asked).toEqual([]);
    expect(await send(`http://127.0.0.1:${port}`, true)).toEqual({ sent: true, answer: null });
    expect(await send(`http://localhost:${port}`, true)).toEqual({ sent: true, answer: null });
    expect(asked).toHaveLength(2);
    await world.close();
  });

  it('is not fetched, nor where a redirect leads there', async () => {
    const inside = await fetchDocument(`http://localhost:${port}/`, 100, false);
    expect(inside).toMatchObject({ ok: false, code: 'unreachable' });
    expect(inside).toMatchObject({ detail: expect.stringContaining('not allowed') as string });
    expect(asked).toEqual([]);
    const away = await fetchDocument(`http://127.0.0.1:${port}/away`, 100, true);
    expect(away).toMatchObject({ ok: false, code: 'unreachable' });
    expect(away).toMatchObject({ detail: 'address not allowed: 169.254.169.254' });
    const fetched = await fetchDocument(`http://127.0.0.1:${port}/`, 100, true);
    expect(fetched).toMatchObject({ ok: true, value: new TextEncoder().encode('inside') });
    expect(await fetchDocument(`http://127.0.0.1:${port}/`, 5, true)).toMatchObject({
      ok: false,
      code: 'too-large',
    });
  });
});
