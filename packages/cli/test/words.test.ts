import { describe, expect, it } from 'vitest';
import type { ShownDocket } from '@comity/node';
import type { Statement } from '@comity/record';
import { pasteable, shellWord } from '../src/output/pasteable.ts';
import { ownsTerminal } from '../src/prompts/ask.ts';
import { NodeClient } from '../src/client.ts';
import { CommandError } from '../src/command-error.ts';
import { docketWords } from '../src/output/docket-words.ts';
import { shown, shownLines, shownShort } from '../src/output/foreign-text.ts';
import { groupedId, partyWords, ungrouped } from '../src/output/identifiers.ts';
import { exerciseLine, Output } from '../src/output/output.ts';
import { statementWords } from '../src/output/statement-words.ts';
import { mayColour } from '../src/output/style.ts';
import { table, textWidth, wrapText } from '../src/output/table.ts';
import { dueWords, duration, fromNow, utc } from '../src/output/times.ts';
import { pickParty } from '../src/parties.ts';

function capture(json: boolean, tty = false, environment: Record<string, string> = {}) {
  const written = { stdout: '', stderr: '' };
  const output = new Output(json, {
    stdout: { write: (text) => (written.stdout += text), isTTY: tty },
    stderr: { write: (text) => (written.stderr += text), isTTY: tty },
    environment,
  });
  return { output, written };
}

describe('foreign text', () => {
  it('never lets an escape sequence reach the terminal', () => {
    expect(shown('a\u001b[31mred\u0007')).toBe('a\\u{1b}[31mred\\u{7}');
  });
  it('shows bidirectional controls as code points', () => {
    expect(shown('\u202eevil')).toBe('\\u{202e}evil');
  });
  it('keeps every other letter', () => {
    expect(shown('Ñandú 東京 🦙')).toBe('Ñandú 東京 🦙');
  });
  it('has no line feed among our own words, and keeps it on lines of its own', () => {
    expect(shown('x\n\nNo alarms.')).toBe('x⏎⏎No alarms.');
    expect(shownLines('one\ntwo\u001b')).toBe('one\ntwo\\u{1b}');
  });
  it('cuts to one line of whole letters', () => {
    expect(shownShort('🦙🦙🦙🦙', 3)).toBe('🦙🦙…');
    expect(shownShort('a\nb', 10)).toBe('a b');
  });
});

describe('what a counterpart wrote', () => {
  const title = 'Scan of a register\nstate   settled\n\nNothing is owed in it.\n\n(end of docket)';

  it('writes no line of its own into the head of a docket', () => {
    const docket = {
      docket: 'd'.repeat(64),
      type: 'incident',
      subject: title,
      state: 'open',
      stateDigest: 'e'.repeat(64),
      participants: [{ party: 'a'.repeat(64), name: 'North\nstate   settled' }],
      obligations: [],
      statements: [],
    } as unknown as ShownDocket;
    const words = docketWords(docket, 0, { whole: true, all: true }, capture(false).output);
    expect(words.split('\n')).toHaveLength(8);
    expect(words).not.toMatch(/^(state {3}settled|\(end of docket\))/mu);
  });
  it('begins no line where the sentence of a statement is long', () => {
    const statement = {
      id: 'f'.repeat(64),
      kind: 'incident.notify',
      from: 'a'.repeat(64),
      fromName: 'Northland',
      introducedBy: null,
      witnessed: null,
      act: 'stands',
      reason: null,
      own: true,
      words: `notifies: ${'x'.repeat(80)} No alarms.\nNo alarms.`,
      body: { text: 'one\nNo alarms.' },
      delivery: [],
    };
    const docket = {
      docket: 'd'.repeat(64),
      type: 'incident',
      subject: 'Scan',
      stateDigest: 'e'.repeat(64),
      participants: [],
      obligations: [],
      statements: [statement],
    } as unknown as ShownDocket;
    const words = docketWords(docket, 0, { whole: true, all: true }, capture(false).output);
    expect(words).toContain('\n      No alarms.');
    expect(words).not.toMatch(/^ {0,3}No alarms/mu);
  });
  it('has one line in the head of a statement to sign', () => {
    const names = new Map([['a'.repeat(64), title]]);
    const words = statementWords('f'.repeat(64), statementToSign(), names, 100);
    expect(words).toContain('\nfrom    Scan of a register⏎state   settled⏎⏎Nothing is owed in it.');
  });
  it('has one line in an error of ours, which may have several', () => {
    const body = new TextEncoder().encode(JSON.stringify({ code: 'x', detail: 'a\nNo alarms.' }));
    const client = new NodeClient({
      running: true,
      call: () => Promise.resolve({ status: 409, contentType: 'application/json', body }),
      close: () => Promise.resolve(),
    });
    return expect(client.get('/x')).rejects.toThrow('a⏎No alarms.');
  });
});

function statementToSign(): Statement {
  return {
    comity: 1,
    kind: 'channel.message',
    from: 'a'.repeat(64),
    to: ['b'.repeat(64)],
    docket: 'c'.repeat(64),
    after: [],
    prior: null,
    anchor: [],
    terms: null,
    cites: [],
    made: '2027-01-15T08:00:00Z',
    credentials: 'a'.repeat(64),
    nonce: 'A'.repeat(22),
    body: { text: 'good evening' },
  };
}

describe('times', () => {
  it('writes UTC to the second', () => {
    expect(utc(1_795_489_209)).toBe('2026-11-24 03:00:09 UTC');
    expect(utc(null)).toBe('not known');
  });
  it('names the two largest units', () => {
    expect(duration(59)).toBe('59 s');
    expect(duration(61)).toBe('1 min 1 s');
    expect(duration(7_500)).toBe('2 h 5 min');
    expect(duration(90_000)).toBe('1 d 1 h');
  });
  it('says before and after', () => {
    expect(fromNow(160, 100)).toBe('in 1 min 0 s');
    expect(fromNow(70, 100)).toBe('30 s ago');
    expect(dueWords(100, 100)).toContain('0 s left');
    expect(dueWords(99, 100)).toContain('overdue by 1 s');
  });
});

describe('tables', () => {
  it('aligns wide letters', () => {
    expect(textWidth('東京')).toBe(4);
    const text = table(
      [{ title: 'a' }, { title: 'b' }],
      [
        ['東京', 'x'],
        ['y', 'z'],
      ],
      '',
    );
    expect(text).toBe('a     b\n東京  x\ny     z\n');
  });
  it('says what is empty', () => {
    expect(table([{ title: 'a' }], [], 'Nothing.')).toBe('Nothing.\n');
  });
  it('wraps at spaces and keeps line feeds', () => {
    expect(wrapText('one two three\nfour', 9, ' ')).toBe(' one two\n three\n four');
  });
});

describe('identifiers', () => {
  it('groups by four, eight groups a line', () => {
    const lines = groupedId('0123456789abcdef'.repeat(4)).split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('0123 4567 89ab cdef 0123 4567 89ab cdef');
  });
  it('tells two parties of one name apart', () => {
    const names = new Map([
      ['aaaaaaaaaaaabb', 'North'],
      ['bbbbbbbbbbbbcc', 'North'],
    ]);
    expect(partyWords('aaaaaaaaaaaabb', names)).toBe('North (aaaaaaaaaaaa)');
  });
});

describe('names of parties', () => {
  const row = (party: string, name: string) => ({
    party,
    name,
    state: 'confirmed',
    directUrl: null,
  });
  const rows = [
    row('a'.repeat(64), 'Northland'),
    row('b'.repeat(64), 'Northland'),
    row('c'.repeat(64), 'Southmark'),
  ];

  it('resolves a whole name, a beginning, an identifier and its beginning', () => {
    for (const text of ['Southmark', 'southmark', 'Sou', 'c'.repeat(64), 'cccccc']) {
      expect(pickParty(rows, text).name).toBe('Southmark');
    }
  });
  it('lists the candidates of an ambiguous name and resolves none', () => {
    expect(() => pickParty(rows, 'Northland')).toThrow(CommandError);
    try {
      pickParty(rows, 'Northland');
    } catch (error) {
      const failed = error as CommandError;
      expect([failed.code, failed.exitCode]).toEqual(['ambiguous-party', 1]);
      expect(failed.what).toContain('a'.repeat(64));
      expect(failed.what).toContain('b'.repeat(64));
    }
  });
  it('says that there is no such party', () => {
    expect(() => pickParty(rows, 'Eastland')).toThrow('no party here is "Eastland"');
  });
});

describe('output', () => {
  it('marks every object of an exercise', () => {
    const { output, written } = capture(true);
    output.exercise = true;
    output.answer([{ a: 1 }, { b: 2 }], '');
    expect(JSON.parse(written.stdout)).toEqual([
      { a: 1, exercise: true },
      { b: 2, exercise: true },
    ]);
  });
  it('marks words of an exercise', () => {
    const { output, written } = capture(false);
    output.exercise = true;
    output.answer({}, 'hello');
    expect(written.stdout).toBe(`${exerciseLine}\nhello\n`);
  });
  it('marks errors of an exercise in both forms', () => {
    const { output, written } = capture(true);
    output.exercise = true;
    output.failed('no-file', 'gone', null);
    expect(JSON.parse(written.stdout)).toEqual({
      error: { code: 'no-file', message: 'gone' },
      exercise: true,
    });
    expect(written.stderr).toContain(exerciseLine);
  });
  it('does not mark a real home', () => {
    const { output, written } = capture(true);
    output.answer({ a: 1 }, '');
    expect(JSON.parse(written.stdout)).toEqual({ a: 1 });
  });
  it('colours only a terminal, and never with NO_COLOR', () => {
    expect(mayColour({ isTTY: true }, {})).toBe(true);
    expect(mayColour({ isTTY: false }, {})).toBe(false);
    expect(mayColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(capture(false, true).output.style.alarm('x')).toContain('\u001b[');
    expect(capture(false, true, { NO_COLOR: '1' }).output.style.alarm('x')).toBe('x');
  });
});

it('an identifier in groups of four is one identifier, and a name stays a name', () => {
  const id = '0123456789abcdef'.repeat(4);
  expect(ungrouped(groupedId(id, '  '))).toBe(id);
  expect(ungrouped('0123 4567 89')).toBe('0123456789');
  expect(ungrouped('Cafe Dead')).toBe('Cafe Dead');
  expect(ungrouped('north land')).toBe('north land');
});

it('a job in the background does not own the terminal, whatever its name', () => {
  const stat = (group: number, owner: number) => `7 (a) b) S 1 ${group} 3 34816 ${owner} 4194304`;
  expect(ownsTerminal(stat(7, 7))).toBe(true);
  expect(ownsTerminal(stat(7, 9))).toBe(false);
  expect(ownsTerminal(stat(7, -1))).toBe(true);
});

it('suggestions can be pasted: the home as it was typed, npx where npx began it', () => {
  expect(pasteable('status', 'my home', {})).toBe("comity status --home 'my home'");
  const npx = { npm_lifecycle_event: 'npx' };
  expect(pasteable('owe', '../trial/north', npx)).toBe('npx comity owe --home ../trial/north');
  expect(shellWord("O'Land")).toBe("'O'\\''Land'");
});
