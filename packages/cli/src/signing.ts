/**
 * Officers' signatures, made in this process: the draft's file comes from the node, is signed here with
 * keys unlocked here, and goes back. No key and no passphrase ever crosses the API.
 */
import type { OfficerKeyFile, OfficerSecret } from '@comity/node';
import type { EnvelopeSignature } from '@comity/record';
import { refused, CommandError } from './command-error.ts';
import { adviceFor } from './advice.ts';
import { isAsked, notAsAsked, readAsked } from './asked.ts';
import type { Asked, ToSign } from './asked.ts';
import { segment } from './client.ts';
import type { NodeClient } from './client.ts';
import { requireHome } from './context.ts';
import type { CommandContext, HomeParty } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { shortId } from './output/identifiers.ts';
import { askConfirm } from './prompts/ask.ts';

/** Which officers sign: by name, or with a key file from elsewhere; empty = one who may. */
export interface SignersWanted {
  officers: readonly string[];
  keyFiles: readonly string[];
  /** Sign and say it although it would be void. */
  evenIfVoid?: boolean;
}

/** What became of a draft, as commands answer it. */
export interface SignedState {
  /** Set while it is still a draft. */
  draft?: string;
  /** Set when it is logged. */
  id?: string;
  state: 'waiting' | 'logged' | 'stale';
  missingSignatures: number;
  docket?: string;
  maySign?: string[];
  changed?: string[];
}

/** A draft as the API gives it; what is used of it here. */
export interface DraftRow {
  draft: string;
  kind: string;
  level: string;
  state: string;
  words: string | null;
  to: string[];
  docket: string | null;
  signedBy: string[];
  maySign: string[];
  missingSignatures: number;
  createdAt: number;
  /** Of one draft: why it would be void if it were said now. */
  wouldBeVoid?: string | null;
}

/** What the API answers to signatures. */
export interface ApprovalReply {
  state: 'waiting' | 'logged' | 'stale';
  draft?: string | null;
  id?: string;
  docket?: string;
  missingSignatures?: number;
  maySign?: string[];
  changed?: string[];
}

const attemptsMax = 4;

/**
 * Signs a draft with the officers wanted. With `again`, an act that went stale meanwhile is signed
 * anew, a few times at most: its words are the same, only its place in the docket moved. `not-as-asked`:
 * the node answered another statement; no key was opened for it.
 */
export async function signDraft(
  context: CommandContext,
  client: NodeClient,
  toSign: ToSign,
  wanted: SignersWanted,
  again: boolean,
): Promise<SignedState> {
  let id = toSign.draft;
  for (let attempt = 1; ; attempt += 1) {
    const row = await client.get<DraftRow>(`/drafts/${segment(id)}`);
    if (row.state === 'logged') return { id: row.draft, state: 'logged', missingSignatures: 0 };
    if (row.state === 'discarded') {
      throw refused('draft-discarded', 'the draft was discarded', 'Say it again: comity say');
    }
    const evenIfVoid = wanted.evenIfVoid === true;
    if (!evenIfVoid) await refuseVoid(row);
    // Read once: what is compared here, and was shown before, is what is signed.
    const file = toSign.file ?? (await client.file(`/drafts/${segment(row.draft)}/file`));
    const read = await readAsked(file, { ...toSign, draft: id });
    if (read.id !== row.draft) throw notAsAsked();
    const secrets = await secretsFor(context, row, wanted);
    const approval = await signOnce(client, file, secrets, evenIfVoid);
    const next = approval.state === 'stale' ? (approval.draft ?? null) : null;
    if (next === null || !again || attempt === attemptsMax)
      return stateOfApproval(approval, row.draft);
    context.output.note('the docket moved on meanwhile; signing the same act in its new place');
    id = next;
  }
}

/** Before a key is used: an act that would do nothing is not signed by mistake. */
async function refuseVoid(row: DraftRow): Promise<void> {
  const reason = row.wouldBeVoid ?? null;
  if (reason === null) return;
  const { voidWords } = await import('@comity/accord');
  throw refused(
    'would-be-void',
    `This act would be void: ${voidWords(reason)} (${reason}). Nobody has signed`,
    adviceFor('would-be-void'),
  );
}

async function signOnce(
  client: NodeClient,
  unsigned: Uint8Array,
  secrets: readonly OfficerSecret[],
  evenIfVoid: boolean,
): Promise<ApprovalReply> {
  const { signDraftFile } = await import('@comity/node');
  let file = unsigned;
  for (const secret of secrets) {
    const signed = signDraftFile(file, secret);
    if (!signed.ok)
      throw refused(
        signed.code,
        `the draft cannot be signed (${signed.path})`,
        adviceFor(signed.code),
      );
    file = signed.value.file;
  }
  return await client.postFile<ApprovalReply>('/drafts/file', file, { evenIfVoid });
}

/** The answer of the API as commands answer it; `draft` is the one that was signed. */
export function stateOfApproval(approval: ApprovalReply, draft: string): SignedState {
  const missingSignatures = approval.missingSignatures ?? 0;
  if (approval.state === 'logged') {
    return {
      id: approval.id ?? draft,
      state: 'logged',
      missingSignatures: 0,
      ...(approval.docket === undefined ? {} : { docket: approval.docket }),
    };
  }
  return {
    draft: approval.draft ?? draft,
    state: approval.state,
    missingSignatures,
    maySign: approval.maySign ?? [],
    ...(approval.changed === undefined ? {} : { changed: approval.changed }),
  };
}

/** Unlocks the keys that are wanted, or one of an officer who may sign. */
async function secretsFor(
  context: CommandContext,
  draft: Pick<DraftRow, 'draft' | 'maySign'>,
  wanted: SignersWanted,
): Promise<OfficerSecret[]> {
  const { homeLayout, listOfficerKeys, unlockOfficerKey } = await import('@comity/node');
  const files = await listOfficerKeys(homeLayout(requireHome(context)));
  const paths = [
    ...wanted.keyFiles,
    ...(await Promise.all(wanted.officers.map((name) => keyFileOf(name, files)))),
  ];
  if (paths.length === 0) paths.push(await ableKeyFile(draft, files));
  const locked = [...new Set(paths)].filter((path) => !context.unlockedKeys.has(path));
  const unlocked = await context.passphrases.unlockAll(
    locked.map((path) => ({
      what: `the officer’s key ${path}`,
      open: (passphrase: string | null) => unlockOfficerKey(path, passphrase),
    })),
  );
  for (const [index, secret] of unlocked.entries()) {
    context.unlockedKeys.set(locked[index] ?? '', secret);
  }
  return paths.flatMap((path) => context.unlockedKeys.get(path) ?? []);
}

/** A draft whose payload the API gave along with it. */
export interface DraftToSign {
  draft: string;
  payloadType: string;
  /** Base64. */
  payload: string;
  maySign: string[];
  asked: Asked;
}

/** What became of one draft of many. */
export type BatchState =
  | { state: 'logged' }
  | { state: 'waiting'; reason: string }
  /** The node answered another statement than the one asked for: no key signed it. */
  | { state: 'not-as-asked'; reason: string };

/**
 * Signs many drafts with one call to the node, so that their statements share a commit of the log.
 * The answers are in the order of the drafts.
 */
export async function signBatch(
  context: CommandContext,
  client: NodeClient,
  self: HomeParty,
  drafts: readonly DraftToSign[],
  wanted: SignersWanted,
): Promise<BatchState[]> {
  const { signAsOfficer } = await import('@comity/node');
  const { parseStatement } = await import('@comity/record');
  const items: { draft: string; signatures: EnvelopeSignature[] }[] = [];
  for (const { draft, payloadType, asked, ...given } of drafts) {
    const payload = new Uint8Array(Buffer.from(given.payload, 'base64'));
    const read = parseStatement(payload, payloadType);
    if (!read.ok || read.value.id !== draft || !isAsked(read.value, self, asked)) continue;
    const secrets = await secretsFor(context, { draft, maySign: given.maySign }, wanted);
    const signatures = secrets.map((secret) => signAsOfficer(secret, payloadType, payload));
    items.push({ draft, signatures });
  }
  const replies =
    items.length === 0 ? [] : await client.post<BatchReply[]>('/signatures', { items });
  const byDraft = new Map(items.map(({ draft }, at) => [draft, replies[at]]));
  return drafts.map(({ draft }) => {
    if (!byDraft.has(draft)) return { state: 'not-as-asked', reason: notAsAsked().message };
    return batchState(draft, byDraft.get(draft));
  });
}

function batchState(draft: string, reply: BatchReply | undefined): BatchState {
  if (reply?.approval?.state === 'logged') return { state: 'logged' };
  const waits = `draft ${shortId(reply?.approval?.draft ?? draft)} waits for signatures`;
  const reason = reply?.code === undefined ? waits : `${reply.code} ${reply.detail ?? ''}`.trim();
  return { state: 'waiting', reason };
}

interface BatchReply {
  draft: string;
  approval?: ApprovalReply;
  code?: string;
  detail?: string;
}

/** The key file of an officer named by office, by the beginning of it, or by its file's name. */
export async function keyFileOf(name: string, files: readonly OfficerKeyFile[]): Promise<string> {
  const { officeSlug } = await import('@comity/node');
  const slug = officeSlug(name);
  const exact = files.filter((file) => file.slug === slug);
  const found = exact.length > 0 ? exact : files.filter((file) => file.slug.includes(slug));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.path;
  const there = files.map((file) => file.slug).join(', ');
  const candidates = found.map((file) => file.slug).join(', ');
  throw new CommandError(
    found.length === 0 ? 'unknown-officer' : 'ambiguous-officer',
    found.length === 0
      ? `no key of an officer "${name}" is in this home`
      : `more than one officer fits "${name}": ${candidates}`,
    there === ''
      ? 'Officers sign on their own devices: comity draft export'
      : `Keys here: ${there}`,
    exitCodes.key,
  );
}

async function ableKeyFile(
  draft: Pick<DraftRow, 'draft' | 'maySign'>,
  files: readonly OfficerKeyFile[],
): Promise<string> {
  const { officeSlug } = await import('@comity/node');
  for (const office of draft.maySign) {
    const file = files.find((one) => one.slug === officeSlug(office));
    if (file !== undefined) return file.path;
  }
  throw new CommandError(
    'no-able-officer',
    draft.maySign.length === 0
      ? 'nobody is left who may sign it'
      : `no key in this home belongs to an officer who may still sign: ${draft.maySign.join(', ')}`,
    `Carry it to an officer’s own device: comity draft export ${shortId(draft.draft)} -o draft.comity`,
    exitCodes.key,
  );
}

/** On a terminal, shows the act and asks before a key is used. */
export async function confirmSigning(
  context: CommandContext,
  words: string,
  question: string,
): Promise<void> {
  if (!context.interactive) return;
  context.output.note(`${words}\n`);
  if (!(await askConfirm(question))) throw refused('not-signed', 'nothing was signed');
}

/** What became of it, in words, with the next step. */
export function signedWords(state: SignedState, what: string): string {
  if (state.state === 'logged') {
    const id = state.id ?? '';
    return `Logged: ${what} ${id}\nIt goes out by itself while the node runs. See who has it: comity wait ${shortId(id)}`;
  }
  const draft = shortId(state.draft ?? '');
  const left = state.missingSignatures;
  const who =
    state.maySign === undefined || state.maySign.length === 0
      ? ''
      : ` May sign: ${state.maySign.join(', ')}.`;
  const needed = `${left} more ${left === 1 ? 'officer' : 'officers'} must sign.${who}`;
  if (state.state === 'stale') {
    const changed = (state.changed ?? []).map((line) => `  ${line}`).join('\n');
    return `The docket moved on, so nothing was said. The same act is offered again as draft ${draft}:\n${changed}\n${needed}`;
  }
  return `Draft ${draft}: ${what}. ${needed}\nApprove it: comity approve ${draft} --officer NAME`;
}
