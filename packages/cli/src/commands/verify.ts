/**
 * `verify`: how a stranger checks a bundle, or a single proof, and reads what was said.
 */
import type { Command } from 'commander';
import { addCommand, collect, run } from '../command.ts';
import { CommandError, usage } from '../command-error.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { readHomeParty } from '../context.ts';
import { withNode } from '../connect.ts';
import { isNoBundle, isProof, readBundleWords, readProof } from '../bundle-reading.ts';
import type { BundleReading, ProofReading } from '../bundle-reading.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { readInput } from '../files.ts';
import { bodyLines } from '../output/body.ts';
import { shown } from '../output/foreign-text.ts';
import { partyWords, shortId, ungrouped } from '../output/identifiers.ts';
import { sentenceOf } from '../output/statement-words.ts';
import { listParties, partyNamed } from '../parties.ts';

interface VerifyOptions extends CommonOptions {
  trust?: string[];
  show?: boolean;
  in?: string;
}

export function addVerifyCommand(program: Command): void {
  addCommand(program, {
    usage: 'verify <file>',
    summary: 'Check a bundle or a proof, without network and without a node',
    description:
      'Exit code 0 only for valid; 1 invalid, 6 untrusted, 7 incomplete, 9 no bundle. --show prints what was said. A proof from "comity proof" says that one log holds one statement: --in names the bundle that holds the statement. --trust names the parties whose identifiers you have from elsewhere than this file (by voice, from a treaty, from a register). With --home, names of parties may be used, and without --trust the home’s own party and its confirmed counterparts are trusted.',
    examples: [
      'verify case.comity --trust 9f1c…64 hex digits…',
      'verify case.comity --show --home north',
      'verify receipt.proof --in case.comity --home north',
    ],
    home: 'optional',
    keys: true,
  })
    .option('--trust <party>', 'a party that you trust to be itself (several times)', collect)
    .option('--show', 'with what each statement says')
    .option('--in <bundle>', 'for a proof: the bundle that holds its statement')
    .action(
      run<VerifyOptions>(async (context, options, file) => {
        const bytes = await readInput(file);
        const proof = isProof(bytes) ? bytes : null;
        if (proof !== null && options.in === undefined) throw proofAlone(file);
        const bundle = options.in === undefined ? bytes : await readInput(options.in);
        if (isNoBundle(bundle)) throw notABundle(options.in ?? file);
        const trust = await trustRoots(context, options.trust ?? []);
        const { verifyBundle } = await import('@comity/record');
        const { meaning } = await import('@comity/accord');
        const report = verifyBundle(bundle, { trust, meaning });
        context.output.exercise ||= report.exercise;
        const reading = readBundleWords(bundle);
        const proved = proof === null || reading === null ? null : readProof(proof, reading);
        const said = reading === null ? {} : saidFields(reading, options.show === true);
        const words = [
          verifyWords(context, report, trust),
          ...(reading === null ? [] : saidWords(context, reading, options.show === true)),
          ...(proof === null || reading === null ? [] : [provedWords(proved, reading)]),
        ];
        const fields = proof === null ? {} : { proof: provedFields(proved) };
        context.output.answer({ ...report, ...said, ...fields }, words.join('\n'));
        const isBad = proof !== null && proved?.statement == null;
        process.exitCode = isBad ? exitCodes.refused : verdictExitCodes[report.verdict];
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
async function trustRoots(context: CommandContext, given: readonly string[]): Promise<string[]> {
  const named = given.map(ungrouped);
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

function notABundle(file: string): CommandError {
  return new CommandError(
    'not-a-bundle',
    `${file} is not a bundle`,
    'A bundle is the file that "comity export" writes. Nothing was checked.',
    exitCodes.notABundle,
  );
}

function proofAlone(file: string): CommandError {
  return new CommandError(
    'not-a-bundle',
    `${file} is not a bundle: it is a proof that a log holds an entry`,
    'Name the bundle that holds the statement and its parties’ keys: --in BUNDLE.',
    exitCodes.notABundle,
  );
}

/** Beside the fields of the contract. Names are what the parties call themselves. */
function saidFields(reading: BundleReading, whole: boolean): object {
  const { docket, type, subject, names, statements } = reading;
  return {
    docket: { docket, type, subject },
    parties: [...names].map(([party, name]) => ({ party, name })),
    said: statements.map(({ id, from, statement }) => ({
      id,
      from,
      kind: statement.kind,
      made: statement.made,
      words: sentenceOf(statement),
      ...(whole ? { body: statement.body } : {}),
    })),
  };
}

function saidWords(context: CommandContext, reading: BundleReading, whole: boolean): string[] {
  const { names, statements, type, subject } = reading;
  const party = (id: string) => shown(partyWords(id, names));
  const who = [...names].map(([id, name]) => `${shown(name)} (${shortId(id)})`).join(', ');
  const lines = [
    `What the file says${whole ? '' : ` (${statements.length} statements; with --show)`}:`,
    `  ${type} · ${shown(subject)}`,
    `  between, by the names that they give themselves: ${who}`,
  ];
  if (!whole) return lines;
  for (const { id, from, statement } of statements) {
    lines.push(
      '',
      `  ${party(from)} ${sentenceOf(statement)}`,
      `    ${statement.kind} ${shortId(id)} · made ${statement.made} by the author’s own clock`,
      ...bodyLines(statement.body, context.output.width, '    '),
    );
  }
  return lines;
}

function provedWords(proved: ProofReading | null, { names }: BundleReading): string {
  if (proved === null) return 'The proof cannot be read: it proves nothing.';
  const { statement, party, index, size, origin } = proved;
  const log = party === null ? origin : `the log of ${shown(partyWords(party, names))}`;
  if (statement === null) {
    return `The proof is NOT of any statement in the bundle (entry ${index} of ${shown(log)}).`;
  }
  return `The proof holds: ${log} has ${statement.statement.kind} ${shortId(statement.id)} as entry ${index} of ${size}.`;
}

function provedFields(proved: ProofReading | null): object {
  if (proved === null) return { ok: false, statement: null };
  const { statement, role, origin, party, index, size } = proved;
  return {
    ok: statement !== null,
    statement: statement?.id ?? null,
    role,
    origin,
    party,
    index,
    size,
  };
}
