/**
 * `export`, `verify`, `proof`: what goes to a stranger, and how a stranger checks it.
 */
import type { Command } from 'commander';
import { addCommand, collect, run } from '../command.ts';
import { usage } from '../command-error.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { readHomeParty } from '../context.ts';
import { withNode } from '../connect.ts';
import { segment } from '../client.ts';
import type { NodeClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { readInput, requireOutput, writeOutput } from '../files.ts';
import { shown } from '../output/foreign-text.ts';
import { listParties, partyNamed, partyNames } from '../parties.ts';

interface OutputOptions extends CommonOptions {
  output?: string;
  force?: boolean;
}

interface ExportOptions extends OutputOptions {
  confirmSeconds: string;
}

export function addBundleCommands(program: Command): void {
  addExport(program);
  addVerify(program);
  addProof(program);
}

function addExport(program: Command): void {
  addCommand(program, {
    usage: 'export <docket>',
    summary: 'Write a docket with all its proofs into one file, for a stranger',
    description:
      'The bundle holds both sides’ statements, the credentials and the proofs from both logs. When the node runs, the other participants are first asked to confirm the docket as it is now, so that a stranger can see that nothing was left out. Look at what it contains before you hand it on: "comity show DOCKET".',
    examples: ['export 3f2a9c41d0b7 -o case.comity --home north'],
    home: 'home',
  })
    .option('-o, --output <file>', 'the bundle')
    .option('--force', 'write over an existing file')
    .option(
      '--confirm-seconds <n>',
      'how long to wait for the others’ confirmation, at most 30; 0: do not ask',
      '10',
    )
    .action(
      run<ExportOptions>(async (context, options, docket) => {
        const path = requireOutput(options.output);
        const seconds = confirmSeconds(options.confirmSeconds);
        await withNode(context, async (client) => {
          const asked = seconds > 0 && client.running;
          const standing = asked ? await confirm(context, client, docket, seconds) : null;
          const bytes = await client.file(`/dockets/${segment(docket)}/bundle`);
          await writeOutput(path, bytes, options.force === true);
          const names = await partyNames(client);
          const missing = (standing?.missing ?? []).map((id) => shown(names.get(id) ?? id));
          context.output.answer(
            { file: path, bytes: bytes.length, ...standingFields(standing) },
            [
              `Wrote ${path} (${bytes.length} bytes). Anyone can check it with: comity verify ${path} --trust PARTY`,
              confirmedWords(standing, missing),
            ].join('\n'),
          );
        });
      }),
    );
}

interface Standing {
  confirmed: boolean;
  by: string[];
  missing: string[];
}

const confirmSecondsMax = 30;

function confirmSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,2}$/u.test(text) && seconds <= confirmSecondsMax) return seconds;
  throw usage(`--confirm-seconds takes 0 to ${confirmSecondsMax}, not ${text}`, null);
}

/** Asks the other participants to confirm the docket as it is now. */
async function confirm(
  context: CommandContext,
  client: NodeClient,
  docket: string,
  seconds: number,
): Promise<Standing> {
  context.output.note(
    `Waiting up to ${seconds} s until every participant has confirmed the docket as it is now …`,
  );
  return await client.post<Standing>(`/dockets/${segment(docket)}/confirm`, { seconds });
}

/** `confirmed` is null where nobody was asked. */
function standingFields(standing: Standing | null) {
  const { confirmed = null, by = [], missing = [] } = standing ?? {};
  return { confirmed, confirmedBy: by, notConfirmedBy: missing };
}

function confirmedWords(standing: Standing | null, missing: readonly string[]): string {
  if (standing === null) {
    return 'Nobody was asked to confirm it: it holds the confirmations that were there already.';
  }
  if (standing.confirmed) return 'Every participant has confirmed the docket as it is in the file.';
  return `Not confirmed by ${missing.join(', ')}: "comity verify" may call it incomplete. Export it again when they can be reached.`;
}

interface VerifyOptions extends CommonOptions {
  trust?: string[];
}

function addVerify(program: Command): void {
  addCommand(program, {
    usage: 'verify <file>',
    summary: 'Check a bundle, without network and without a node',
    description:
      'Exit code 0 only for valid; 1 invalid, 6 untrusted, 7 incomplete. --trust names the parties whose identifiers you have from elsewhere than this file (by voice, from a treaty, from a register). With --home, names of parties may be used, and without --trust the home’s own party and its confirmed counterparts are trusted.',
    examples: ['verify case.comity --trust 9f1c…64 hex digits…', 'verify case.comity --home north'],
    home: 'optional',
    keys: true,
  })
    .option('--trust <party>', 'a party that you trust to be itself (several times)', collect)
    .action(
      run<VerifyOptions>(async (context, options, file) => {
        const bytes = await readInput(file);
        const trust = await trustRoots(context, options.trust ?? []);
        const { verifyBundle } = await import('@comity/record');
        const { meaning } = await import('@comity/accord');
        const report = verifyBundle(bytes, { trust, meaning });
        context.output.exercise ||= report.exercise;
        context.output.answer(report, verifyWords(context, report, trust));
        process.exitCode = verdictExitCodes[report.verdict];
      }),
    );
}

const verdictExitCodes: Record<VerdictReport['verdict'], ExitCode> = {
  valid: exitCodes.ok,
  invalid: exitCodes.refused,
  untrusted: exitCodes.untrusted,
  incomplete: exitCodes.incomplete,
};

interface VerdictReport {
  verdict: 'valid' | 'invalid' | 'untrusted' | 'incomplete';
  completeness: string;
  exercise: boolean;
  checks: readonly { name: string; ok: boolean; detail: string }[];
}

const verdictWords: Record<VerdictReport['verdict'], string> = {
  valid: 'VALID. Every check passed, and parties that you trust signed it.',
  invalid: 'NOT VALID. Do not rely on this file: at least one check failed.',
  untrusted:
    'UNTRUSTED. The checks passed, but nobody whom you named stands behind it: name the parties with --trust, by identifiers that you have from elsewhere.',
  incomplete:
    'INCOMPLETE. What is here checks, but the docket is not known to be whole: do not judge by it alone.',
};

function verifyWords(
  context: CommandContext,
  report: VerdictReport,
  trust: readonly string[],
): string {
  const { style } = context.output;
  const mark = report.verdict === 'valid' ? style.good : style.alarm;
  const checks = report.checks.map((check) => {
    const sign = check.ok ? style.good('passed') : style.alarm('FAILED');
    return `  ${sign}  ${check.name}${check.detail === '' ? '' : `: ${shown(check.detail)}`}`;
  });
  return [
    mark(verdictWords[report.verdict]),
    `Completeness: ${shown(report.completeness)}`,
    `Trusted: ${trust.length === 0 ? 'nobody was named' : trust.join(', ')}`,
    'Checks:',
    ...checks,
  ].join('\n');
}

const identifier = /^[0-9a-f]{64}$/u;

/** Identifiers to trust. A name is never looked up in the file: its author chose that name. */
async function trustRoots(context: CommandContext, named: readonly string[]): Promise<string[]> {
  const names = named.filter((text) => !identifier.test(text));
  if (context.home === null) {
    if (names.length === 0) return [...named];
    throw usage(
      `--trust ${names[0] ?? ''} is not a whole identifier`,
      'Write all 64 hex digits, or give --home so that the name can be looked up there.',
    );
  }
  if (named.length > 0 && names.length === 0) return [...named];
  await readHomeParty(context);
  const exercise = context.output.exercise;
  const roots = await withNode(context, async (client) => {
    if (named.length === 0) {
      const parties = await listParties(client);
      return parties
        .filter((party) => party.state === 'self' || party.state === 'confirmed')
        .map((party) => party.party);
    }
    const found: string[] = [];
    for (const text of named) {
      found.push(await partyNamed(client, text));
    }
    return found;
  });
  // The mark belongs to the bundle here, not to the home that vouched for names.
  context.output.exercise = exercise && context.output.exercise;
  return roots;
}

interface ProofOptions extends OutputOptions {
  at?: string;
}

function addProof(program: Command): void {
  addCommand(program, {
    usage: 'proof <statement>',
    summary: 'Write the proof that a log holds a statement (C2SP tlog-proof)',
    description:
      '--at self: the entry in the log of this home’s party. --at PARTY: the entry in that party’s log, which for our own statements is their receipt.',
    examples: ['proof 3f2a9c41d0b7 --at Southmark -o receipt.proof --home north'],
    home: 'home',
  })
    .requiredOption('--at <party>', '"self", or the party whose log holds it')
    .option('-o, --output <file>', 'the proof')
    .option('--force', 'write over an existing file')
    .action(
      run<ProofOptions>(async (context, options, statement) => {
        const path = requireOutput(options.output);
        const at = options.at ?? 'self';
        await withNode(context, async (client) => {
          const bytes = await client.file(`/statements/${segment(statement)}/proof`, { at });
          await writeOutput(path, bytes, options.force === true);
          context.output.answer({ statement, at, file: path }, `Wrote ${path}.`);
        });
      }),
    );
}
