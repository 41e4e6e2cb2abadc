/**
 * `say`, `approve`: an act is drafted, signed by officers, and logged with the last one.
 */
import type { Command } from 'commander';
import { askedAct, readAsked } from '../asked.ts';
import type { AskedAct } from '../asked.ts';
import { addCommand, collect, run } from '../command.ts';
import { usage } from '../command-error.ts';
import { segment } from '../client.ts';
import type { NodeClient } from '../client.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { completeBody } from '../body-completion.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInputObject } from '../files.ts';
import { shown } from '../output/foreign-text.ts';
import { ungrouped } from '../output/identifiers.ts';
import { confirmSigning, signDraft, signedWords } from '../signing.ts';
import type { DraftRow, SignedState, SignersWanted } from '../signing.ts';
import { waitFor } from '../waiting.ts';

export function addDeskCommands(program: Command): void {
  addSay(program);
  addApprove(program);
}

interface SayOptions extends CommonOptions {
  to?: string[];
  docket?: string;
  body?: string;
  text?: string;
  subject?: string;
  priority?: string;
  marker?: string;
  language?: string;
  cite?: string[];
  terms?: string;
  officer?: string[];
  key?: string[];
  draftOnly?: boolean;
  wait?: boolean;
  evenIfVoid?: boolean;
}

function addSay(program: Command): void {
  addCommand(program, {
    usage: 'say <kind>',
    summary: 'Draft an act, sign it, and send it',
    description:
      'KIND is one of "comity kinds". The body is a JSON object from a file; "comity kinds KIND" prints one to start from. A message needs no file: --text. An act that needs two officers waits as a draft until the second has signed ("comity approve"). What the docket itself determines may be left out of the body: the resolution that is closed, the text that is reciprocated.',
    examples: [
      'say channel.message --to Southmark --text "Our duty desk is back." --home north',
      'say incident.notify --to Southmark --body incident.json --home north',
      'say incident.acknowledge --docket 3f2a9c41d0b7 --body - --officer "Duty officer 1" --home south < ack.json',
      'say assurance.reciprocate --docket 81aa02f7c3d1 --officer "Duty officer 1" --officer "Duty officer 2" --home south',
    ],
    home: 'home',
  })
    .option('--to <party>', 'whom it is for (several times)', collect)
    .option('--docket <id>', 'the docket it belongs to, when it does not open one')
    .option('--body <file>', 'JSON object, "-" for stdin')
    .option('--text <words>', 'the text of a channel.message')
    .option('--subject <words>', 'with --text: its subject')
    .option('--priority <priority>', 'with --text: ordinary, urgent or flash')
    .option('--marker <marker>', 'with --text: information, question, answer, request, warning, …')
    .option('--language <tag>', 'with --text: the language it is in (default: en)')
    .option('--cite <statement>', 'another statement that it rests on (several times)', collect)
    .option('--terms <digest>', 'for an opening act: pin these agreed terms')
    .option('--officer <name>', 'who signs (several times); default: one who may', collect)
    .option('--key <keyfile>', 'sign with a key file from elsewhere (several times)', collect)
    .option('--even-if-void', 'put it in the record although it will be void')
    .option('--wait', 'wait up to half a minute until every recipient has received it')
    .option('--draft-only', 'make the draft and let nobody sign yet')
    .action(
      run<SayOptions>(async (context, options, kind) => {
        const given = await bodyFrom(kind, options);
        await withNode(context, async (client, self) => {
          const act = await actFrom(client, kind, options, given);
          const draft = await client.post<DraftRow>('/drafts', {
            ...act,
            ...(options.evenIfVoid === true ? { evenIfVoid: true } : {}),
          });
          const words = shown(draft.words ?? kind);
          if (options.draftOnly === true) {
            const { missingSignatures, maySign } = draft;
            const state = {
              draft: draft.draft,
              state: 'waiting' as const,
              missingSignatures,
              maySign,
            };
            context.output.answer(state, signedWords(state, words));
            return;
          }
          const wanted = signersWanted(options);
          const asked = await askedAct(client, self.id, act);
          const toSign = { draft: draft.draft, self, asked };
          const state = await signDraft(context, client, toSign, wanted, true);
          if (options.wait === true && state.state === 'logged') {
            await answerReceived(context, client, state, words);
          } else {
            answerSigned(context, state, words);
          }
        });
      }),
    );
}

async function actFrom(
  client: NodeClient,
  kind: string,
  options: SayOptions,
  given: Record<string, unknown>,
): Promise<AskedAct> {
  return {
    kind,
    to: (options.to ?? []).map(ungrouped),
    docket: options.docket === undefined ? null : ungrouped(options.docket),
    body: await completeBody(client, kind, options, given),
    ...(options.cite === undefined ? {} : { cites: options.cite.map(ungrouped) }),
    ...(options.terms === undefined ? {} : { terms: options.terms }),
  };
}

const receiptSeconds = 30;

/** Answers when the receipts are here; with exit code 8 when they are not within the time. */
async function answerReceived(
  context: CommandContext,
  client: NodeClient,
  state: SignedState,
  words: string,
): Promise<void> {
  if (!client.running) context.output.note('the node does not run: nothing is sent before it does');
  const seconds = client.running ? receiptSeconds : 0;
  const looked = await waitFor(client, state.id ?? '', 'received', seconds);
  const lines = [`Logged: ${words} ${state.id ?? ''}`, looked.words];
  context.output.answer({ ...state, ...looked.document }, lines.join('\n'));
  if (!looked.done) process.exitCode = exitCodes.timeout;
  if (looked.refused) process.exitCode = exitCodes.refused;
}

async function bodyFrom(kind: string, options: SayOptions): Promise<Record<string, unknown>> {
  if (options.text !== undefined) {
    if (options.body !== undefined) throw usage('give --body or --text, not both');
    if (kind !== 'channel.message') throw usage('--text is for channel.message; give --body FILE');
    return {
      marker: options.marker ?? 'information',
      priority: options.priority ?? 'ordinary',
      standing: 'official',
      ...(options.subject === undefined ? {} : { subject: options.subject }),
      text: options.text,
      language: options.language ?? 'en',
    };
  }
  if (options.body !== undefined) return await readInputObject(options.body);
  if (kind === 'channel.message') throw usage('what does it say? give --text "…" or --body FILE');
  return {};
}

interface ApproveOptions extends CommonOptions {
  officer?: string[];
  key?: string[];
  yes?: boolean;
  evenIfVoid?: boolean;
}

function signersWanted(options: SayOptions | ApproveOptions): SignersWanted {
  const { officer = [], key = [], evenIfVoid = false } = options;
  return { officers: officer, keyFiles: key, evenIfVoid };
}

function addApprove(program: Command): void {
  addCommand(program, {
    usage: 'approve <draft>',
    summary: 'Sign a waiting draft as another officer',
    description:
      'On a terminal the act is shown whole, with its identifier in groups to compare with the other officer, before your key is used, and what was shown is what is signed.',
    examples: ['approve 5d01c7e2aa90 --officer "Duty officer 2" --home north'],
    home: 'home',
  })
    .option('--officer <name>', 'who signs (several times); default: one who may', collect)
    .option('--key <keyfile>', 'sign with a key file from elsewhere (several times)', collect)
    .option('--even-if-void', 'sign it although it will be void')
    .option('--yes', 'do not ask')
    .action(
      run<ApproveOptions>(async (context, options, draft) => {
        await withNode(context, async (client, self) => {
          const row = await client.get<DraftRow>(`/drafts/${segment(draft)}`);
          const file = await client.file(`/drafts/${segment(row.draft)}/file`);
          const toSign = { draft, self, asked: null, file };
          const { id, statement, names } = await readAsked(file, toSign);
          if (options.yes !== true && context.interactive) {
            const { statementWords } = await import('../output/statement-words.ts');
            const known = new Map(Object.entries(names));
            const words = statementWords(id, statement, known, context.output.width);
            await confirmSigning(context, words, 'Sign this statement?');
          }
          const wanted = signersWanted(options);
          const state = await signDraft(context, client, toSign, wanted, false);
          answerSigned(context, state, shown(row.words ?? row.kind));
        });
      }),
    );
}

/** Answers, and refuses by exit code what was not said. */
export function answerSigned(context: CommandContext, state: SignedState, words: string): void {
  context.output.answer(state, signedWords(state, words));
  if (state.state === 'stale') process.exitCode = exitCodes.refused;
}
