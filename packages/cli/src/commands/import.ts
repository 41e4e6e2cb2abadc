/**
 * `import fiat`, `import eurepoc`: public allegations by others become dockets that quote them.
 */
import type { Command } from 'commander';
import { adviceFor } from '../advice.ts';
import { askedAct } from '../asked.ts';
import { addCommand, addGroup, collect, run } from '../command.ts';
import { usage } from '../command-error.ts';
import type { NodeClient } from '../client.ts';
import type { CommandContext, CommonOptions, HomeParty } from '../context.ts';
import { withNode } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../files.ts';
import { shown } from '../output/foreign-text.ts';
import { listParties, pickParty } from '../parties.ts';
import { signBatch } from '../signing.ts';
import type { DraftToSign } from '../signing.ts';

interface ImportOptions extends CommonOptions {
  to?: string[];
  officer?: string[];
  key?: string[];
  dryRun?: boolean;
}

interface ReadRow {
  row: number;
  key: string;
  body: unknown;
}
interface RowProblem {
  row: number;
  reason: string;
  table?: string;
}
interface ReadTable {
  rows: readonly ReadRow[];
  errors: readonly RowProblem[];
}

interface ImportReport {
  read: number;
  raised: number;
  unchanged: number;
  errors: RowProblem[];
  dryRun?: true;
  wouldRaise?: number;
}

interface ImportedItem {
  key: string;
  state: 'unchanged' | 'draft' | 'would-raise' | 'error';
  draft?: string;
  payloadType?: string;
  payload?: string;
  maySign?: string[];
  code?: string;
  detail?: string;
}

/** Rows in one call to the node; a body may have 256 KiB. */
const rowsPerCall = 16;
const kind = 'allegation.quote';

export function addImportCommands(program: Command): void {
  const group = addGroup(program, 'import', 'Raise public allegations by others as quotes');
  const common = (command: Command) =>
    command
      .option('--to <party>', 'the counterpart that gets the quotes (several times)', collect)
      .option('--officer <name>', 'who signs; default: one who may', collect)
      .option('--key <keyfile>', 'sign with a key file from elsewhere', collect)
      .option('--dry-run', 'show what would be raised, and raise nothing');
  const explained =
    'Each row becomes a docket that quotes somebody else’s allegation; it accuses nobody in our name and creates no obligation. Importing twice raises nothing twice. A bad row is reported with its number; the rest goes on.';
  common(
    addCommand(group, {
      usage: 'fiat <file>',
      summary: 'The table of the Foreign Interference Attribution Tracker (CSV)',
      description: explained,
      examples: ['import fiat fiat.csv --to Southmark --dry-run --home north'],
      home: 'home',
    }),
  ).action(
    run<ImportOptions>(async (context, options, file) => {
      const { readFiat } = await import('@comity/interop');
      await importRows(context, options, readFiat(await readInput(file)));
    }),
  );
  common(
    addCommand(group, {
      usage: 'eurepoc <incidents> <attributions>',
      summary: 'The tables of the European Repository of Cyber Incidents (CSV)',
      description: `${explained} All attributions of one incident stand side by side in one docket.`,
      examples: ['import eurepoc incidents.csv attributions.csv --to Southmark --home north'],
      home: 'home',
    }),
  ).action(
    run<ImportOptions>(async (context, options, incidents, attributions) => {
      const { readEurepoc } = await import('@comity/interop');
      const table = readEurepoc(await readInput(incidents), await readInput(attributions));
      await importRows(context, options, table);
    }),
  );
}

async function importRows(
  context: CommandContext,
  options: ImportOptions,
  table: ReadTable,
): Promise<void> {
  if (options.to === undefined) throw usage('to whom? give --to PARTY');
  const named = options.to;
  const dryRun = options.dryRun === true;
  await withNode(context, async (client, self) => {
    const rows = await listParties(client);
    const to = named.map((text) => pickParty(rows, text).party);
    const report: ImportReport = {
      read: table.rows.length + table.errors.length,
      raised: 0,
      unchanged: 0,
      errors: [...table.errors],
      ...(dryRun ? { dryRun: true as const, wouldRaise: 0 } : {}),
    };
    const seen = new Set<string>();
    for (let at = 0; at < table.rows.length; at += rowsPerCall) {
      const part = table.rows.slice(at, at + rowsPerCall).filter((row) => {
        const double = seen.has(row.key);
        seen.add(row.key);
        if (double) report.unchanged += 1;
        return !double;
      });
      await importPart(context, client, options, { self, to, dryRun }, part, report);
      context.output.note(
        `${Math.min(at + rowsPerCall, table.rows.length)} of ${table.rows.length} rows`,
      );
    }
    report.errors.sort((a, b) => a.row - b.row);
    context.output.answer(report, reportWords(report));
  });
}

async function importPart(
  context: CommandContext,
  client: NodeClient,
  options: ImportOptions,
  { self, ...wish }: { self: HomeParty; to: string[]; dryRun: boolean },
  part: readonly ReadRow[],
  report: ImportReport,
): Promise<void> {
  const records = part.map(({ key, body }) => ({ key, kind, body }));
  const items = await client.post<ImportedItem[]>('/imports', { ...wish, records });
  const wanted = { officers: options.officer ?? [], keyFiles: options.key ?? [] };
  for (const [at, item] of items.entries()) {
    const row = part[at]?.row ?? 0;
    if (item.state === 'unchanged') report.unchanged += 1;
    else if (item.state === 'would-raise') report.wouldRaise = (report.wouldRaise ?? 0) + 1;
    else if (item.state === 'error') {
      report.errors.push({ row, reason: [item.code, item.detail].filter(Boolean).join(': ') });
    }
  }
  const drafts: (DraftToSign & { row: number })[] = [];
  for (const [at, item] of items.entries()) {
    const record = part[at];
    if (item.state !== 'draft' || record === undefined) continue;
    const act = { kind, to: wish.to, docket: null, body: record.body };
    const asked = await askedAct(client, self.id, act);
    const { draft = '', payloadType = '', payload = '', maySign = [] } = item;
    drafts.push({ draft, payloadType, payload, maySign, asked, row: record.row });
  }
  const states = await signBatch(context, client, self, drafts, wanted);
  for (const [at, state] of states.entries()) {
    const row = drafts[at]?.row ?? 0;
    if (state.state === 'logged') report.raised += 1;
    else report.errors.push({ row, reason: state.reason });
    if (state.state !== 'not-as-asked') continue;
    context.output.warn(`row ${row}: ${state.reason}. ${adviceFor(state.state) ?? ''}`);
    process.exitCode = exitCodes.refused;
  }
}

function reportWords(report: ImportReport): string {
  const counts = report.dryRun
    ? `${report.read} rows read: ${report.wouldRaise ?? 0} would be raised, ${report.unchanged} are there already.`
    : `${report.read} rows read: ${report.raised} raised, ${report.unchanged} were there already.`;
  const errors = report.errors.map(
    (error) =>
      `  ${error.table === undefined ? '' : `${error.table} `}row ${error.row}: ${shown(error.reason)}`,
  );
  return [
    counts,
    errors.length === 0 ? 'No errors.' : `${errors.length} rows left out:`,
    ...errors,
  ].join('\n');
}
