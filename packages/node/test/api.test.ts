import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBase64, encodeText } from '@comity/record';
import type { EnvelopeSignature } from '@comity/record';
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
interface ProblemAnswer {
  code: string;
  path: string;
  detail?: string;
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
});
afterAll(async () => {
  await node.close();
  await southNode.close();
  await north.remove();
  await south.remove();
});

describe('the officers’ API', () => {
  it('lets nobody in without the token, on any path', async () => {
    for (const path of ['/status', '/drafts', '/events', '/openapi.json', '/parties']) {
      const reply = await fetch(`${node.apiUrl}/api/v1${path}`);
      expect(reply.status, path).toBe(401);
      expect(reply.headers.get('content-type')).toContain('application/problem+json');
      expect(await reply.json()).toMatchObject({ code: 'unauthorized', status: 401 });
    }
    const wrong = await fetch(`${node.apiUrl}/api/v1/status`, {
      headers: { authorization: `Bearer ${'A'.repeat(43)}` },
    });
    expect(wrong.status).toBe(401);
    const right = await fetch(`${node.apiUrl}/api/v1/status`, {
      headers: { authorization: `Bearer ${node.token}` },
    });
    expect(right.status).toBe(200);
    expect(right.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await readFile(join(north.home, 'api-token'), 'utf8')).trim()).toBe(node.token);
  });

  it('answers on the home’s unix socket', async () => {
    const socketPath = node.socket ?? '';
    const body = await new Promise<string>((resolve, reject) => {
      const headers = { authorization: `Bearer ${node.token}` };
      const ask = request({ socketPath, path: '/api/v1/party', headers }, (reply) => {
        let text = '';
        reply.on('data', (part: Buffer) => (text += part.toString('utf8')));
        reply.on('end', () => resolve(text));
      });
      ask.on('error', reject);
      ask.end();
    });
    expect(JSON.parse(body)).toMatchObject({
      party: north.party,
      name: 'Northland',
      exercise: true,
      officers: ['Duty officer 1', 'Duty officer 2'],
      unprotectedKeys: true,
    });
  });

  it('describes itself in OpenAPI 3.1', async () => {
    const { status, value } = await api<{ openapi: string; paths: object }>(
      node,
      'GET',
      '/openapi.json',
    );
    expect(status).toBe(200);
    expect(value.openapi).toBe('3.1.0');
    for (const path of [
      '/drafts',
      '/status',
      '/dockets/{docket}',
      '/imports',
      '/restore/confirm',
    ]) {
      expect(Object.keys(value.paths)).toContain(`/api/v1${path}`);
    }
  });

  it.each([
    ['GET', '/nothing', undefined, 404, 'not-found'],
    ['POST', '/drafts', { kind: 'x', body: {}, color: 1 }, 400, 'bad-request'],
    ['POST', '/drafts', { kind: 'no.kind', body: {} }, 400, 'unknown-kind'],
    ['POST', '/drafts', { kind: 'channel.test', body: {} }, 400, 'bad-schema'],
    [
      'POST',
      '/drafts',
      { kind: 'channel.message', to: ['Nobody'], body: {} },
      404,
      'unknown-party',
    ],
    ['GET', '/drafts/0123456789', undefined, 404, 'unknown-draft'],
    ['GET', '/dockets/0123456789', undefined, 404, 'unknown-docket'],
    ['GET', '/statements/0123456789/proof', undefined, 404, 'unknown-statement'],
    ['POST', '/alarms/x/clear', {}, 404, 'unknown-alarm'],
    ['GET', '/parties/Nobody/number', undefined, 404, 'unknown-party'],
    ['GET', '/parties/Northland/number', undefined, 400, 'own-party'],
    ['POST', '/restore/confirm', {}, 400, 'bad-request'],
    ['POST', '/restore/confirm', { nobodyElse: true }, 409, 'not-blocked'],
    ['POST', '/restore/confirm', { withoutTheRest: true }, 409, 'nothing-awaited'],
  ] as const)('%s %s %j is %d %s', async (method, path, body, status, code) => {
    const answer = await api<ProblemAnswer>(node, method, path, body);
    expect(answer.value).toMatchObject({ code });
    expect(answer.status).toBe(status);
  });

  it('takes broken JSON, files in the wrong place and oversized bodies apart', async () => {
    const post = async (path: string, body: string | Uint8Array, contentType: string) => {
      const bytes = typeof body === 'string' ? encodeText(body) : body;
      const reply = await node.call({ method: 'POST', path, body: bytes, contentType });
      return [reply.status, (JSON.parse(Buffer.from(reply.body).toString()) as ProblemAnswer).code];
    };
    expect(await post('/drafts', '{', 'application/json')).toEqual([400, 'bad-request']);
    expect(await post('/drafts', '<a/>', 'text/xml')).toEqual([415, 'wrong-media-type']);
    expect(await post('/parties/file', '{}', 'application/json')).toEqual([
      415,
      'wrong-media-type',
    ]);
    const large = new Uint8Array(17 * 1024 * 1024);
    expect(await post('/pouches', large, 'application/octet-stream')).toEqual([413, 'too-large']);
  });

  it('streams events', async () => {
    const reply = await fetch(`${node.apiUrl}/api/v1/events`, {
      headers: { authorization: `Bearer ${node.token}` },
    });
    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    const reader = reply.body?.getReader();
    let text = '';
    const until = async (wanted: string): Promise<void> => {
      while (!text.includes(wanted)) {
        const part = await reader?.read();
        if (part === undefined || part.done) throw new Error('stream ended');
        text += Buffer.from(part.value).toString('utf8');
      }
    };
    await until('retry: 2000');
    node.desk.notify({ type: 'alarm', id: 'abc' });
    await until('event: alarm\ndata: {"type":"alarm","id":"abc"}\n\n');
    await reader?.cancel();
  });
});

describe('credentials files and pairing', () => {
  it.each([
    ['bad-credentials-file', () => encodeText('{}')],
    ['bad-credentials-file', () => encodeText('not JSON')],
    ['bad-credentials-file', () => encodeText('{"a":1,"a":2}')],
    ['bad-text', () => new Uint8Array([0xff, 0xfe])],
  ])('a file that is none is %s', async (code, make) => {
    const answer = await apiFile<ProblemAnswer>(node, '/parties/file', make());
    expect(answer.value.code).toBe(code);
  });

  it('one changed byte of a signature, of a proof or of the party is refused', async () => {
    const text = Buffer.from(await credentialsOf(southNode)).toString('utf8');
    const changed = (from: RegExp, to: string) => encodeText(text.replace(from, to));
    const sig = /"sig":"(.)/.exec(text)?.[1] ?? '';
    const tries: [Uint8Array, string[]][] = [
      [changed(/"sig":"./, `"sig":"${sig === 'A' ? 'B' : 'A'}`), ['bad-signature', 'bad-proof']],
      [changed(/index 0/, 'index 1'), ['bad-proof']],
      [changed(/"party":"./, '"party":"0'), ['bad-credentials-file']],
    ];
    for (const [file, codes] of tries) {
      const answer = await apiFile<ProblemAnswer>(node, '/parties/file', file);
      expect(codes).toContain(answer.value.code);
    }
    expect((await api<unknown[]>(node, 'GET', '/parties')).value).toHaveLength(1);
  });

  it('our own credentials and a real party are not paired with', async () => {
    const own = await credentialsOf(node);
    expect((await apiFile(node, '/parties/file', own)).value).toMatchObject({ code: 'own-party' });
    const real = await makeHome('Realm', { exercise: false });
    const realNode = await real.start({ offline: true });
    try {
      const file = await credentialsOf(realNode);
      const answer = await apiFile(node, '/parties/file', file);
      expect(answer.value).toMatchObject({ code: 'wrong-exercise' });
    } finally {
      await realNode.close();
      await real.remove();
    }
  });

  it('both sides see one number; a wrong number confirms nothing; the right one asks for a signature', async () => {
    const added = await apiFile(node, '/parties/file', await credentialsOf(southNode));
    expect(added.value).toMatchObject({ party: south.party, name: 'Southmark', state: 'added' });
    const again = await apiFile(node, '/parties/file', await credentialsOf(southNode));
    expect(again.value).toEqual(added.value);
    const theirs = await apiFile(southNode, '/parties/file', await credentialsOf(node));
    const number = String(theirs.value['safetyNumber']);
    expect(number).toBe(added.value['safetyNumber']);
    expect(number.split(' ')).toHaveLength(12);

    const wrong = number.replace(/[0-9]$/, (digit) => String((Number(digit) + 1) % 10));
    const refused = await api(node, 'POST', '/parties/Southmark/confirm', { number: wrong });
    expect(refused.value).toMatchObject({ code: 'wrong-number' });
    expect((await api<unknown[]>(node, 'GET', '/drafts')).value).toHaveLength(0);

    const confirmed = await api<{ draft: DraftAnswer; state: string }>(
      node,
      'POST',
      '/parties/south/confirm',
      { number },
    );
    const { draft } = confirmed.value;
    expect(draft).toMatchObject({ level: 'duty', missingSignatures: 1 });
    const signatures = [signatureOf(north, 0, draft)];
    const path = `/drafts/${draft.draft}/signatures`;
    const signed = await api<ApprovalAnswer>(node, 'POST', path, { signatures });
    expect(signed.value).toMatchObject({ state: 'logged', id: draft.draft, missingSignatures: 0 });
    // Once more: the same answer, nothing logged twice.
    const repeated = await api<ApprovalAnswer>(node, 'POST', path, { signatures });
    expect(repeated.value).toEqual(signed.value);
    // Confirming again asks for nothing, and the pairing waits for the other side.
    const state = await api(node, 'POST', '/parties/Southmark/confirm', { number });
    expect(state.value).toMatchObject({ state: 'added', draft: null });
  });

  it('an ambiguous name lists its candidates, and nothing is said to an unconfirmed party', async () => {
    const other = await makeHome('Southport');
    const otherNode = await other.start({ offline: true });
    try {
      await apiFile(node, '/parties/file', await credentialsOf(otherNode));
      const answer = await api<ProblemAnswer>(node, 'GET', '/parties/south/number');
      expect(answer).toMatchObject({ status: 409, value: { code: 'ambiguous-party' } });
      expect(answer.value.detail).toContain('Southmark');
      expect(answer.value.detail).toContain('Southport');
      const body = {
        marker: 'information',
        priority: 'ordinary',
        standing: 'official',
        text: 'hello',
        language: 'en',
      };
      const said = await api<ProblemAnswer>(node, 'POST', '/drafts', {
        kind: 'channel.message',
        to: ['Southport'],
        body,
      });
      expect(said).toMatchObject({ status: 409, value: { code: 'not-paired' } });
    } finally {
      await otherNode.close();
      await other.remove();
    }
  });
});
