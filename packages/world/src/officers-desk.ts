/**
 * A party's desk as a program beside the officers' keys sees it: the node's API over the unix socket
 * of the home, with the key files of the home. Exercise homes only: their keys are unprotected.
 */
import { readFile } from 'node:fs/promises';
import { Client } from 'undici';
import { homeLayout, listOfficerKeys, signDraftFile, unlockOfficerKey } from '@comity/node';
import type { NodeStatus, OfficerSecret, OwedRow, ShownDocket, DocketRow } from '@comity/node';
import type { JsonValue } from '@comity/record';

const callTimeoutMs = 30_000;

/** What one act is made of; ids only. */
export interface Act {
  kind: string;
  to: string[];
  docket: string | null;
  body: { [member: string]: JsonValue };
  cites?: string[];
  terms?: string;
  /** Leaves out the node's own checks of the body; exercise parties only, to rehearse a refusal. */
  unchecked?: boolean;
  /** Says it although it will be void, to rehearse that. */
  evenIfVoid?: boolean;
}

export interface OfficersDesk {
  get<T>(path: string): Promise<T>;
  file(path: string): Promise<Uint8Array>;
  post<T>(path: string, body: unknown): Promise<T>;
  postFile<T>(path: string, bytes: Uint8Array): Promise<T>;
  /** Drafts, signs with as many officers as are needed, and waits until it is logged. */
  say(act: Act): Promise<string>;
  /** Signs a draft that is there already with as many officers as are needed. */
  approve(draft: string): Promise<string>;
  status(): Promise<NodeStatus>;
  dockets(): Promise<DocketRow[]>;
  docket(id: string): Promise<ShownDocket>;
  owed(): Promise<OwedRow[]>;
  close(): Promise<void>;
}

interface Approval {
  state: 'waiting' | 'logged' | 'stale';
  id?: string;
  draft?: string | null;
  missingSignatures: number;
}

const stalenessAttemptsMax = 5;

/** Connects to the running node of `home`. Throws with the node's own words when a call fails. */
export async function openDesk(home: string): Promise<OfficersDesk> {
  const layout = homeLayout(home);
  const token = (await readFile(layout.apiToken, 'utf8')).trim();
  const client = new Client('http://node', {
    connect: { socketPath: layout.socket },
    headersTimeout: callTimeoutMs,
    bodyTimeout: callTimeoutMs,
  });
  const secrets = await officersOf(home);

  const { get, file, post, postFile } = callsTo(client, token);

  const approve = async (draft: string, evenIfVoid = false): Promise<string> => {
    let id = draft;
    for (let attempt = 1; attempt <= stalenessAttemptsMax; attempt += 1) {
      const row = await get<{ maySign: string[]; missingSignatures: number }>(`/drafts/${id}`);
      let bytes = await file(`/drafts/${id}/file`);
      const able = secrets.filter((secret) => row.maySign.includes(secret.office));
      for (const secret of able.slice(0, row.missingSignatures)) {
        const signed = signDraftFile(bytes, secret);
        if (!signed.ok) throw new Error(`signing: ${signed.code}`);
        bytes = signed.value.file;
      }
      const approval = await postFile<Approval>(`/drafts/file?evenIfVoid=${evenIfVoid}`, bytes);
      if (approval.state === 'logged') return approval.id ?? id;
      if (approval.state === 'waiting' || approval.draft == null) break;
      id = approval.draft;
    }
    throw new Error(`draft ${draft} could not be signed`);
  };

  return {
    get,
    file,
    post,
    postFile,
    approve,
    say: async (act) => {
      const { draft } = await post<{ draft: string }>('/drafts', act);
      return await approve(draft, act.evenIfVoid === true);
    },
    status: async () => await get<NodeStatus>('/status'),
    dockets: async () => await get<DocketRow[]>('/dockets'),
    docket: async (id) => await get<ShownDocket>(`/dockets/${id}`),
    owed: async () => await get<OwedRow[]>('/obligations'),
    close: async () => await client.close(),
  };
}

/** The node's API over `client`; a call that is not answered with success throws. */
function callsTo(
  client: Client,
  token: string,
): Pick<OfficersDesk, 'get' | 'file' | 'post' | 'postFile'> {
  const call = async (
    method: 'GET' | 'POST',
    path: string,
    body: Uint8Array | null,
    type: string | null,
  ): Promise<Uint8Array> => {
    const reply = await client.request({
      method,
      path: `/api/v1${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(type === null ? {} : { 'content-type': type }),
      },
      body: body === null ? null : Buffer.from(body),
    });
    const bytes = new Uint8Array(await reply.body.arrayBuffer());
    if (reply.statusCode >= 300) {
      throw new Error(`${method} ${path}: ${reply.statusCode} ${new TextDecoder().decode(bytes)}`);
    }
    return bytes;
  };
  const json = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;
  const get = async <T>(path: string): Promise<T> => json<T>(await call('GET', path, null, null));
  const post = async <T>(path: string, body: unknown): Promise<T> =>
    json<T>(
      await call('POST', path, new TextEncoder().encode(JSON.stringify(body)), 'application/json'),
    );
  const postFile = async <T>(path: string, bytes: Uint8Array): Promise<T> =>
    json<T>(await call('POST', path, bytes, 'application/octet-stream'));
  const file = async (path: string): Promise<Uint8Array> => await call('GET', path, null, null);
  return { get, file, post, postFile };
}

async function officersOf(home: string): Promise<OfficerSecret[]> {
  const secrets: OfficerSecret[] = [];
  for (const { path } of await listOfficerKeys(homeLayout(home))) {
    const secret = await unlockOfficerKey(path, null);
    if (!secret.ok) throw new Error(`officer's key ${path}: ${secret.code}`);
    secrets.push(secret.value);
  }
  return secrets;
}
