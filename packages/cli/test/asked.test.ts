/** A node that answers another statement than the one asked for gets no officer's signature for it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  homeLayout,
  initHome,
  listOfficerKeys,
  parseDraftFile,
  signDraftFile,
  systemClock,
  unlockOfficerKey,
} from '@comity/node';
import type { LocalReply, RunningNode } from '@comity/node';
import { channelDocket } from '@comity/record';
import type { Statement } from '@comity/record';
import { askedAct, isAsked } from '../src/asked.ts';
import type { AskedAct } from '../src/asked.ts';
import { NodeClient } from '../src/client.ts';
import { Place } from './command.ts';
import type { Ran } from './command.ts';
import { fiatTable } from './invented-fiat.ts';
import {
  jsonBytes,
  jsonOf,
  nodeEnvironment,
  startOffline,
  startTamperingNode,
} from './tampering-node.ts';
import type { Tamper, TamperingNode } from './tampering-node.ts';

const home = ['--home', 'north', '--json'];
let place: Place;
let rogue: TamperingNode;
let number = '';
let north = '';
let south = '';

beforeAll(async () => {
  place = await Place.make();
  [north, south] = await Promise.all([
    makeHome('north', 'Northland'),
    makeHome('south', 'Southmark'),
  ]);
  const other = await startOffline(place, place.path('south'));
  rogue = await startTamperingNode(place, 'north');
  await addParty(rogue.node, other);
  number = await addParty(other, rogue.node);
  await confirm(rogue.node, 'north', south);
  await confirm(other, 'south', north);
  const pouch = await other.hand.export(north);
  if (!pouch.ok) throw new Error(pouch.code);
  expect(await rogue.node.hand.import(pouch.value.pouch)).toMatchObject({ ok: true });
  await other.close();
}, 120_000);
beforeEach(() => rogue.tamperWith(() => Promise.resolve(null)));
afterAll(async () => {
  await rogue.close();
  await place.remove();
});

async function makeHome(name: string, party: string): Promise<string> {
  const made = await initHome({
    home: place.path(name),
    name: party,
    functions: ['cert'],
    officers: 2,
    exercise: true,
    unprotectedKeys: true,
    passphrase: null,
    random: (count) => new Uint8Array(randomBytes(count)),
    clock: systemClock,
    environment: nodeEnvironment(place),
  });
  if (!made.ok) throw new Error(made.code);
  return made.value.party;
}

/** Gives the credentials of `from` to `to`; their safety number. */
async function addParty(to: RunningNode, from: RunningNode): Promise<string> {
  const { body } = await from.call({ method: 'GET', path: '/credentials' });
  const contentType = 'application/octet-stream';
  const added = await to.call({ method: 'POST', path: '/parties/file', body, contentType });
  return String(jsonOf(added.body)['safetyNumber']);
}

async function confirm(node: RunningNode, name: string, party: string): Promise<void> {
  const reply = await call(node, `/parties/${party}/confirm`, { number });
  const { draft } = reply['draft'] as { draft: string };
  const [key] = await listOfficerKeys(homeLayout(place.path(name)));
  const secret = await unlockOfficerKey(key?.path ?? '', null);
  if (!secret.ok) throw new Error(secret.code);
  const signed = signDraftFile((await fileOf(node, draft)).body, secret.value);
  if (!signed.ok) throw new Error(signed.code);
  const body = signed.value.file;
  const contentType = 'application/octet-stream';
  await node.call({ method: 'POST', path: '/drafts/file', body, contentType });
}

async function call(
  node: RunningNode,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const request = { method: 'POST', path, body: jsonBytes(body) } as const;
  return jsonOf((await node.call({ ...request, contentType: 'application/json' })).body);
}

const message = (text: string) => ({
  marker: 'information',
  priority: 'ordinary',
  standing: 'official',
  text,
  language: 'en',
});
const say = ['say', 'channel.message', '--to', 'Southmark', '--text', 'good evening', ...home];

/** The same call to the node with other members in its body. */
const rewriting =
  (path: RegExp, change: (body: Record<string, unknown>) => object): Tamper =>
  async (call, node) => {
    if (call.method !== 'POST' || !path.test(call.path)) return null;
    const body = jsonOf(call.body);
    return await node.call({ ...call, body: jsonBytes({ ...body, ...change(body) }) });
  };

async function draftOf(node: RunningNode, request: object): Promise<string> {
  return String((await call(node, '/drafts', request))['draft']);
}

const fileOf = (node: RunningNode, draft: string): Promise<LocalReply> =>
  node.call({ method: 'GET', path: `/drafts/${draft}/file` });

function expectUnsigned(ran: Ran): void {
  expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'not-as-asked' } }]);
  const signed = rogue.calls.filter(({ path }) => /^\/(drafts\/file|signatures)/u.test(path));
  expect(signed).toEqual([]);
}

describe('a node that answers another statement', () => {
  it('gets no signature for other words', async () => {
    rogue.tamperWith(rewriting(/^\/drafts$/u, () => ({ body: message('WE DID IT') })));
    expectUnsigned(await place.run(say));
  }, 60_000);

  it('gets none for the file of another draft', async () => {
    const other = await draftOf(rogue.node, {
      kind: 'channel.message',
      to: [south],
      docket: null,
      body: message('good evening'),
    });
    rogue.tamperWith(async ({ path }, node) =>
      /^\/drafts\/[0-9a-f]{64}\/file$/u.test(path) ? await fileOf(node, other) : null,
    );
    expectUnsigned(await place.run(say));
    const yes = ['approve', 'a'.repeat(12), '--yes', ...home];
    rogue.tamperWith(async ({ path }, node) => {
      if (!path.startsWith('/drafts/')) return null;
      return path.endsWith('/file')
        ? await fileOf(node, other)
        : await node.call({ method: 'GET', path: `/drafts/${other}` });
    });
    expectUnsigned(await place.run(yes));
  }, 60_000);

  it('gets none in place of the confirmation of a pairing', async () => {
    const other = await draftOf(rogue.node, {
      kind: 'channel.message',
      to: [south],
      docket: null,
      body: message('WE DID IT'),
    });
    rogue.tamperWith(async (call, node) => {
      if (!call.path.endsWith('/confirm')) return null;
      const reply = await node.call(call);
      return { ...reply, body: jsonBytes({ ...jsonOf(reply.body), draft: { draft: other } }) };
    });
    expectUnsigned(await place.run(['pair', 'confirm', 'Southmark', '--number', number, ...home]));
  }, 60_000);

  it('gets none for credentials with more changes than were asked for', async () => {
    rogue.tamperWith(
      rewriting(/^\/credentials\/rotation$/u, () => ({
        thresholds: { duty: { threshold: 2 } },
      })),
    );
    const rotate = ['credentials', 'rotate', '--direct', 'https://north.example', ...home];
    expectUnsigned(await place.run(rotate));
  }, 60_000);

  it('gets none for imported rows that say something else; the others are raised', async () => {
    await writeFile(place.path('fiat.csv'), fiatTable(['NORTH001', 'NORTH002']));
    rogue.tamperWith(
      rewriting(/^\/imports$/u, ({ records }) => {
        const [first, ...rest] = records as { body: Record<string, unknown> }[];
        const body = { ...first?.body, title: 'WE DID IT' };
        return { records: [{ ...first, body }, ...rest] };
      }),
    );
    const ran = await place.run(['import', 'fiat', 'fiat.csv', '--to', 'Southmark', ...home]);
    expect([ran.code, ran.json()]).toMatchObject([
      1,
      { read: 2, raised: 1, errors: [{ reason: expect.stringContaining('it was not signed') }] },
    ]);
    const [signed] = rogue.calls.filter(({ path }) => path === '/signatures');
    expect(jsonOf(signed?.body ?? null)['items']).toHaveLength(1);
  }, 60_000);
});

describe('approve on a terminal', () => {
  it.skipIf(process.platform !== 'linux')(
    'signs the bytes that it showed, whatever is answered next (needs script of util-linux)',
    async () => {
      const request = { kind: 'channel.message', to: [south], docket: null };
      const shownDraft = await draftOf(rogue.node, { ...request, body: message('good evening') });
      const other = await draftOf(rogue.node, { ...request, body: message('WE DID IT') });
      let asked = 0;
      rogue.tamperWith(async ({ path }, node) => {
        if (!path.endsWith(`${shownDraft}/file`)) return null;
        asked += 1;
        return await fileOf(node, asked === 1 ? shownDraft : other);
      });
      const output = await approveOnTerminal(shownDraft);
      expect(output).toContain('good evening');
      const [signed] = rogue.calls.filter(({ path }) => path.startsWith('/drafts/file'));
      const file = parseDraftFile(signed?.body ?? new Uint8Array());
      expect([asked, file]).toMatchObject([1, { ok: true, value: { id: shownDraft } }]);
    },
    60_000,
  );
});

/** Answers yes to the question, on a pseudo terminal. */
async function approveOnTerminal(draft: string): Promise<string> {
  const script = fileURLToPath(new URL('../bin/comity.js', import.meta.url));
  const words = `'${process.execPath}' '${script}' approve ${draft} --home north`;
  const child = spawn('script', ['-qec', words, '/dev/null'], {
    cwd: place.folder,
    env: place.environment({ TERM: 'xterm', SHELL: '/bin/sh' }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  let answered = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    // The prompt hides the cursor when it begins to listen.
    if (answered || !output.includes('\u001b[?25l')) return;
    answered = true;
    child.stdin.write('y');
  });
  await new Promise((done) => child.on('close', done));
  return output;
}

describe('an act as it was asked for', () => {
  let client: NodeClient;
  let statement: Statement;
  const act: AskedAct = {
    kind: 'channel.message',
    to: ['Southmark'],
    docket: null,
    body: message('good evening'),
  };

  beforeAll(async () => {
    const { node } = rogue;
    client = new NodeClient({
      running: false,
      call: (call) => node.call(call),
      close: () => Promise.resolve(),
    });
    const draft = await draftOf(node, act);
    const file = parseDraftFile((await fileOf(node, draft)).body);
    if (!file.ok) throw new Error(file.code);
    statement = file.value.statement;
  });

  it('is the one of an honest node', async () => {
    for (const to of ['Southmark', south.slice(0, 8), south]) {
      expect((await askedAct(client, north, { ...act, to: [to] }))(statement)).toBe(true);
    }
  });

  it.each<[string, (honest: Statement) => Partial<Statement>]>([
    ['kind', () => ({ kind: 'channel.terms' })],
    ['a word', ({ body }) => ({ body: { ...body, text: 'good morning' } })],
    ['a member', ({ body }) => ({ body: { ...body, subject: 'x' } })],
    ['recipient', () => ({ to: ['c'.repeat(64)] })],
    ['one recipient more', ({ to }) => ({ to: [...to, 'f'.repeat(64)] })],
    ['docket', () => ({ docket: channelDocket('a'.repeat(64), 'b'.repeat(64)) })],
    ['no docket', () => ({ docket: null })],
    ['citation', () => ({ cites: ['d'.repeat(64)] })],
  ])('is not one with another %s', async (_name, change) => {
    const asked = await askedAct(client, north, act);
    expect(asked({ ...statement, ...change(statement) })).toBe(false);
  });

  it('is ours, and of our world', () => {
    const self = { id: north, name: 'Northland', exercise: true, origin: '' };
    expect(isAsked({ statement, exercise: true }, self, null)).toBe(true);
    expect(isAsked({ statement, exercise: false }, self, null)).toBe(false);
    expect(isAsked({ statement, exercise: true }, { ...self, id: south }, null)).toBe(false);
  });

  it('belongs to the docket that was named, and pins the terms and citations that were named', async () => {
    const docket = 'abcdef'.padEnd(64, '0');
    const inform = { ...act, kind: 'incident.inform', to: [], body: {} };
    const informed = { ...statement, kind: 'incident.inform', body: {}, docket };
    for (const [text, fits] of [
      [docket, true],
      ['abcdef', true],
      ['abcdee', false],
      ['b'.repeat(64), false],
      ['Southmark', false],
    ] as const) {
      const asked = await askedAct(client, north, { ...inform, docket: text });
      expect([text, asked(informed)]).toEqual([text, fits]);
    }
    const channel = await askedAct(client, north, { ...inform, docket: 'Southmark' });
    expect(channel({ ...informed, docket: channelDocket(north, south) })).toBe(true);
    const [terms, cite] = ['1'.repeat(64), '2'.repeat(64)];
    const notify = { ...act, kind: 'incident.notify', terms, cites: [cite] };
    const asked = await askedAct(client, north, notify);
    const opening = { ...statement, kind: 'incident.notify', docket: null, terms, cites: [cite] };
    expect(asked(opening)).toBe(true);
    expect(asked({ ...opening, cites: [cite, '3'.repeat(64)].sort() })).toBe(true);
    expect(asked({ ...opening, cites: [] })).toBe(false);
    expect(asked({ ...opening, terms: '4'.repeat(64) })).toBe(false);
    expect(asked({ ...opening, docket })).toBe(false);
  });
});
