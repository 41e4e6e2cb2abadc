import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from 'commander';
import { isActKind, kinds, levelOf, parseBody } from '@comity/accord';
import { exitCodes, exitCodeWords } from '../src/exit-codes.ts';
import { exampleBody } from '../src/kind-examples.ts';
import { makeProgram } from '../src/main.ts';
import { Place } from './command.ts';

let place: Place;
beforeAll(async () => {
  place = await Place.make();
});
afterAll(() => place.remove());

function leaves(command: Command): Command[] {
  const own = command.commands.flatMap(leaves);
  return own.length === 0 || command.options.length > 0 ? [command, ...own] : own;
}

describe('help', () => {
  it('teaches each command with an example that names it', async () => {
    const program = await makeProgram();
    const all = leaves(program).filter((command) => command !== program);
    expect(all.length).toBeGreaterThan(30);
    for (const command of all) {
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) });
      command.outputHelp();
      expect(text, command.name()).toMatch(/Examples?:\n {2}\$ comity /u);
      expect(text, command.name()).toContain('--json');
    }
  });
  it('says every exit code', async () => {
    const { stdout } = await place.done(['--help']);
    for (const [code] of exitCodeWords) expect(stdout).toMatch(new RegExp(`^ +${code} {2}`, 'mu'));
    expect(new Set(exitCodeWords.map(([code]) => code))).toEqual(new Set(Object.values(exitCodes)));
  });
});

describe('a wrong command line', () => {
  it('ends with 2 and says so on stderr only', async () => {
    const ran = await place.run(['frobnicate']);
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain("unknown command 'frobnicate'");
  });
  it('is one JSON document with --json', async () => {
    const ran = await place.run(['say', '--json']);
    expect(ran.code).toBe(2);
    expect(ran.json()).toEqual({
      error: { code: 'usage', message: "missing required argument 'kind'" },
    });
  });
  it('asks for a home where one is needed', async () => {
    const ran = await place.run(['dockets', '--json']);
    expect(ran.code).toBe(2);
    expect(ran.json()).toMatchObject({ error: { code: 'usage' } });
    expect(ran.stderr).toContain('--home DIR');
  });
  it('ends with 3 where no party lives', async () => {
    const ran = await place.run(['status', '--home', 'nowhere', '--json']);
    expect(ran.code).toBe(3);
    expect(ran.json()).toMatchObject({ error: { code: 'unreachable' } });
    expect(ran.stderr).toContain('comity init');
  });
});

describe('kinds', () => {
  it('has a body to start from for every kind that an officer writes', () => {
    for (const kind of Object.keys(kinds)) {
      if (!isActKind(kind)) throw new Error(kind);
      const body = exampleBody(kind);
      if (body === null) {
        expect(['party.credentials', 'channel.test', 'channel.refuse']).toContain(kind);
        continue;
      }
      expect(parseBody(kind, body), kind).toMatchObject({ ok: true });
      expect(levelOf(kind, body), kind).not.toBe(null);
    }
  });
  it('lists all of them with their level', async () => {
    const rows = (await place.done(['kinds', '--json'])).list();
    expect(rows.map((row) => row['kind']).sort()).toEqual(Object.keys(kinds).sort());
    expect(rows.find((row) => row['kind'] === 'allegation.raise')).toMatchObject({
      level: 'solemn',
      opens: 'allegation',
    });
  });
  it('prints a body alone on stdout', async () => {
    const ran = await place.done(['kinds', 'incident.notify']);
    expect(parseBody('incident.notify', JSON.parse(ran.stdout))).toMatchObject({ ok: true });
  });
  it('refuses a kind that is not there', async () => {
    const ran = await place.run(['kinds', 'incident.frob', '--json']);
    expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'unknown-kind' } }]);
  });
});
