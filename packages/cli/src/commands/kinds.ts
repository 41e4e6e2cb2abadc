/**
 * `comity kinds`: what can be said, with what authority, and a body to start from.
 */
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import { refused } from '../command-error.ts';
import type { CommonOptions } from '../context.ts';
import { table } from '../output/table.ts';

export function addKindsCommand(program: Command): void {
  const kinds = addCommand(program, {
    usage: 'kinds [kind]',
    summary: 'List what can be said; with a kind, print a body to start from',
    description:
      'The level says who must sign: automatic (the node itself), duty (one officer), solemn (two officers, unless the party is one person), root (credentials). With a kind, stdout is the body alone, so that it can go into a file.',
    examples: ['kinds', 'kinds incident.notify > body.json'],
    home: 'none',
  });
  kinds.action(
    run<CommonOptions, [string | undefined]>(async (context, _options, wanted) => {
      const accord = await import('@comity/accord');
      const { exampleBody } = await import('../kind-examples.ts');
      const rows = Object.values(accord.kinds)
        .map((definition) => {
          const body = exampleBody(definition.kind);
          const level = body === null ? null : accord.levelOf(definition.kind, body);
          return { kind: definition.kind, level, opens: definition.opens, body };
        })
        .sort((a, b) => (a.kind < b.kind ? -1 : 1));
      if (wanted === undefined) {
        context.output.answer(rows, listWords(rows));
        return;
      }
      const found = rows.find((row) => row.kind === wanted);
      if (found === undefined) {
        throw refused(
          'unknown-kind',
          `there is no kind ${wanted}`,
          'List the kinds with: comity kinds',
        );
      }
      if (found.body === null) {
        throw refused(
          'automatic-kind',
          `${wanted} is said by the node itself; nobody writes its body`,
        );
      }
      const sentence = accord.kinds[found.kind].words(found.body);
      context.output.note(`${found.kind} · ${found.level ?? 'level by body'} · ${sentence}`);
      context.output.answer(found, JSON.stringify(found.body, null, 2));
    }),
  );
}

/** Kinds whose bodies programs make. */
const machineLevels: { readonly [kind: string]: string } = { 'party.credentials': 'root' };

interface KindRow {
  kind: string;
  level: string | null;
  opens: string | null;
  body: unknown;
}

function listWords(rows: readonly KindRow[]): string {
  const lines = rows.map((row) => [
    row.kind,
    row.level ?? machineLevels[row.kind] ?? 'automatic',
    row.opens === null ? '' : `opens a docket (${row.opens})`,
  ]);
  return `${table([{ title: 'kind' }, { title: 'level' }, { title: '' }], lines, 'No kinds.')}
A body to start from: comity kinds KIND > body.json`;
}
