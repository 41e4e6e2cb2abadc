/**
 * `pouch export`, `pouch import`: the exchange by hand. The same sealed pouch as on the wire.
 */
import type { Command } from 'commander';
import { addCommand, addGroup, run } from '../command.ts';
import { usage } from '../command-error.ts';
import { segment } from '../client.ts';
import type { CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput, requireOutput, writeOutput } from '../files.ts';

export interface PouchTaken {
  records: number;
  taken: number;
  refused: number;
  complete?: boolean;
  problems?: string[];
}

export function addPouchCommands(program: Command): void {
  const pouch = addGroup(program, 'pouch', 'Carry the exchange by hand, as sealed files');
  addExport(pouch);
  addImport(pouch);
}

interface ExportOptions extends CommonOptions {
  to?: string;
  output?: string;
  force?: boolean;
}

function addExport(pouch: Command): void {
  addCommand(pouch, {
    usage: 'export',
    summary: 'Write everything that waits for a counterpart into one sealed file',
    description:
      'Only the counterpart can open it. Nothing is taken off the queue until their answer has come, so a lost file loses nothing. The exchange is done when both sides have imported the other’s newest pouch and nothing waits.',
    examples: ['pouch export --to Southmark -o to-south.pouch --home north'],
    home: 'home',
  })
    .option('--to <party>', 'the counterpart')
    .option('-o, --output <file>', 'the pouch')
    .option('--force', 'write over an existing file')
    .action(
      run<ExportOptions>(async (context, options) => {
        const path = requireOutput(options.output);
        if (options.to === undefined) throw usage('for whom? give --to PARTY');
        const party = options.to;
        await withNode(context, async (client) => {
          const reply = await client.post<PouchTaken & { pouch: string }>(
            `/parties/${segment(party)}/pouch`,
          );
          const { records } = reply;
          const bytes = new Uint8Array(Buffer.from(reply.pouch, 'base64'));
          await writeOutput(path, bytes, options.force === true);
          context.output.answer(
            { file: path, records, taken: 0, refused: 0 },
            `Wrote ${path} (${bytes.length} bytes, ${records} records). They import it with: comity pouch import ${path}`,
          );
        });
      }),
    );
}

function addImport(pouch: Command): void {
  addCommand(pouch, {
    usage: 'import <file>',
    summary: 'Take in a pouch that was carried here; twice does no harm',
    examples: ['pouch import to-south.pouch --home south'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context, _options, path) => {
      const bytes = await readInput(path);
      await withNode(context, async (client) => {
        const reply = await client.postFile<PouchTaken>('/pouches', bytes);
        const cut =
          reply.complete === false
            ? '\nThe pouch was cut; what was whole was taken. Ask for it again.'
            : '';
        context.output.answer(
          reply,
          `${reply.records} records: ${reply.taken} taken in, ${reply.refused} refused.${cut}\nCarry the answer back: comity pouch export --to PARTY -o FILE`,
        );
        if (reply.refused > 0 && reply.taken === 0) process.exitCode = exitCodes.refused;
      });
    }),
  );
}
