/**
 * `node peers/ours/check.ts go|python THEIRS OURS`: verifies with packages/record what the Go or the
 * Python program made. Prints "ok NAME" or "FAIL NAME: reason" for each check.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeBase64,
  decodeHex,
  decodeText,
  equalBytes,
  ed25519Verify,
  openCheckpoint,
  openSealed,
  parseEnvelope,
  parseVkey,
  preAuthEncoding,
  statementPayloadType,
  verifyConsistency,
  verifyCosignature,
  verifyInclusion,
  type NoteKey,
} from '@comity/record';

type Tree = { size: number; root: string };
type Inclusion = { index: number; size: number; entry: string; path: string[]; root: string };
type Consistency = { from: Tree; to: Tree; path: string[] | null };

const [by, theirs = '', ours = ''] = process.argv.slice(2);
const bytes = (folder: string, name: string) => new Uint8Array(readFileSync(join(folder, name)));
const text = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

if (by === 'go') {
  checkCheckpoints();
  checkProofs();
  await checkSealed();
} else if (by === 'python') {
  checkEnvelope();
} else {
  console.error('usage: node peers/ours/check.ts go|python THEIRS OURS');
  process.exitCode = 2;
}

function check(name: string, isGood: boolean): void {
  console.log(isGood ? `ok ours: ${name}` : `FAIL ours: ${name}`);
  if (!isGood) process.exitCode = 1;
}

function checkCheckpoints(): void {
  const logKey = keyIn('log.vkey');
  const witnessKey = keyIn('witness.vkey');
  const sizes = JSON.parse(text(theirs, 'sizes.json')) as number[];
  let opened = 0;
  let cosigned = 0;
  for (const size of sizes) {
    const checkpoint = openCheckpoint(text(theirs, `checkpoint.${String(size)}`), [logKey]);
    if (!checkpoint.ok || checkpoint.value.checkpoint.size !== size) continue;
    opened += 1;
    const { note } = checkpoint.value;
    const line = note.signatures.find(({ name }) => name === witnessKey.name);
    if (line !== undefined && verifyCosignature(note.text, line, witnessKey).ok) cosigned += 1;
  }
  check(`${String(opened)} checkpoints signed by x/mod note open`, opened === sizes.length);
  check(`${String(cosigned)} cosignatures by torchwood verify`, cosigned === sizes.length);
  const altered = text(theirs, 'checkpoint.300').replace('\n300\n', '\n301\n');
  check('an altered checkpoint is refused', !openCheckpoint(altered, [logKey]).ok);
}

function checkProofs(): void {
  const inclusions = JSON.parse(text(theirs, 'inclusion.json')) as Inclusion[];
  const isIn = (c: Inclusion, index: number) =>
    verifyInclusion(raw(c.entry), index, c.size, c.path.map(raw), raw(c.root));
  check(
    `${String(inclusions.length)} inclusion proofs by x/mod tlog verify`,
    inclusions.every((c) => isIn(c, c.index)),
  );
  const wrong = inclusions.filter(({ size }) => size > 1);
  check(
    'no entry is proved at another place',
    wrong.every((c) => !isIn(c, (c.index + 1) % c.size)),
  );
  const growth = JSON.parse(text(theirs, 'consistency.json')) as Consistency[];
  check(
    `${String(growth.length)} consistency proofs by x/mod tlog verify`,
    growth.every(({ from, to, path }) =>
      verifyConsistency(from.size, to.size, raw(from.root), raw(to.root), (path ?? []).map(raw)),
    ),
  );
}

async function checkSealed(): Promise<void> {
  const identity = text(ours, 'identity.txt').trim();
  const sealed = bytes(theirs, 'sealed.age');
  const opened = await openSealed([identity], sealed);
  const plain = bytes(theirs, 'sealed.plain');
  check(
    'a hybrid file by age opens',
    opened.ok && opened.value.whole && equalBytes(opened.value.plaintext, plain),
  );
  const cut = await openSealed([identity], sealed.subarray(0, sealed.length - 1));
  check('a cut one opens as not whole', cut.ok && !cut.value.whole);
}

function checkEnvelope(): void {
  const envelope = parseEnvelope(bytes(theirs, 'envelope.json'));
  const key = decodeHex(text(theirs, 'envelope.pub').trim());
  check('an envelope by securesystemslib is read', envelope.ok && key !== null);
  if (!envelope.ok || key === null) return;
  const { payload, payloadType, signatures } = envelope.value;
  const signature = raw(signatures[0]?.sig ?? '');
  const verifies = (type: string) => ed25519Verify(key, preAuthEncoding(type, payload), signature);
  check('its payload is what was signed', decodeText(payload) === text(theirs, 'payload.txt'));
  check('its signature verifies', payloadType === statementPayloadType && verifies(payloadType));
  check('it does not under another payload type', !verifies('application/json'));
}

function keyIn(name: string): NoteKey {
  const key = parseVkey(text(theirs, name).trim());
  check(`the vkey in ${name} is read`, key.ok);
  if (!key.ok) throw new Error(`${name}: ${key.detail ?? key.code}`);
  return key.value;
}

function raw(base64: string): Uint8Array {
  const decoded = decodeBase64(base64);
  if (decoded === null) throw new Error('not base64');
  return decoded;
}
