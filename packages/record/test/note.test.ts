import { describe, expect, it } from 'vitest';
import { describeOnBoth, seedOf, type RecordModule } from './both-primitives.ts';

const exampleVkey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const exampleNote =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

function exampleKey(record: RecordModule) {
  const key = record.parseVkey(exampleVkey);
  if (!key.ok) throw new Error(key.detail);
  return key.value;
}

describeOnBoth('signed notes', (record) => {
  it('opens the example of the specification', () => {
    const opened = record().openNote(exampleNote, [exampleKey(record())]);
    expect(opened.ok && opened.value.note.text).toBe('This is an example message.\n');
    expect(opened.ok && opened.value.signedBy.map(({ id }) => id)).toEqual(['530d903a']);
  });

  it('refuses the whole note when a known key’s line does not verify', () => {
    const altered = exampleNote.replace('example message', 'exemple message');
    const opened = record().openNote(altered, [exampleKey(record())]);
    expect(opened.ok ? null : opened.code).toBe('bad-signature');
  });

  it('refuses a second, false line of a key whose first line verifies', () => {
    const key = exampleKey(record());
    const falseLine = record().signatureLine(key.name, key.id, new Uint8Array(64));
    const opened = record().openNote(exampleNote + falseLine, [key]);
    expect(opened.ok ? null : opened.code).toBe('bad-signature');
  });

  it('ignores lines of unknown keys, even under a known name or a known id', () => {
    const key = exampleKey(record());
    const grease =
      record().signatureLine(key.name, '00000001', new Uint8Array(64)) +
      record().signatureLine('grease.invalid', key.id, new Uint8Array(9));
    expect(record().openNote(exampleNote + grease, [key]).ok).toBe(true);
  });

  it('says unknown-signer when no line is by a known key', () => {
    const other = record().noteKey('example.com/foo', 1, record().ed25519PublicKey(seedOf(9)));
    const opened = record().openNote(exampleNote, [other]);
    expect(opened.ok ? null : opened.code).toBe('unknown-signer');
  });

  it('signs what it opens, deterministically', () => {
    const seed = seedOf(1);
    const key = record().noteKey('log.example/a', 1, record().ed25519PublicKey(seed));
    expect(record().formatVkey(key)).toBe(
      'log.example/a+870806f8+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c',
    );
    const note = record().formatNote('text\n', [record().signNote('text\n', { key, seed })]);
    expect(record().openNote(note, [key]).ok).toBe(true);
    expect(record().signNote('text\n', { key, seed })).toBe(
      record().signNote('text\n', { key, seed: seedOf(1) }),
    );
  });

  it.each([
    ['example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx', 1],
    ['remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2', 4],
    ['witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN', 4],
  ])('recomputes the key id of %s', (vkey, type) => {
    const key = record().parseVkey(vkey);
    expect(key.ok && key.value.type).toBe(type);
    expect(key.ok && record().formatVkey(key.value)).toBe(vkey);
  });
});

describe('what is no vkey', () => {
  it.each([
    ['an id that is not the key’s', exampleVkey.replace('530d903a', '530d903b')],
    ['an id in upper case', exampleVkey.replace('530d903a', '530D903A')],
    ['a short id', exampleVkey.replace('530d903a', '530d90')],
    ['base64 without padding', exampleVkey.slice(0, -1)],
    ['white space', `${exampleVkey} `],
    ['a space in the name', exampleVkey.replace('example', 'exam ple')],
    ['U+0085 in the name', exampleVkey.replace('example', 'exam\u0085ple')],
    ['no name', exampleVkey.replace('example.com/foo', '')],
    ['type 2', 'example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'],
    ['a key of small order', 'a+d7a1c1f4+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['nothing', ''],
  ])('refuses %s', async (_, vkey) => {
    const { parseVkey } = await import('../src/index.ts');
    const key = parseVkey(vkey);
    expect(key.ok ? null : key.code).toBe('bad-vkey');
  });
});

describe('what is no note', () => {
  const line = exampleNote.slice(exampleNote.lastIndexOf('—'));
  it.each([
    ['no empty line', `text\n${line}`],
    ['no signature', 'text\n\n'],
    ['no final line feed', exampleNote.slice(0, -1)],
    ['a carriage return', exampleNote.replace('message.', 'message.\r')],
    ['a tab', exampleNote.replace(' example', '\texample')],
    ['a lone surrogate', exampleNote.replace('message', '\ud800')],
    ['a hyphen for the dash', exampleNote.replace('—', '-')],
    ['two spaces', exampleNote.replace('/foo U', '/foo  U')],
    ['a signature without padding', exampleNote.replace('aQM=', 'aQM')],
    ['stray bits in base64', exampleNote.replace('aQM=', 'aQN=')],
    ['a blob of four bytes', 'text\n\n— a AAAAAA==\n'],
    ['101 signature lines', `text\n\n${line.repeat(101)}`],
    ['over a million bytes in fewer characters', `${'é'.repeat(500_000)}\n\n${line}`],
    ['over a million characters', `${'x'.repeat(1_000_000)}\n\n${line}`],
  ])('refuses %s', async (_, text) => {
    const { parseNote } = await import('../src/index.ts');
    const note = parseNote(text);
    expect(note.ok ? null : note.code).toBe('bad-note');
  });

  it('splits at the last empty line, and takes 100 signature lines', async () => {
    const { parseNote } = await import('../src/index.ts');
    const note = parseNote(`one\n\ntwo\n\n${line.repeat(100)}`);
    expect(note.ok && note.value.text).toBe('one\n\ntwo\n');
    expect(note.ok && note.value.signatures.length).toBe(100);
    expect(note.ok && note.value.signatures[0]?.line).toBe(line);
  });

  it('does not take an empty line among a witness’s answer', async () => {
    const { parseSignatureLines } = await import('../src/index.ts');
    expect(parseSignatureLines(line).ok).toBe(true);
    expect(parseSignatureLines(`${line}\n${line}`).ok).toBe(false);
    expect(parseSignatureLines('').ok).toBe(false);
  });
});
