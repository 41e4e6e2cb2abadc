import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBase64 } from '@comity/record';
import type { EnvelopeSignature } from '@comity/record';
import { signDraftFile } from '../src/desk/draft-file.ts';
import { signAsOfficer } from '../src/officers/key-files.ts';
import type { RunningNode } from '../src/node.ts';
import { api, apiFile, makeHome } from './homes.ts';
import type { TestHome } from './homes.ts';

interface DraftAnswer {
  draft: string;
  state: string;
  missingSignatures: number;
  maySign: string[];
  level: string;
  payload: string;
  payloadType: string;
  idGroups: string;
}
interface ApprovalAnswer {
  state: string;
  id?: string;
  draft?: string | null;
  docket?: string;
  missingSignatures: number;
  changed?: string[];
}

let north: TestHome;
let south: TestHome;
let node: RunningNode;
let southNode: RunningNode;

/** Credentials of the other side, taken from its own API. */
async function credentialsOf(other: RunningNode): Promise<Uint8Array> {
  const reply = await other.call({ method: 'GET', path: '/credentials' });
  expect(reply.status).toBe(200);
  return reply.body;
}

function signatureOf(home: TestHome, officer: number, draft: DraftAnswer): EnvelopeSignature {
  const secret = home.secrets[officer];
  const payload = decodeBase64(draft.payload);
  if (secret === undefined || payload === null) throw new Error('no secret or payload');
  return signAsOfficer(secret, draft.payloadType, payload);
}

beforeAll(async () => {
  north = await makeHome('Northland');
  south = await makeHome('Southmark');
  node = await north.start();
  southNode = await south.start();
  // Both have each other's credentials; the pairing itself is tested with running nodes.
  await apiFile(node, '/parties/file', await credentialsOf(southNode));
  await apiFile(southNode, '/parties/file', await credentialsOf(node));
});
afterAll(async () => {
  await node.close();
  await southNode.close();
  await north.remove();
  await south.remove();
});

describe('drafts', () => {
  const text = {
    marker: 'information',
    priority: 'ordinary',
    standing: 'official',
    text: 'good evening',
    language: 'en',
  };
  const messageTo = async (body: object = text) =>
    await api<DraftAnswer>(node, 'POST', '/drafts', {
      kind: 'channel.message',
      to: ['Southmark'],
      body,
    });

  beforeAll(async () => {
    // The other side's channel.pair has not travelled in this test: the pairing is set by hand.
    await node.desk.store.transact(async (tx) => {
      await tx
        .updateTable('parties')
        .set({ state: 'confirmed' })
        .where('id', '=', south.party)
        .execute();
    });
  });

  it('a stranger’s signature, a signature over other bytes and half a signature count for nothing', async () => {
    const { value: draft } = await messageTo();
    const path = `/drafts/${draft.draft}/signatures`;
    const stranger = signatureOf(south, 0, draft);
    const other = signatureOf(north, 0, {
      ...draft,
      payload: Buffer.from('{}').toString('base64'),
    });
    const half = { ...signatureOf(north, 0, draft), sig: 'AAAA' };
    for (const signature of [stranger, other, half]) {
      const answer = await api(node, 'POST', path, { signatures: [signature] });
      expect(answer).toMatchObject({ status: 400, value: { code: 'bad-signature' } });
    }
    const shown = await api<DraftAnswer>(node, 'GET', `/drafts/${draft.draft}`);
    expect(shown.value).toMatchObject({ state: 'open', missingSignatures: 1 });
    await api(node, 'DELETE', `/drafts/${draft.draft}`);
    const late = await api(node, 'POST', path, { signatures: [signatureOf(north, 0, draft)] });
    expect(late.value).toMatchObject({ code: 'draft-discarded' });
  });

  it('of two drafts on one place the first completed wins, the other is offered anew with what changed', async () => {
    const first = (await messageTo()).value;
    const second = (await messageTo({ ...text, text: 'good night' })).value;
    const sign = async (draft: DraftAnswer) =>
      await api<ApprovalAnswer>(node, 'POST', `/drafts/${draft.draft}/signatures`, {
        signatures: [signatureOf(north, 0, draft)],
      });
    expect((await sign(second)).value.state).toBe('logged');
    const stale = (await sign(first)).value;
    expect(stale.state).toBe('stale');
    expect(stale.changed?.join()).toContain('newest statement');
    const fresh = await api<DraftAnswer>(node, 'GET', `/drafts/${stale.draft}`);
    expect(fresh.value.state).toBe('open');
    expect((await sign(fresh.value)).value).toMatchObject({ state: 'logged', id: stale.draft });
  });

  it('an allegation of somebody to whom it is not addressed is refused before it is drafted', async () => {
    const allege = (respondent: string) => ({
      kind: 'allegation.raise',
      to: ['Southmark'],
      body: {
        respondent,
        conduct: { en: 'Scans of an election authority' },
        level: 'network-origin',
        basis: [{ kind: 'norm', reference: 'UN 2015 (f)' }],
        period: { from: null, until: null },
        particulars: [],
        evidence: { shown: [], withheld: '' },
        alternatives: 'A misconfigured scanner',
        proposition: { text: { en: 'It came from there' }, likelihood: 'likely' },
        confidence: 'moderate',
      },
    });
    const before = (await api(node, 'GET', '/drafts')).value;
    for (const respondent of ['c'.repeat(64), north.party]) {
      const answer = await api(node, 'POST', '/drafts', allege(respondent));
      expect(answer).toMatchObject({
        status: 400,
        value: { code: 'not-a-recipient', path: 'body/respondent', detail: respondent },
      });
    }
    expect((await api(node, 'GET', '/drafts')).value).toEqual(before);
    const good = await api<DraftAnswer>(node, 'POST', '/drafts', allege(south.party));
    expect(good).toMatchObject({ status: 201, value: { level: 'solemn' } });
    await api(node, 'DELETE', `/drafts/${good.value.draft}`);
  });

  it('an act that would be void is refused before anybody signs, and said only on demand', async () => {
    const notification = {
      title: 'Scanning',
      text: 'Since 02:10 UTC sustained scanning.',
      category: 'reconnaissance',
      sector: 'elections',
      severity: 'medium',
      priority: 'ordinary',
      times: [{ what: 'detected', at: '2026-11-24T02:10:00Z', basis: 'observed' }],
      origin: 'network-origin',
      proposition: { text: { en: 'It comes from there.' }, likelihood: 'very-likely' },
      confidence: 'moderate',
      signals: [],
      tlp: 'AMBER',
      asked: [],
    };
    const opening = { kind: 'incident.notify', to: ['Southmark'], body: notification };
    const opened = await api<ApprovalAnswer>(node, 'POST', '/say', opening);
    expect(opened.value.state).toBe('logged');
    // Nobody acknowledges their own notification.
    const own = {
      kind: 'incident.acknowledge',
      docket: opened.value.docket,
      body: { reach: { office: 'Desk', telephone: '+00', languages: ['en'] }, note: 'Read.' },
    };
    const before = (await api(node, 'GET', '/drafts')).value;
    const refused = await api(node, 'POST', '/drafts', own);
    expect(refused).toMatchObject({
      status: 409,
      value: {
        code: 'would-be-void',
        detail: 'this party may not do this here (not-yours)',
      },
    });
    expect((await api(node, 'GET', '/drafts')).value).toEqual(before);
    const draft = (await api<DraftAnswer>(node, 'POST', '/drafts', { ...own, evenIfVoid: true }))
      .value;
    const shown = await api(node, 'GET', `/drafts/${draft.draft}`);
    expect(shown.value).toMatchObject({ wouldBeVoid: 'not-yours' });
    const path = `/drafts/${draft.draft}/signatures`;
    const signatures = [signatureOf(north, 0, draft)];
    expect((await api(node, 'POST', path, { signatures })).value).toMatchObject({
      code: 'would-be-void',
    });
    const said = await api(node, 'POST', path, { signatures, evenIfVoid: true });
    expect(said.value).toMatchObject({ state: 'logged', id: draft.draft });
    await node.settled();
    const alarms = (await api<{ code: string; detail: string }[]>(node, 'GET', '/alarms')).value;
    expect(alarms).toMatchObject([
      { code: 'own-act-void', detail: expect.stringContaining('not-yours') },
    ]);
  });

  it('a solemn act waits for its second officer, and one officer twice is one officer', async () => {
    const offer = JSON.parse(
      JSON.stringify({
        subject: 'non-interference',
      }),
    ) as object;
    const bad = await api(node, 'POST', '/drafts', {
      kind: 'assurance.offer',
      to: ['Southmark'],
      body: offer,
    });
    expect(bad.value).toMatchObject({ code: 'bad-schema' });
    const { value: draft } = await api<DraftAnswer>(node, 'POST', '/drafts', {
      kind: 'party.delegate',
      body: {
        office: 'Night officer',
        key: { type: 'ed25519', key: Buffer.alloc(32, 7).toString('base64') },
        kinds: ['channel.message'],
        until: '2030-01-01T00:00:00Z',
      },
    });
    expect(draft).toMatchObject({ level: 'solemn', missingSignatures: 2 });
    const path = `/drafts/${draft.draft}/signatures`;
    for (let times = 0; times < 2; times += 1) {
      const once = await api<ApprovalAnswer>(node, 'POST', path, {
        signatures: [signatureOf(north, 0, draft)],
      });
      expect(once.value).toMatchObject({ state: 'waiting', missingSignatures: 1 });
    }
    const file = await node.call({ method: 'GET', path: `/drafts/${draft.draft}/file` });
    const second = north.secrets[1];
    if (second === undefined) throw new Error('no second officer');
    const signed = signDraftFile(file.body, second);
    if (!signed.ok) throw new Error(signed.code);
    expect(signed.value.display).toMatchObject({ id: draft.draft, idGroups: draft.idGroups });
    expect(signed.value.display.words).toContain('Night officer');
    const done = await apiFile<ApprovalAnswer>(node, '/drafts/file', signed.value.file);
    expect(done.value).toMatchObject({ state: 'logged', id: draft.draft });
    const roster = await api<{ delegations: { office: string }[] }>(node, 'GET', '/officers');
    expect(roster.value.delegations).toMatchObject([{ office: 'Night officer', ended: false }]);
  });

  it('say signs with open keys, and names what it lacks', async () => {
    const wish = { kind: 'channel.message', to: ['Southmark'], body: text };
    const said = await api<ApprovalAnswer>(node, 'POST', '/say', wish);
    expect(said.value).toMatchObject({ state: 'logged', missingSignatures: 0 });
    const named = await api<ApprovalAnswer>(node, 'POST', '/say', {
      ...wish,
      officers: ['officer 2'],
    });
    expect(named.value.state).toBe('logged');
    const nobody = await api(node, 'POST', '/say', { ...wish, officers: ['Captain'] });
    expect(nobody.value).toMatchObject({ code: 'unknown-officer' });
    const both = await api(node, 'POST', '/say', { ...wish, officers: ['duty officer'] });
    expect(both.value).toMatchObject({ code: 'ambiguous-officer' });
  });

  it('hostile text never reaches a signature', async () => {
    for (const bad of ['a\u202eb', 'e\u0301', '\u0000', '\ud800', 'tab\there']) {
      const answer = await messageTo({ ...text, text: bad });
      expect(answer.status, JSON.stringify(bad)).toBe(400);
    }
  });

  it('an import of the same records raises nothing the second time', async () => {
    const records = [
      {
        key: 'row-1',
        kind: 'channel.message',
        body: text,
      },
    ];
    const wrong = await api<{ state: string; code: string }[]>(node, 'POST', '/imports', {
      to: ['Southmark'],
      records: [{ key: 'x', kind: 'no.kind', body: {} }],
    });
    expect(wrong.value).toMatchObject([{ key: 'x', state: 'error', code: 'unknown-kind' }]);
    const dry = await api<{ state: string }[]>(node, 'POST', '/imports', {
      to: ['Southmark'],
      dryRun: true,
      records,
    });
    expect(dry.value).toMatchObject([{ state: 'would-raise' }]);
    const first = await api<DraftAnswer[]>(node, 'POST', '/imports', {
      to: ['Southmark'],
      records,
    });
    const [draft] = first.value;
    if (draft === undefined) throw new Error('no draft');
    expect(draft).toMatchObject({ state: 'draft', missingSignatures: 1 });
    const resumed = await api<DraftAnswer[]>(node, 'POST', '/imports', {
      to: ['Southmark'],
      records,
    });
    expect(resumed.value[0]?.draft).toBe(draft.draft);
    const items = [{ draft: draft.draft, signatures: [signatureOf(north, 0, draft)] }];
    const batch = await api<{ approval: ApprovalAnswer }[]>(node, 'POST', '/signatures', { items });
    expect(batch.value[0]?.approval.state).toBe('logged');
    const second = await api<{ state: string }[]>(node, 'POST', '/imports', {
      to: ['Southmark'],
      records,
    });
    expect(second.value).toMatchObject([{ key: 'row-1', state: 'unchanged' }]);
  });
});

describe('rotation of credentials', () => {
  it('needs the root of both versions; drafts under the old ones go stale', async () => {
    const before = (
      await api<DraftAnswer>(node, 'POST', '/drafts', {
        kind: 'channel.message',
        to: ['Southmark'],
        body: {
          marker: 'information',
          priority: 'ordinary',
          standing: 'official',
          text: 'before',
          language: 'en',
        },
      })
    ).value;
    expect((await api(node, 'POST', '/credentials/rotation', {})).value).toMatchObject({
      code: 'no-change',
    });
    const tooFew = { thresholds: { solemn: { threshold: 1 } } };
    expect((await api(node, 'POST', '/credentials/rotation', tooFew)).value).toMatchObject({
      code: 'bad-schema',
    });
    const { value: draft } = await api<DraftAnswer>(node, 'POST', '/credentials/rotation', {
      name: { en: 'Northland CERT' },
    });
    expect(draft).toMatchObject({ level: 'root', missingSignatures: 2 });
    const path = `/drafts/${draft.draft}/signatures`;
    const one = await api<ApprovalAnswer>(node, 'POST', path, {
      signatures: [signatureOf(north, 0, draft)],
    });
    expect(one.value).toMatchObject({ state: 'waiting', missingSignatures: 1 });
    const two = await api<ApprovalAnswer>(node, 'POST', path, {
      signatures: [signatureOf(north, 1, draft)],
    });
    expect(two.value).toMatchObject({ state: 'logged' });
    const stale = await api<ApprovalAnswer>(node, 'POST', `/drafts/${before.draft}/signatures`, {
      signatures: [signatureOf(north, 0, before)],
    });
    expect(stale.value.state).toBe('stale');
    expect(stale.value.changed?.join()).toContain('credentials');
    // The other side takes both versions from the file, and the old file changes nothing.
    const file = await credentialsOf(node);
    const added = await apiFile(southNode, '/parties/file', file);
    expect(added.value).toMatchObject({ name: 'Northland CERT' });
  });

  it('the whole store verifies', async () => {
    for (const one of [node, southNode]) {
      const report = await api<{ ok: boolean; statements: number }>(one, 'POST', '/fsck');
      expect(report.value).toMatchObject({ ok: true, problems: [] });
      expect(report.value.statements).toBeGreaterThan(1);
    }
  });

  it('status names counterparts, log and witnesses', async () => {
    const { value } = await api<{
      counterparts: { name: string }[];
      log: { size: number; blocked: null };
    }>(node, 'GET', '/status');
    expect(value.counterparts.map((one) => one.name)).toContain('Southmark');
    expect(value.log.size).toBeGreaterThan(5);
    expect(value.log.blocked).toBeNull();
  });
});
