/**
 * `export`, `proof`: what goes to a stranger; `verify.ts` is how a stranger checks it.
 */
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import { usage } from '../command-error.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { segment } from '../client.ts';
import type { NodeClient } from '../client.ts';
import { requireOutput, writeOutput } from '../files.ts';
import { shown } from '../output/foreign-text.ts';
import { partyNames } from '../parties.ts';
import { addVerifyCommand } from './verify.ts';

interface OutputOptions extends CommonOptions {
  output?: string;
  force?: boolean;
}

interface ExportOptions extends OutputOptions {
  confirmSeconds: string;
}

export function addBundleCommands(program: Command): void {
  addExport(program);
  addVerifyCommand(program);
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
          context.output.answer(
            { statement, at, file: path },
            `Wrote ${path}. Whoever has a bundle with the statement checks it with: comity verify ${path} --in BUNDLE --trust PARTY`,
          );
        });
      }),
    );
}
