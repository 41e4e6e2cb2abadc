import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '@comity/record';
import { meaning } from '@comity/accord';
import type { RunningNode } from '../src/node.ts';
import { StartError } from '../src/node.ts';
import type { ShownDocket } from '../src/watch/dockets.ts';
import { api, apiFile, makeHome } from './homes.ts';
import type { TestHome } from './homes.ts';

let north: TestHome;
let south: TestHome;
let northNode: RunningNode;
let southNode: RunningNode;

const message = (text: string) => ({
  marker: 'information',
  priority: 'ordinary',
  standing: 'official',
  text,
  language: 'en',
});

const incident = {
  title: 'Scanning of the national results portal',
  text: 'Since 02:10 UTC sustained scanning from address space that you answer for.',
  category: 'reconnaissance',
  sector: 'elections',
  severity: 'medium',
  priority: 'ordinary',
  times: [{ what: 'detected', at: '2026-11-24T02:10:00Z', basis: 'observed' }],
  origin: 'network-origin',
  proposition: null,
  confidence: 'moderate',
  signals: [],
  tlp: 'AMBER',
  asked: [],
};

async function until(done: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 15_000;
  while (Date.now() < end) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not in time: ${what}`);
}

async function addEachOther(): Promise<string> {
  const northFile = (await northNode.call({ method: 'GET', path: '/credentials' })).body;
  const southFile = (await southNode.call({ method: 'GET', path: '/credentials' })).body;
  const added = await apiFile(northNode, '/parties/file', southFile);
  await apiFile(southNode, '/parties/file', northFile);
  return String(added.value['safetyNumber']);
}

async function confirm(node: RunningNode, home: TestHome, party: string, number: string) {
  const answer = await api<{ draft: { draft: string } | null }>(
    node,
    'POST',
    `/parties/${party}/confirm`,
    { number },
  );
  expect(answer.status).toBe(200);
  const { approveWith } = await import('../src/desk/say.ts');
  const draft = answer.value.draft?.draft ?? '';
  const approved = await approveWith(node.desk, draft, home.secrets);
  expect(approved).toMatchObject({ ok: true, value: { state: 'logged' } });
}

const stateOf = async (node: RunningNode, name: string) =>
  (await api<{ state: string }>(node, 'GET', `/parties/${name}/number`)).value.state;

const show = async (node: RunningNode, docket: string) =>
  (await api<ShownDocket>(node, 'GET', `/dockets/${docket}`)).value;

beforeAll(async () => {
  north = await makeHome('Northland');
  south = await makeHome('Southmark');
  northNode = await north.start({ flags: { heartbeatSeconds: 1 } });
  southNode = await south.start({ flags: { heartbeatSeconds: 1 } });
});
afterAll(async () => {
  await northNode.close();
  await southNode.close();
  await north.remove();
  await south.remove();
});

describe('two running nodes', () => {
  it('pair over the direct route: the pairing stands when both have said so', async () => {
    const number = await addEachOther();
    await confirm(northNode, north, 'Southmark', number);
    expect(await stateOf(northNode, 'Southmark')).toBe('added');
    await confirm(southNode, south, 'Northland', number);
    await until(async () => (await stateOf(northNode, 'Southmark')) === 'confirmed', 'north');
    await until(async () => (await stateOf(southNode, 'Northland')) === 'confirmed', 'south');
  });

  it('a message is logged, received with proof, and both fold the channel alike', async () => {
    const wish = { kind: 'channel.message', to: ['Southmark'], body: message('good evening') };
    const said = await api<{ id: string; state: string }>(northNode, 'POST', '/say', wish);
    expect(said.value.state).toBe('logged');
    const { id } = said.value;
    const received = async () => {
      const one = await api<{ deliveryState: string }>(northNode, 'GET', `/statements/${id}`);
      return one.value.deliveryState === 'received';
    };
    await until(received, 'receipt');
    const proof = await northNode.call({
      method: 'GET',
      path: `/statements/${id}/proof?at=Southmark`,
    });
    expect(Buffer.from(proof.body).toString()).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex /);
    expect(Buffer.from(proof.body).toString()).toContain(south.origin);
    const own = await northNode.call({ method: 'GET', path: `/statements/${id}/proof` });
    expect(Buffer.from(own.body).toString()).toContain(north.origin);
    const theirs = await api<{ body: object; own: boolean }>(southNode, 'GET', `/statements/${id}`);
    expect(theirs.value).toMatchObject({ own: false, body: message('good evening') });
  });

  it('an incident opens a docket whose obligation both sides compute alike', async () => {
    const said = await api<{ id: string; code?: string }>(northNode, 'POST', '/say', {
      kind: 'incident.notify',
      to: ['Southmark'],
      body: incident,
    });
    expect(said.value.code).toBeUndefined();
    const docket = said.value.id;
    await until(async () => {
      const mine = await show(northNode, docket);
      const theirs = await show(southNode, docket);
      return mine.stateDigest !== undefined && mine.stateDigest === theirs.stateDigest;
    }, 'equal digests');
    const unseen = async () =>
      (await api<{ duty: { notLookedAt: number; dockets: string[] } }>(southNode, 'GET', '/status'))
        .value.duty;
    // The pairing, the message, the notification; heartbeats are none of them.
    expect(await unseen()).toMatchObject({ notLookedAt: 3, owed: 1, overdue: 0 });
    await api(southNode, 'POST', `/dockets/${docket}/looked-at`);
    const left = await unseen();
    expect([left.notLookedAt, left.dockets.includes(docket)]).toEqual([2, false]);
    await api(southNode, 'POST', '/dockets/looked-at');
    expect((await unseen()).notLookedAt).toBe(0);
    const owed = await api<{ owedByName: string; docket: string }[]>(
      southNode,
      'GET',
      '/obligations',
    );
    expect(owed.value.some((row) => row.docket === docket && row.owedByName === 'Southmark')).toBe(
      true,
    );
  });

  it('a bundle of the docket verifies, and says how complete it is', async () => {
    const dockets = await api<{ docket: string; type: string }[]>(northNode, 'GET', '/dockets');
    const opened = dockets.value.find((row) => row.type === 'incident');
    const bundle = async () =>
      (await northNode.call({ method: 'GET', path: `/dockets/${opened?.docket}/bundle` })).body;
    const trust = [north.party, south.party];
    const first = verifyBundle(await bundle(), { trust, meaning });
    expect(first.checks.filter((check) => !check.ok)).toEqual([]);
    expect(['valid', 'incomplete']).toContain(first.verdict);
    await until(async () => {
      const report = verifyBundle(await bundle(), { trust, meaning });
      return report.verdict === 'valid';
    }, `valid (was ${first.verdict}: ${first.completeness})`);
    const bytes = await bundle();
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    expect(verifyBundle(bytes, { trust, meaning }).verdict).not.toBe('valid');
  });

  it('serves tiles and who it is to anybody, and officers’ paths to nobody', async () => {
    const url = northNode.exchangeUrl ?? '';
    const checkpoint = await fetch(`${url}/log/checkpoint`);
    expect(await checkpoint.text()).toContain(`${north.origin}\n`);
    const known = await fetch(`${url}/.well-known/comity`);
    expect(await known.json()).toMatchObject({ party: north.party });
    for (const path of ['/api/v1/status', '/api/v1/drafts', '/']) {
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    }
    const garbage = await fetch(`${url}/exchange/v1/pouch`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.comity.pouch' },
      body: 'garbage',
    });
    expect(garbage.status).toBe(400);
  });

  it('both stores verify whole', async () => {
    for (const node of [northNode, southNode]) {
      const report = await api<{ ok: boolean; problems: object[] }>(node, 'POST', '/fsck');
      expect(report.value.problems).toEqual([]);
      expect(report.value.ok).toBe(true);
    }
  });

  it('one home is worked on by one process', async () => {
    await expect(north.start({ offline: true })).rejects.toThrow(StartError);
    await expect(north.start({ offline: true })).rejects.toMatchObject({ code: 'locked' });
  });
});

describe('two homes without a network', () => {
  it('pair and talk by pouch files alone', async () => {
    const east = await makeHome('Eastmere');
    const west = await makeHome('Westhold');
    const eastNode = await east.start({ offline: true });
    const westNode = await west.start({ offline: true });
    try {
      const eastFile = (await eastNode.call({ method: 'GET', path: '/credentials' })).body;
      const westFile = (await westNode.call({ method: 'GET', path: '/credentials' })).body;
      const added = await apiFile(eastNode, '/parties/file', westFile);
      await apiFile(westNode, '/parties/file', eastFile);
      const number = String(added.value['safetyNumber']);
      await confirm(eastNode, east, 'Westhold', number);
      await confirm(westNode, west, 'Eastmere', number);
      const carry = async (from: RunningNode, to: RunningNode, party: string, count: number) => {
        for (let n = 0; n < count; n += 1) {
          const file = await api<{ pouch: string }>(from, 'POST', `/parties/${party}/pouch`, {});
          expect(file.status).toBe(200);
          const taken = await apiFile(to, '/pouches', Buffer.from(file.value.pouch, 'base64'));
          expect(taken.status, JSON.stringify(taken.value)).toBe(200);
        }
      };
      await carry(eastNode, westNode, 'Westhold', 1);
      await carry(westNode, eastNode, 'Eastmere', 1);
      expect(await stateOf(eastNode, 'Westhold')).toBe('confirmed');
      const wish = { kind: 'channel.message', to: ['Westhold'], body: message('by hand') };
      const said = await api<{ id: string; state: string }>(eastNode, 'POST', '/say', wish);
      expect(said.value.state).toBe('logged');
      await carry(eastNode, westNode, 'Westhold', 1);
      await carry(westNode, eastNode, 'Eastmere', 1);
      const one = await api<{ deliveryState: string }>(
        eastNode,
        'GET',
        `/statements/${said.value.id}`,
      );
      expect(one.value.deliveryState).toBe('received');
    } finally {
      await eastNode.close();
      await westNode.close();
      await east.remove();
      await west.remove();
    }
  });
});
