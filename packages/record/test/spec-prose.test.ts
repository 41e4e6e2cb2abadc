/** The tables of spec/record.md say what the code does: limits, records, members, checks, vectors. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { partyFunctions } from '../src/credentials-body.ts';
import * as documentLimits from '../src/document-limits.ts';
import * as envelopes from '../src/envelope.ts';
import { publicKeyBytes } from '../src/keys.ts';
import * as limits from '../src/limits.ts';
import { pouchEndByte, pouchManifestByte, pouchRecordBytes } from '../src/pouch-record.ts';
import { verifyBundle } from '../src/verify.ts';

const folder = new URL('../../../spec/', import.meta.url);
const page = readFileSync(new URL('record.md', folder), 'utf8');
const section = (heading: string) => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
/** What stands in code in the first cell of a section's rows. */
const named = (heading: string) =>
  [...section(heading).matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
const vectors = (path: string) =>
  JSON.parse(readFileSync(new URL(`vectors/${path}`, folder), 'utf8')) as {
    [member: string]: unknown;
  }[];

it('names every limit that others can meet, with its value', () => {
  const rows = [...section('Limits').matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)];
  const written = rows.map(([, name, value]) => [name, Number(value?.replaceAll(',', ''))]);
  // Of our memory and threads: no bytes are refused by them.
  const { cachedKeysMax: _keys, pooledChecksMax: _checks, ...foreign } = limits;
  expect(Object.fromEntries(written)).toEqual({ ...foreign, ...documentLimits });
});

it('names every record of a pouch by its byte', () => {
  const rows = [...section('Pouch').matchAll(/^\| (\d+) \| `(\w+)` \|/gm)];
  expect(Object.fromEntries(rows.map(([, byte, name]) => [name, Number(byte)]))).toEqual({
    manifest: pouchManifestByte,
    ...pouchRecordBytes,
    end: pouchEndByte,
  });
});

it('names the key types and their lengths', () => {
  const rows = [...section('Keys').matchAll(/^\| `([a-z0-9-]+)` \| 0x\d\d \| ([\d,]+) bytes/gm)];
  const written = rows.map(([, type, bytes]) => [type, Number(bytes?.replaceAll(',', ''))]);
  expect(Object.fromEntries(written)).toEqual(publicKeyBytes);
});

it('names the payload types', () => {
  const types = Object.entries(envelopes).flatMap(([name, value]) =>
    name.endsWith('PayloadType') && typeof value === 'string' ? [value] : [],
  );
  expect(types).toHaveLength(4);
  expect(named('Envelope').sort()).toEqual(types.sort());
});

it('names the members of statements, credentials and bundles', () => {
  const statement = vectors('statement/statement.json').find(({ expected }) => expected);
  const payload = JSON.parse(String(statement?.['text'])) as object;
  expect(named('Statement').sort()).toEqual(Object.keys(payload).sort());
  const body = vectors('credentials/body.json').find(({ expected }) => expected)?.['body'];
  expect(named('Credentials').sort()).toEqual(Object.keys(body as object).sort());
  for (const name of partyFunctions) expect(section('Credentials')).toContain(`\`${name}\``);
  const valid = vectors('bundle/bundle.json').filter(
    ({ expected }) => (expected as { verdict?: string } | undefined)?.verdict === 'valid',
  );
  const members = valid.flatMap(({ bundle }) => Object.keys(JSON.parse(String(bundle)) as object));
  expect(members.length).toBeGreaterThan(0);
  expect(members.filter((name) => !named('Bundle').includes(name))).toEqual([]);
});

it('names the checks of a bundle in their order, and the verdicts', () => {
  const nothing = { levelOf: () => null, opens: () => true, unanswered: () => [] };
  const empty = `{"comityBundle":1,"credentials":[],"docket":"${'0'.repeat(64)}","envelopes":[],"heartbeats":[],"proofs":[]}`;
  const report = verifyBundle(new TextEncoder().encode(empty), { trust: [], meaning: nothing });
  const names = named('Verification');
  expect(names.filter((name) => name !== 'delegations')).toEqual([
    ...report.checks.map(({ name }) => name),
    'invalid',
    'untrusted',
    'incomplete',
    'valid',
  ]);
});

it('names every folder of vectors, and none that is not there', () => {
  const paths = [...page.matchAll(/^Vectors: (.*?)\. ?(?:Limits|$)/gm)].flatMap(([, list = '']) =>
    [...list.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
  );
  for (const path of paths) expect(existsSync(new URL(`vectors/${path}`, folder)), path).toBe(true);
  const folders = readdirSync(new URL('vectors', folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(new Set(paths.map((path) => path.split('/')[0]))).toEqual(new Set(folders));
});
