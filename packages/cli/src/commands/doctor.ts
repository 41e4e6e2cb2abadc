/**
 * `comity doctor`: is this machine and this home fit to run a node? Each finding says what to do.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import { readHomeParty } from '../context.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

interface Finding {
  name: string;
  ok: boolean;
  detail: string;
  /** What to do, when it is not ok. */
  what: string | null;
}

export function addDoctorCommand(program: Command): void {
  addCommand(program, {
    usage: 'doctor',
    summary: 'Is this machine, and this home, fit to run a node?',
    description:
      'Changes nothing and needs no passphrase; with --passphrase-file it also says whether that one passphrase opens the keys of several officers. Exit code 1 when something needs doing.',
    examples: ['doctor', 'doctor --home north'],
    home: 'optional',
    keys: true,
  }).action(
    run<CommonOptions>(async (context) => {
      const findings = [await runtime(), await unicode(), await cryptography(), await database()];
      if (context.home !== null) findings.push(...(await homeFindings(context, context.home)));
      const ok = findings.every((finding) => finding.ok);
      const { style } = context.output;
      const lines = findings.map((finding) => {
        const sign = finding.ok ? style.good('ok  ') : style.alarm('look');
        return `${sign} ${finding.name}: ${finding.detail}${finding.what === null ? '' : `\n     ${finding.what}`}`;
      });
      context.output.answer(
        { ok, findings },
        [...lines, ok ? 'All is well.' : 'Something needs doing.'].join('\n'),
      );
      if (!ok) process.exitCode = exitCodes.refused;
    }),
  );
}

function finding(name: string, ok: boolean, detail: string, what: string): Finding {
  return { name, ok, detail, what: ok ? null : what };
}

async function runtime(): Promise<Finding> {
  const major = Number(process.versions.node.split('.')[0]);
  return finding('Node.js', major >= 24, process.version, 'Install Node.js 24 or newer.');
}

async function unicode(): Promise<Finding> {
  const version = process.versions.unicode ?? 'unknown';
  const ok = Number(version.split('.')[0]) >= 16;
  return finding(
    'Unicode',
    ok,
    version,
    'This Node.js is older than Unicode 16: use an official build of 24.',
  );
}

async function cryptography(): Promise<Finding> {
  const record = await import('@comity/record');
  const seed = new Uint8Array(32).fill(7);
  const message = new TextEncoder().encode('comity doctor');
  const good = record.ed25519Verify(
    record.ed25519PublicKey(seed),
    message,
    record.ed25519Sign(seed, message),
  );
  const openssl = process.versions.openssl;
  return finding(
    'cryptography',
    good,
    `OpenSSL ${openssl}`,
    'Ed25519 does not work here: use an official build of Node.js.',
  );
}

async function database(): Promise<Finding> {
  try {
    const { DatabaseSync } = await import('node:sqlite');
    const memory = new DatabaseSync(':memory:');
    const row = memory.prepare('select sqlite_version() as version').get();
    memory.close();
    return finding('SQLite', true, String(row?.['version']), '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return finding(
      'SQLite',
      false,
      reason,
      'This Node.js was built without SQLite: use an official build.',
    );
  }
}

async function homeFindings(context: CommandContext, home: string): Promise<Finding[]> {
  const self = await readHomeParty(context);
  if (self === null) {
    return [
      finding('home', false, `no party lives in ${home}`, 'comity init --home DIR --name NAME'),
    ];
  }
  const { checkConfig, highWaterPath, homeLayout, lockOwner } = await import('@comity/node');
  const layout = homeLayout(home);
  const { config, problems } = await checkConfig(layout, context.environment, {});
  const owner = await lockOwner(layout.lock);
  const unprotected = await exists(layout.nodeKeysPlain);
  const highWater = highWaterPath(self.id, config.stateDirectory, context.environment);
  const open = await openToOthers(home);
  return [
    finding('home', true, `${self.name}${self.exercise ? ' (exercise)' : ''}, ${home}`, ''),
    finding(
      'node',
      true,
      owner === null ? 'does not run' : `process ${owner} works on the home`,
      '',
    ),
    finding(
      'configuration',
      problems.length === 0,
      `${problems.length} mistakes`,
      'comity config check',
    ),
    finding(
      'keys',
      !unprotected || self.exercise,
      unprotected ? 'not protected by a passphrase' : 'protected by a passphrase',
      'Unprotected keys are for trials: make a new party without --unprotected-keys.',
    ),
    ...(unprotected ? [] : [await sharedPassphrase(context, home)]),
    finding(
      'permissions',
      open.length === 0,
      open.length === 0 ? 'only you can read the keys' : `others can read ${open.join(', ')}`,
      `chmod -R go-rwx ${join(home, 'keys')}`,
    ),
    finding(
      'high-water file',
      await exists(highWater),
      highWater,
      'Without it the node takes the home for a restored copy and signs nothing until a counterpart has stated our newest checkpoint.',
    ),
  ];
}

/** Officers whose keys open with the passphrase at hand: two of them are one to whoever knows it. */
async function sharedPassphrase(context: CommandContext, home: string): Promise<Finding> {
  const name = 'officers’ passphrases';
  const passphrase = await context.passphrases.fromFile();
  if (passphrase === null) {
    return finding(name, true, 'not looked at (give --passphrase-file FILE)', '');
  }
  const { homeLayout, listOfficerKeys, unlockOfficerKey } = await import('@comity/node');
  const opened: string[] = [];
  for (const { path, slug } of await listOfficerKeys(homeLayout(home))) {
    if ((await unlockOfficerKey(path, passphrase)).ok) opened.push(slug);
  }
  return finding(
    name,
    opened.length < 2,
    opened.length < 2
      ? 'this passphrase opens the keys of no two officers'
      : `one passphrase opens the keys of ${opened.join(' and ')}: whoever knows it can make solemn acts alone`,
    `Each officer takes their own: ${context.paste(`officers passphrase ${opened[1] ?? 'NAME'}`)}`,
  );
}

async function openToOthers(home: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const open: string[] = [];
  for (const name of ['keys/node.json', 'keys/node.json.age', 'api-token', 'keys/officers']) {
    const found = await stat(join(home, name)).catch(() => null);
    if (found !== null && (found.mode & 0o077) !== 0) open.push(name);
  }
  return open;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
