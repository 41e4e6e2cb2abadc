import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  canonicalJsonBytes,
  encodeHex,
  logEntry,
  parseEnvelope,
  parseLogProof,
  parseStatement,
  parseVkey,
  signatureListDigest,
  verifyLogProof,
} from '@comity/record';
import type { Envelope, EnvelopeSignature, JsonValue, Statement } from '@comity/record';
import { homeLayout, listOfficerKeys, signAsOfficer, unlockOfficerKey } from '@comity/node';
import type { OfficerSecret } from '@comity/node';
import { readEurepoc, readFiat } from '@comity/interop';
import { TestPlace, pair, problemsOf } from './parties.ts';
import type { TestParty } from './parties.ts';

const shared = new URL('../../../../shared/data/', import.meta.url);
const present = existsSync(shared);
if (!present) console.warn('SKIPPED: the real tables are not here (../shared/data)');
const file = (name: string) => new Uint8Array(readFileSync(new URL(name, shared)));

const kind = 'allegation.quote';
const rowsPerCall = 16;
const logsPerCall = 8;

interface Row {
  key: string;
  body: unknown;
}
interface ImportedItem {
  key: string;
  state: string;
  draft?: string;
  payloadType?: string;
  payload?: string;
  maySign?: string[];
}

let place: TestPlace;
let north: TestParty;
let south: TestParty;

beforeAll(async () => {
  if (!present) return;
  place = await TestPlace.make();
  north = await place.party({ name: 'Northland' });
  south = await place.party({ name: 'Southmark' });
  await Promise.all([north.start(), south.start()]);
  await pair(north, south);
}, 300_000);
afterAll(async () => {
  if (present) await place.remove();
}, 120_000);

async function secretsOf(home: string): Promise<OfficerSecret[]> {
  const secrets: OfficerSecret[] = [];
  for (const { path } of await listOfficerKeys(homeLayout(home))) {
    const secret = await unlockOfficerKey(path, null);
    if (!secret.ok) throw new Error(secret.code);
    secrets.push(secret.value);
  }
  return secrets;
}

/** As `comity import` does it: drafts from the node, signed here, sent back together. */
async function importRows(rows: readonly Row[]): Promise<{ raised: string[]; unchanged: number }> {
  const secrets = await secretsOf(north.home);
  const raised: string[] = [];
  let unchanged = 0;
  for (let at = 0; at < rows.length; at += rowsPerCall) {
    const records = rows.slice(at, at + rowsPerCall).map(({ key, body }) => ({ key, kind, body }));
    const items = await north.desk.post<ImportedItem[]>('/imports', {
      to: [south.party],
      records,
    });
    unchanged += items.filter(({ state }) => state === 'unchanged').length;
    const drafts = items.filter(({ state }) => state === 'draft');
    expect(unchanged + raised.length + drafts.length).toBe(at + items.length);
    const signed = drafts.map((item) => ({ draft: item.draft, signatures: [sign(item, secrets)] }));
    const replies = await north.desk.post<{ draft: string; approval?: { state: string } }[]>(
      '/signatures',
      { items: signed },
    );
    for (const { draft, approval } of replies) {
      expect(approval?.state).toBe('logged');
      raised.push(draft);
    }
  }
  return { raised, unchanged };
}

function sign(item: ImportedItem, secrets: readonly OfficerSecret[]): EnvelopeSignature {
  const secret = secrets.find(({ office }) => item.maySign?.includes(office));
  if (secret === undefined) throw new Error('no officer may sign');
  const payload = new Uint8Array(Buffer.from(item.payload ?? '', 'base64'));
  return signAsOfficer(secret, item.payloadType ?? '', payload);
}

/** Envelopes of all quotes in a party's store, by statement. */
async function quotesOf(party: TestParty): Promise<Map<string, Uint8Array>> {
  const rows = await party.rows(`select id, envelope from statements where kind = '${kind}'`);
  return new Map(rows.map((row) => [String(row['id']), row['envelope'] as Uint8Array]));
}

async function untilReceipted(count: number): Promise<void> {
  await north.until(`${count} quotes are receipted`, async () => {
    const rows = await north.rows(
      `select distinct proofs.statement from proofs join statements on statements.id = proofs.statement
        where statements.kind = '${kind}' and proofs.role = 'held' and proofs.party = '${south.party}'`,
    );
    return rows.length === count;
  });
}

function opened(bytes: Uint8Array): { envelope: Envelope; statement: Statement } {
  const envelope = parseEnvelope(new Uint8Array(bytes));
  if (!envelope.ok) throw new Error(envelope.code);
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  if (!parsed.ok) throw new Error(parsed.code);
  return { envelope: envelope.value, statement: parsed.value.statement };
}

/** The receipt of one statement, checked with nothing but the key of the counterpart's log. */
async function checkReceipt(id: string, envelope: Envelope): Promise<void> {
  const text = await north.desk.file(`/statements/${id}/proof?at=${south.party}`);
  const proof = parseLogProof(new TextDecoder().decode(text));
  const key = parseVkey(south.logVkey);
  if (!proof.ok || !key.ok) throw new Error('no proof');
  const leaf = logEntry('held', id, signatureListDigest(envelope.signatures));
  expect(verifyLogProof(proof.value, leaf, [key.value])).toMatchObject({ ok: true });
}

/** All of `rows` are quotes on both sides, to the byte, each with a receipt that verifies. */
async function expectOnBothSides(rows: readonly Row[], raised: readonly string[]): Promise<void> {
  const [here, there] = [await quotesOf(north), await quotesOf(south)];
  const wanted = new Set(rows.map(({ body }) => encodeHex(canonicalJsonBytes(body as JsonValue))));
  expect(wanted.size).toBe(rows.length);
  for (let at = 0; at < raised.length; at += logsPerCall) {
    await Promise.all(
      raised.slice(at, at + logsPerCall).map(async (id) => {
        const own = here.get(id);
        const theirs = there.get(id);
        if (own === undefined || theirs === undefined) throw new Error(`${id} is missing`);
        expect(Buffer.from(theirs).equals(Buffer.from(own))).toBe(true);
        const { envelope, statement } = opened(own);
        expect(wanted.delete(encodeHex(canonicalJsonBytes(statement.body)))).toBe(true);
        await checkReceipt(id, envelope);
      }),
    );
  }
  expect(wanted.size).toBe(0);
}

describe('public allegations imported between two running nodes', () => {
  it.skipIf(!present)(
    'needs shared data: 60 of FIAT, receipted, unchanged to the byte, raised once',
    async () => {
      const { rows } = readFiat(file('fiat/fiat-2020.csv'));
      expect(rows).toHaveLength(60);
      const first = await importRows(rows);
      expect([first.raised.length, first.unchanged]).toEqual([60, 0]);
      await untilReceipted(60);
      await expectOnBothSides(rows, first.raised);
      expect(await importRows(rows)).toEqual({ raised: [], unchanged: 60 });
    },
    400_000,
  );

  it.skipIf(!present)(
    'needs shared data: 213 of EuRepoC, receipted, unchanged to the byte, raised once',
    async () => {
      const { rows } = readEurepoc(file('eurepoc/incidents.csv'), file('eurepoc/attributions.csv'));
      expect(rows).toHaveLength(213);
      const first = await importRows(rows);
      expect([first.raised.length, first.unchanged]).toEqual([213, 0]);
      await untilReceipted(273);
      await expectOnBothSides(rows, first.raised);
      expect(await importRows(rows)).toEqual({ raised: [], unchanged: 213 });
      const dockets = await south.desk.get<{ state: string }[]>(
        '/dockets?type=allegation&limit=10000',
      );
      expect(dockets).toHaveLength(273);
      expect([await problemsOf(north), await problemsOf(south)]).toEqual([[], []]);
    },
    400_000,
  );
});
