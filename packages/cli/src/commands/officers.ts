/**
 * `officers`, `officers passphrase`: who may sign what, and what opens the keys that lie in this home.
 */
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import { refused } from '../command-error.ts';
import type { CommonOptions } from '../context.ts';
import { readHomeParty, requireHome } from '../context.ts';
import { openFailureError, withNode } from '../connect.ts';
import { shown } from '../output/foreign-text.ts';
import { table } from '../output/table.ts';
import { askNewPassphrase, noTerminal } from '../prompts/ask.ts';
import { readPassphraseFile } from '../prompts/passphrases.ts';
import { keyFileOf } from '../signing.ts';

interface OfficerRow {
  office: string;
  levels: string[];
  keys: { type: string; keyid: string }[];
  keyFile: string | null;
  unprotected: boolean;
}

interface Roster {
  officers: OfficerRow[];
  thresholds: { root: number; solemn: number; duty: number };
  onePerson: boolean;
  delegations: { id: string; office: string; kinds: string[]; until: string; ended: boolean }[];
}

export function addOfficersCommands(program: Command): void {
  const officers = addCommand(program, {
    usage: 'officers',
    summary: 'Who may sign what, and whose key lies in this home',
    description:
      'Keys in the home are for exercises and small houses: an officer’s key belongs on the officer’s own device.',
    examples: ['officers --home north', 'officers passphrase "Duty officer 2" --home north'],
    home: 'home',
  });
  addPassphrase(officers);
  officers.action(
    run<CommonOptions>(async (context) => {
      await withNode(context, async (client) => {
        const roster = await client.get<Roster>('/officers');
        const lines = roster.officers.map((row) => [
          shown(row.office),
          row.levels.join(', '),
          row.keys.map((key) => key.type).join(', '),
          row.keyFile ?? 'not in this home',
        ]);
        const titles = ['office', 'may sign', 'keys', 'key file'];
        const { duty, solemn, root } = roster.thresholds;
        const needed = `Needed: ${duty} for duty, ${solemn} for solemn, ${root} for root acts.${roster.onePerson ? ' A party of one person: every counterpart sees that.' : ''}`;
        const delegations = roster.delegations
          .filter((one) => !one.ended)
          .map(
            (one) => `Delegated: ${shown(one.office)} until ${one.until} (${one.kinds.join(', ')})`,
          );
        context.output.answer(
          roster,
          [
            table(
              titles.map((title) => ({ title })),
              lines,
              'No officers.',
            ),
            needed,
            ...delegations,
          ].join('\n'),
        );
      });
    }),
  );
}

interface PassphraseOptions extends CommonOptions {
  newPassphraseFile?: string;
}

function addPassphrase(officers: Command): void {
  addCommand(officers, {
    usage: 'passphrase <office>',
    summary: 'Give an officer’s key in this home another passphrase',
    description:
      'Asks for the old one (or --passphrase-file) and twice for the new one (or --new-passphrase-file). The key stays the same, so nobody else notices. Copies of the file under the old passphrase still open with it.',
    examples: ['officers passphrase "Duty officer 2" --home north'],
    home: 'home',
  })
    .option('--new-passphrase-file <file>', 'file whose first line is the new passphrase')
    .action(
      run<PassphraseOptions>(async (context, options, office) => {
        const home = requireHome(context);
        if ((await readHomeParty(context)) === null) {
          throw openFailureError(home, { code: 'no-home', path: home });
        }
        const node = await import('@comity/node');
        const path = await keyFileOf(office, await node.listOfficerKeys(node.homeLayout(home)));
        if (path.endsWith('.json')) {
          throw refused(
            'unprotected',
            `${path} has no passphrase: it is a trial’s`,
            'Make a new party without --unprotected-keys.',
          );
        }
        const secret = await context.passphrases.unlock(
          `the officer’s key ${path}`,
          async (passphrase) => await node.unlockOfficerKey(path, passphrase),
        );
        const file = options.newPassphraseFile;
        if (file === undefined && !context.interactive) {
          throw refused(
            'passphrase-needed',
            'where is the new one? --new-passphrase-file',
            noTerminal,
          );
        }
        const next =
          file === undefined
            ? await askNewPassphrase(`New passphrase for ${secret.office}`)
            : await readPassphraseFile(file, (words) => context.output.warn(words));
        await node.changePassphrase(path, secret, next);
        context.output.answer(
          { office: secret.office, keyFile: path },
          `${shown(secret.office)} has another passphrase now: ${path}`,
        );
      }),
    );
}
