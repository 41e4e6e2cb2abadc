/** The direct route over real HTTP on loopback. */
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  bodyPaceMs,
  pouchesInFlightMax,
  pouchRequestsMax,
  pouchRequestsPerAddressMax,
} from '../src/exchange/limits.ts';
import { directRoute, pouchMediaType, pouchPath } from '../src/exchange/routes/direct.ts';
import type { DirectRoute } from '../src/exchange/routes/direct.ts';
import { directServer } from '../src/exchange/routes/direct-server.ts';
import { makeWorld, messageBody } from './parties.ts';
import { craftPouch, sayRaw } from './raw-statements.ts';
import type { TestParty, TestWorld } from './parties.ts';
import { channelDocket } from '@comity/record';

let world: TestWorld;
let a: TestParty;
let b: TestParty;
let server: FastifyInstance;
let address: string;
let route: DirectRoute;

beforeEach(async () => {
  world = await makeWorld();
  a = await world.party('Northland');
  b = await world.party('Southmark');
  await world.pair(a, b);
  server = fastify();
  await server.register(async (scope) => {
    await directServer(scope, {
      party: b.id,
      receive: (sealed) => b.exchange.receive(sealed),
      turnedAway: (reason) => b.exchange.turnedAway(reason),
      after: world.clock.after,
    });
  });
  address = await server.listen({ host: '127.0.0.1', port: 0 });
  await a.node.storage.store.transact(async (tx) => {
    await tx.updateTable('parties').set({ direct_url: address }).where('id', '=', b.id).execute();
  });
  route = directRoute(a.node.storage.store.reader, true);
});
afterEach(async () => {
  await route.close();
  await server.close();
  await world.close();
});

const message = () => ({
  to: [b.id],
  body: messageBody('over the wire'),
  more: { docket: channelDocket(a.id, b.id) },
});

describe('the direct route', () => {
  it('carries a pouch and brings back the answer', async () => {
    const record = await sayRaw(a, message());
    const sent = await route.send(b.id, await craftPouch(a, b, [record]));
    if (sent?.sent !== true || sent.answer === null) throw new Error('no answer');
    const taken = await a.exchange.takeIn(sent.answer);
    expect(taken).toMatchObject({ ok: true, value: { sender: b.id, complete: true } });
    if (taken.ok) expect(taken.value.receipts).toHaveLength(1);
  });

  it('says what went wrong in one line', async () => {
    const sent = await route.send(b.id, new Uint8Array(100));
    expect(sent).toEqual({ sent: false, error: 'HTTP 400 unreadable' });
  });

  it('repeats no words of the other side', async () => {
    const code = 'x\n\nNo alarms.';
    const other = createServer((_request, response) => {
      response.writeHead(403).end(JSON.stringify({ code }));
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as { port: number };
    const set = { direct_url: `http://127.0.0.1:${port}` };
    await a.node.storage.store.transact(async (tx) => {
      await tx.updateTable('parties').set(set).where('id', '=', b.id).execute();
    });
    expect(await route.send(b.id, new Uint8Array(1))).toEqual({
      sent: false,
      error: 'HTTP 403 unreadable answer',
    });
    other.closeAllConnections();
    other.close();
  });

  it('does not lead to a party without an address', async () => {
    expect(await route.send('00'.repeat(32), new Uint8Array(100))).toBeNull();
  });

  it('gives up on a server that is not there', async () => {
    await server.close();
    const sent = await route.send(b.id, new Uint8Array(100));
    expect(sent).toMatchObject({ sent: false });
  });

  it('has a connection for every pouch in flight', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    let arrived = 0;
    const slow = fastify();
    slow.addContentTypeParser(pouchMediaType, { parseAs: 'buffer' }, (_, body, done) =>
      done(null, body),
    );
    slow.post(pouchPath, async (_request, reply) => {
      arrived += 1;
      await gate;
      return reply.code(202).send();
    });
    const direct_url = await slow.listen({ host: '127.0.0.1', port: 0 });
    await a.node.storage.store.transact(async (tx) => {
      await tx.updateTable('parties').set({ direct_url }).where('id', '=', b.id).execute();
    });
    const flights = Array.from({ length: pouchesInFlightMax }, () =>
      route.send(b.id, new Uint8Array(100)),
    );
    await expect.poll(() => arrived, { timeout: 20_000 }).toBe(pouchesInFlightMax);
    open(undefined);
    for (const sent of await Promise.all(flights))
      expect(sent).toEqual({ sent: true, answer: null });
    await slow.close();
  });

  it('takes no other media type and nothing past the limit', async () => {
    const json = await server.inject({
      method: 'POST',
      url: pouchPath,
      headers: { 'content-type': 'application/json' },
      payload: '{}',
    });
    expect(json.statusCode).toBe(400);
    const big = await server.inject({
      method: 'POST',
      url: pouchPath,
      headers: { 'content-type': pouchMediaType },
      payload: Buffer.alloc(6 * 1024 * 1024),
    });
    expect(big.statusCode).toBe(413);
  });

  /** Sockets that promise a body; resolves when the server has begun to wait for it. */
  async function slowSockets(count: number): Promise<Socket[]> {
    const { port } = server.server.address() as AddressInfo;
    const head = `POST ${pouchPath} HTTP/1.1\r\nhost: x\r\ncontent-type: ${pouchMediaType}\r\n`;
    const slow = Array.from({ length: count }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`${head}content-length: 200000\r\nexpect: 100-continue\r\n\r\n`);
      return socket;
    });
    // The server says "go on" then.
    await Promise.all(slow.map((socket) => once(socket, 'data')));
    return slow;
  }
  const headers = { 'content-type': pouchMediaType };
  const postFrom = (remoteAddress: string, payload: Buffer | Readable) =>
    server.inject({ method: 'POST', url: pouchPath, headers, remoteAddress, payload });

  it('reads no more bodies at a time than fit, says when to come again, and counts it', async () => {
    let begun = 0;
    const bodies = Array.from({ length: pouchRequestsMax }, () => {
      return new Readable({ read: () => (begun += 1) });
    });
    const slow = bodies.map((body, at) => postFrom(`192.0.2.${at}`, body));
    await expect.poll(() => begun).toBe(pouchRequestsMax);
    const body = Buffer.from(await craftPouch(a, b, []));
    const post = () => request(`${address}${pouchPath}`, { method: 'POST', headers, body });
    const full = await post();
    expect(full.statusCode).toBe(503);
    expect(full.headers['retry-after']).toBe('5');
    expect(await full.body.json()).toMatchObject({ code: 'busy' });
    expect(b.exchange.counters().get('busy')).toBe(1);
    expect(await route.send(b.id, body)).toEqual({ sent: false, error: 'HTTP 503 busy' });
    for (const each of bodies) each.push(null);
    for (const answer of await Promise.all(slow)) expect(answer.statusCode).toBe(400);
    const again = await post();
    await again.body.dump();
    expect(again.statusCode).toBe(200);
  });

  it('gives one address only a part of the places', async () => {
    const slow = await slowSockets(pouchRequestsPerAddressMax);
    const body = Buffer.from(await craftPouch(a, b, []));
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1']) {
      expect((await postFrom(address, body)).statusCode).toBe(503);
    }
    expect((await postFrom('192.0.2.1', body)).statusCode).toBe(200);
    for (const socket of slow) socket.destroy();
    await vi.waitFor(async () => {
      expect((await postFrom('127.0.0.1', body)).statusCode).toBe(200);
    });
  });

  it('waits for no body that keeps no pace', async () => {
    const served: Socket[] = [];
    server.server.on('connection', (socket) => served.push(socket));
    const [idle, drip, steady] = await slowSockets(3);
    if (idle === undefined || drip === undefined || steady === undefined) throw new Error('none');
    const answers = Promise.all([text(idle), text(drip)]);
    drip.write(Buffer.alloc(1_000));
    steady.write(Buffer.alloc(100_000));
    const most = () => Math.max(...served.map((socket) => socket.bytesRead));
    await expect.poll(most, { timeout: 20_000 }).toBeGreaterThan(100_000);
    world.clock.advance(bodyPaceMs);
    for (const answer of await answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('"code":"slow"');
    }
    expect(b.exchange.counters().get('slow')).toBe(2);
    const answer = once(steady, 'data');
    steady.write(Buffer.alloc(100_000));
    expect(String(await answer)).toMatch(/^HTTP\/1\.1 400 /);
    steady.destroy();
  });

  it('says who it is and nothing about others', async () => {
    const known = await server.inject({ url: '/.well-known/comity' });
    expect(known.json()).toEqual({
      party: b.id,
      protocols: [1],
      paths: { pouch: pouchPath, log: '/log/' },
    });
  });
});
