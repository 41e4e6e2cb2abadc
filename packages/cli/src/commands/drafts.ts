/**
 * `drafts`, `discard`, `draft export`, `draft import`: what waits for signatures, and the way to an
 * officer's own device and back.
 */
import type { Command } from 'commander';
import { addCommand, addGroup, run } from '../command.ts';
import { segment } from '../client.ts';
import type { CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { readInput, requireOutput, writeOutput } from '../files.ts';
import { shown, shownShort } from '../output/foreign-text.ts';
import { groupedId, shortId } from '../output/identifiers.ts';
import { table } from '../output/table.ts';
import { fromNow } from '../output/times.ts';
import { stateOfApproval } from '../signing.ts';
import type { ApprovalReply, DraftRow } from '../signing.ts';
import { answerSigned } from './desk.ts';

export function addDraftCommands(program: Command): void {
  addList(program);
  addDiscard(program);
  const draft = addGroup(program, 'draft', 'Carry a draft to an officer’s own device and back');
  addExport(draft);
  addImport(draft);
}

function addList(program: Command): void {
  addCommand(program, {
    usage: 'drafts',
    summary: 'What waits for officers’ signatures',
    examples: ['drafts --home north'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context) => {
      await withNode(context, async (client) => {
        const rows = await client.get<DraftRow[]>('/drafts');
        const lines = rows.map((row) => [
          shortId(row.draft),
          row.kind,
          row.level,
          `${row.signedBy.length} of ${row.signedBy.length + row.missingSignatures}`,
          row.maySign.map(shown).join(', '),
          fromNow(row.createdAt, context.now()),
          shownShort(row.words ?? '', 48),
        ]);
        const titles = ['draft', 'kind', 'level', 'signed', 'may sign', 'made', 'says'];
        context.output.answer(
          rows,
          table(
            titles.map((title) => ({ title })),
            lines,
            'Nothing waits for a signature.',
          ),
        );
      });
    }),
  );
}

function addDiscard(program: Command): void {
  addCommand(program, {
    usage: 'discard <draft>',
    summary: 'Take a draft back before it is logged',
    description: 'What is logged cannot be taken back: it can be answered by another act.',
    examples: ['discard 5d01c7e2aa90 --home north'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context, _options, draft) => {
      await withNode(context, async (client) => {
        const row = await client.get<DraftRow>(`/drafts/${segment(draft)}`);
        await client.delete(`/drafts/${segment(row.draft)}`);
        context.output.answer(
          { draft: row.draft, state: 'discarded' },
          `Discarded: ${row.kind} ${shortId(row.draft)}. Nobody outside has seen it.`,
        );
      });
    }),
  );
}

function addExport(group: Command): void {
  addCommand(group, {
    usage: 'export <draft>',
    summary: 'Write a draft to a file for an officer’s own device',
    description: 'There: comity sign FILE --key KEYFILE. Compare the identifier by voice.',
    examples: ['draft export 5d01c7e2aa90 -o draft.comity --home north'],
    home: 'home',
  })
    .option('-o, --output <file>', 'the draft file')
    .option('--force', 'write over an existing file')
    .action(
      run<CommonOptions & { output?: string; force?: boolean }>(async (context, options, draft) => {
        const path = requireOutput(options.output);
        await withNode(context, async (client) => {
          const row = await client.get<DraftRow>(`/drafts/${segment(draft)}`);
          const file = await client.file(`/drafts/${segment(row.draft)}/file`);
          await writeOutput(path, file, options.force === true);
          context.output.answer(
            { draft: row.draft, file: path },
            `Wrote ${path}. On the officer’s device: comity sign ${path} --key KEYFILE\nIdentifier to compare:\n${groupedId(row.draft, '  ')}`,
          );
        });
      }),
    );
}

function addImport(group: Command): void {
  addCommand(group, {
    usage: 'import <file>',
    summary: 'Take a signed draft file back; with the last signature the act is said',
    examples: ['draft import draft.comity --home north'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context, _options, path) => {
      const file = await readInput(path);
      const { parseDraftFile } = await import('@comity/node');
      const parsed = parseDraftFile(file);
      await withNode(context, async (client) => {
        const reply = await client.postFile<ApprovalReply>('/drafts/file', file);
        const id = parsed.ok ? parsed.value.id : '';
        const kind = parsed.ok ? parsed.value.statement.kind : 'the act';
        answerSigned(context, stateOfApproval(reply, id), kind);
      });
    }),
  );
}
