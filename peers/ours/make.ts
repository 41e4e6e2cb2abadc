/**
 * `node peers/ours/make.ts FOLDER`: a log with checkpoint, tiles and proofs, a sealed pouch and an
 * envelope, all made by packages/record, for other people's libraries to check.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  cosign,
  ed25519PublicKey,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeText,
  formatCheckpoint,
  formatEnvelope,
  formatLogProof,
  formatNote,
  formatStatement,
  formatVkey,
  generateSealingIdentity,
  logEntry,
  noteKey,
  sealingRecipient,
  sealTo,
  sha256,
  sha256Hex,
  signatureListDigest,
  signEnvelopeEd25519,
  signNote,
  statementId,
  statementPayloadType,
  writePouch,
  type Envelope,
  type NoteSigner,
} from '@comity/record';
import { MemoryLog } from './memory-log.ts';

/** Three levels of tiles: 70,000 entries. */
const size = 70_000;
const proofSizes = [1, 2, 3, 7, 8, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, size];

const folder = process.argv[2] ?? '';
const write = (name: string, bytes: Uint8Array | string): void => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
};

const envelopeSeed = randomBytes(32);
const envelope = makeEnvelope();
const id = statementId(envelope.payloadType, envelope.payload);
write('envelope.json', formatEnvelope(envelope));
write('envelope.pub', encodeHex(ed25519PublicKey(envelopeSeed)));

const log = new MemoryLog();
const ours = logEntry('said', id, signatureListDigest(envelope.signatures));
for (let index = 0; index < size; index++) {
  log.append(index === 4711 ? ours : sha256(encodeText(`entry ${String(index)}`)));
}
writeLog();
writeProofs();
await writePouchFiles();

function makeEnvelope(): Envelope {
  const payload = formatStatement({
    comity: 1,
    kind: 'channel.message',
    from: sha256Hex(encodeText('Northland')),
    to: [sha256Hex(encodeText('Southmark'))],
    docket: sha256Hex(encodeText('channel')),
    after: [],
    prior: null,
    anchor: [],
    terms: null,
    cites: [],
    made: '2031-05-01T03:00:00Z',
    credentials: sha256Hex(encodeText('credentials')),
    nonce: encodeBase64Url(randomBytes(16)),
    body: { text: 'Überprüfung – проверка – 検査 – فحص' },
  });
  const signature = signEnvelopeEd25519(statementPayloadType, payload, envelopeSeed);
  return { payload, payloadType: statementPayloadType, signatures: [signature] };
}

function writeLog(): void {
  const origin = 'northland.example/log';
  const logSigner = signer(origin, 0x01);
  const witness = signer('southmark.example/witness', 0x04);
  const text = formatCheckpoint({ origin, size, root: log.root(size) });
  const now = Math.floor(Date.now() / 1000);
  const note = formatNote(text, [signNote(text, logSigner), cosign(text, witness, now)]);
  write('log.vkey', `${formatVkey(logSigner.key)}\n`);
  write('witness.vkey', `${formatVkey(witness.key)}\n`);
  write('log/checkpoint', note);
  write(
    'entry.tlog-proof',
    formatLogProof({ index: 4711, path: log.inclusion(4711, size), checkpoint: note }),
  );
  for (const { path, bytes } of log.files(size)) write(`log/${path}`, bytes);
}

function writeProofs(): void {
  const inclusions = proofSizes.flatMap((of) =>
    [...new Set([0, Math.floor(of / 3), of - 1])].map((index) => ({
      index,
      size: of,
      entry: encodeBase64(log.entries[index] ?? new Uint8Array()),
      path: log.inclusion(index, of).map(encodeBase64),
      root: encodeBase64(log.root(of)),
    })),
  );
  const consistencies = proofSizes.flatMap((to) =>
    proofSizes
      .filter((from) => from <= to)
      .map((from) => ({
        from: { size: from, root: encodeBase64(log.root(from)) },
        to: { size: to, root: encodeBase64(log.root(to)) },
        path: log.consistency(from, to).map(encodeBase64),
      })),
  );
  write('inclusion.json', JSON.stringify(inclusions));
  write('consistency.json', JSON.stringify(consistencies));
}

async function writePouchFiles(): Promise<void> {
  const identity = await generateSealingIdentity();
  const recipient = await sealingRecipient(identity);
  const plain = writePouch(
    {
      comityPouch: 1,
      sender: sha256Hex(encodeText('Northland')),
      receiver: sha256Hex(encodeText('Southmark')),
      sequence: 1,
      nonce: encodeBase64Url(randomBytes(16)),
      made: '2031-05-01T03:00:01Z',
    },
    [{ type: 'request', what: 'checkpoint' }],
    (payload) => signEnvelopeEd25519('application/vnd.comity.pouch+json', payload, envelopeSeed),
    false,
  );
  write('identity.txt', `${identity}\n`);
  write('recipient.txt', `${recipient}\n`);
  write('pouch.plain', plain);
  write('pouch.age', await sealTo([recipient], plain));
}

function signer(name: string, type: 0x01 | 0x04): NoteSigner {
  const seed = randomBytes(32);
  return { seed, key: noteKey(name, type, ed25519PublicKey(seed)) };
}
