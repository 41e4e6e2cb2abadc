/**
 * `pair add`, `pair number`, `pair confirm`: the only way in. Nobody is trusted on first use.
 */
import type { Command } from 'commander';
import { askedPairing } from '../asked.ts';
import { addCommand, addGroup, collect, run } from '../command.ts';
import { refused, usage } from '../command-error.ts';
import { segment } from '../client.ts';
import type { NodeClient } from '../client.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { readInput } from '../files.ts';
import { shown } from '../output/foreign-text.ts';
import { shellWord } from '../output/pasteable.ts';
import { askText } from '../prompts/ask.ts';
import { signDraft } from '../signing.ts';
import type { SignedState } from '../signing.ts';
import { waitFor, whoIsMissing } from '../waiting.ts';
import type { PairingReply } from '../waiting.ts';

interface ConfirmReply extends PairingReply {
  /** Null when we said the same already. */
  draft: { draft: string } | null;
}

export function addPairCommands(program: Command): void {
  const pair = addGroup(
    program,
    'pair',
    'Pair with a counterpart: add, compare the number, confirm',
  );
  addAdd(pair);
  addNumber(pair);
  addConfirm(pair);
}

const states: { readonly [state: string]: string } = {
  added: 'added, not paired yet',
  confirmed: 'paired: both sides confirmed the same number',
  'numbers-differ': 'the two sides confirmed different numbers: compare again by voice',
  introduced: 'introduced by somebody else; add their credentials to pair',
  self: 'ourselves',
};

function stateWords(reply: PairingReply): string {
  const words = states[reply.state] ?? reply.state;
  return reply.state === 'added' ? `${words}: ${whoIsMissing(reply)}` : words;
}

/** The number as two halves of six groups, one for each side to read. */
function numberWords(number: string): string {
  const groups = number.split(' ');
  return `  ${groups.slice(0, 6).join('  ')}\n  ${groups.slice(6).join('  ')}`;
}

function addAdd(pair: Command): void {
  addCommand(pair, {
    usage: 'add <file-or-url>',
    summary: 'Take the credentials of the other side',
    description:
      'From a file that "comity credentials" wrote, or from a web address where such a file lies. Where the file comes from does not matter: only the safety number, compared by voice, says whose it is. The file also says where their node can be reached; a file written before their node first ran does not, and then only pouches by hand go. Adding again takes newer credentials and the newer address.',
    examples: [
      'pair add south.comity --home north',
      'pair add https://south.example/south.comity --home north',
    ],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context, _options, source) => {
      const isAddress = /^https?:\/\//u.test(source);
      const bytes = isAddress ? null : await readInput(source);
      await withNode(context, async (client) => {
        const reply =
          bytes === null
            ? await client.post<PairingReply>('/parties/url', { url: source })
            : await client.postFile<PairingReply>('/parties/file', bytes);
        const name = shown(reply.name ?? reply.party);
        context.output.answer(
          pairingDocument(reply),
          [
            `${name} (${reply.party})`,
            stateWords(reply),
            'Compare this number with them by voice, each reading one line:',
            numberWords(reply.safetyNumber),
            'If it is the same on both sides:',
            `  ${context.paste(`pair confirm ${shellWord(name)} --number "…"`)}`,
          ].join('\n'),
        );
      });
    }),
  );
}

function addNumber(pair: Command): void {
  addCommand(pair, {
    usage: 'number <party>',
    summary: 'The safety number to compare by voice',
    examples: ['pair number Southmark --home north'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context, _options, party) => {
      await withNode(context, async (client) => {
        const reply = await pairing(client, party);
        context.output.answer(
          pairingDocument(reply),
          `${numberWords(reply.safetyNumber)}\n${stateWords(reply)}`,
        );
      });
    }),
  );
}

interface ConfirmOptions extends CommonOptions {
  number?: string;
  officer?: string[];
  key?: string[];
}

function addConfirm(pair: Command): void {
  addCommand(pair, {
    usage: 'confirm <party>',
    summary: 'Say in the record that the numbers were the same',
    description:
      'Give the number as you heard it from the other side, not as your own screen shows it. The pairing stands when both sides have confirmed.',
    examples: ['pair confirm Southmark --number "12345 67890 …" --home north'],
    home: 'home',
  })
    .option('--number <digits>', 'the sixty digits; spaces and hyphens do not count')
    .option('--officer <name>', 'who signs (several times); default: one who may', collect)
    .option('--key <keyfile>', 'sign with a key file from elsewhere (several times)', collect)
    .action(
      run<ConfirmOptions>(async (context, options, party) => {
        const number = options.number ?? (await askedNumber(context));
        const { sameSafetyNumber } = await import('@comity/node');
        await withNode(context, async (client, self) => {
          const before = await pairing(client, party);
          if (!sameSafetyNumber(number, before.safetyNumber)) {
            throw refused(
              'wrong-number',
              'this is not the number of this pairing; nothing was confirmed',
              'Read it to each other again, whole. If it still differs, someone may stand between you: do not confirm.',
            );
          }
          const reply = await client.post<ConfirmReply>(
            `/parties/${segment(before.party)}/confirm`,
            { number },
          );
          const wanted = { officers: options.officer ?? [], keyFiles: options.key ?? [] };
          const asked = await askedPairing(self.id, before.party, number);
          const signed: SignedState | null =
            reply.draft === null
              ? null
              : await signDraft(
                  context,
                  client,
                  { draft: reply.draft.draft, self, asked },
                  wanted,
                  true,
                );
          const after = await pairing(client, before.party);
          const words =
            signed === null || signed.state === 'logged'
              ? await confirmedWords(context, client, after, signed?.id ?? null)
              : `Draft ${signed.draft ?? ''}: ${signed.missingSignatures} more must sign.`;
          context.output.answer({ ...pairingDocument(after), ...signedPart(signed) }, words);
        });
      }),
    );
}

const receiptSeconds = 10;

/**
 * How the pairing stands after our confirmation. Where it is whole on our side the other side can talk
 * as soon as it has our confirmation too, so that is waited for a little.
 */
async function confirmedWords(
  context: CommandContext,
  client: NodeClient,
  after: PairingReply,
  id: string | null,
): Promise<string> {
  const name = shown(after.name ?? after.party);
  const wait = context.paste(`wait ${shellWord(name)}`);
  if (after.state === 'added') {
    return `Confirmed by us: ${whoIsMissing(after)}.\nWait for it: ${wait}`;
  }
  const words = `${states[after.state] ?? after.state}.`;
  if (after.state !== 'confirmed' || id === null || !client.running) return words;
  const { done, refused: no } = await waitFor(client, id, 'received', receiptSeconds);
  if (done && !no) return `${words}\n${name} has received our confirmation: both sides can talk.`;
  return `${words}\n${name} has not received our confirmation yet. It goes by itself while both nodes run.`;
}

function signedPart(signed: SignedState | null): object {
  if (signed === null) return {};
  if (signed.id !== undefined) return { id: signed.id };
  return { draft: signed.draft, missingSignatures: signed.missingSignatures };
}

async function pairing(client: NodeClient, party: string): Promise<PairingReply> {
  return await client.get<PairingReply>(`/parties/${segment(party)}/number`);
}

function pairingDocument(reply: PairingReply): {
  party: string;
  safetyNumber: string;
  state: string;
} {
  return { party: reply.party, safetyNumber: reply.safetyNumber, state: reply.state };
}

async function askedNumber(context: CommandContext): Promise<string> {
  if (!context.interactive) throw usage('give --number "…" as the other side read it to you');
  return await askText('The number as the other side read it to you');
}
