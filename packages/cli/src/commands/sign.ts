/**
 * `comity sign`: an officer's own device. No node, no home, no network.
 */
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import { refused } from '../command-error.ts';
import type { CommonOptions } from '../context.ts';
import { adviceFor } from '../advice.ts';
import { readInput, writeOutput } from '../files.ts';
import { askConfirm } from '../prompts/ask.ts';

interface SignOptions extends CommonOptions {
  key: string;
  output?: string;
  yes?: boolean;
}

export function addSignCommand(program: Command): void {
  addCommand(program, {
    usage: 'sign <file>',
    summary: 'Sign a draft on an officer’s own device, without node or network',
    description:
      'FILE comes from "draft export". The statement is shown in words, with its identifier in groups to compare with the other officer; then, on a terminal, you are asked. The signature is added to FILE (or to the file named with -o), which goes back with "draft import".',
    examples: ['sign draft.comity --key duty-officer-2.age'],
    home: 'none',
    keys: true,
  })
    .requiredOption('--key <keyfile>', 'the officer’s key file')
    .option('-o, --output <file>', 'write the signed draft here and leave FILE as it is')
    .option('--yes', 'do not ask')
    .action(
      run<SignOptions>(async (context, options, path) => {
        const { parseDraftFile, signDraftFile, unlockOfficerKey } = await import('@comity/node');
        const { statementWords } = await import('../output/statement-words.ts');
        const bytes = await readInput(path);
        const draft = parseDraftFile(bytes);
        if (!draft.ok) throw refused(draft.code, draftProblem(path, draft), adviceFor(draft.code));
        const { id, statement, signatures } = draft.value;
        context.output.exercise ||= draft.value.exercise;
        const names = new Map(Object.entries(draft.value.names));
        const words = statementWords(id, statement, names, context.output.width);
        const hint =
          names.size === 0
            ? ''
            : '\n(names of parties are the word of the node that wrote the file)';
        if (context.interactive) {
          context.output.note(`${words}${hint}\n`);
          if (options.yes !== true && !(await askConfirm('Sign this statement?'))) {
            throw refused('not-signed', 'nothing was signed');
          }
        }
        const secret = await context.passphrases.unlock(`the key ${options.key}`, (passphrase) =>
          unlockOfficerKey(options.key, passphrase),
        );
        if (secret.party !== '' && secret.party !== (statement.from ?? id)) {
          throw refused(
            'wrong-party',
            `this key belongs to an officer of ${secret.party}, the statement is from ${statement.from ?? id}`,
          );
        }
        const signed = signDraftFile(bytes, secret);
        if (!signed.ok)
          throw refused(signed.code, draftProblem(path, signed), adviceFor(signed.code));
        const after = parseDraftFile(signed.value.file);
        const count = after.ok ? after.value.signatures.length : signatures.length + 1;
        const target = options.output ?? path;
        await writeOutput(target, signed.value.file, target === path);
        const done = `Signed as ${secret.office}; ${count} ${count === 1 ? 'signature' : 'signatures'} in ${target} now. Give it back with: comity draft import ${target} --home DIR`;
        context.output.answer(
          {
            id,
            idGroups: signed.value.display.idGroups,
            kind: statement.kind,
            words: signed.value.display.words,
            from: statement.from,
            to: statement.to,
            office: secret.office,
            keyid: secret.keyid,
            signatures: count,
            file: target,
          },
          context.interactive ? done : `${words}${hint}\n\n${done}`,
        );
      }),
    );
}

function draftProblem(path: string, problem: { path: string; detail?: string }): string {
  const parts = [problem.path, problem.detail].filter((part) => part !== undefined && part !== '');
  return `${path} is not a draft that can be signed${parts.length === 0 ? '' : ` (${parts.join(': ')})`}`;
}
