/**
 * `credentials`, `credentials rotate`, `credentials new-log`: what we give to others, and its next
 * version.
 */
import type { Command } from 'commander';
import type { OfficerKey } from '@comity/record';
import { askedNewLog, askedRotation } from '../asked.ts';
import { addCommand, collect, run } from '../command.ts';
import { refused, usage } from '../command-error.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { readInputObject, writeOutput } from '../files.ts';
import { shown } from '../output/foreign-text.ts';
import { signDraft, signedWords } from '../signing.ts';
import type { DraftRow } from '../signing.ts';

interface CredentialsOptions extends CommonOptions {
  output?: string;
  force?: boolean;
}

export function addCredentialsCommands(program: Command): void {
  const credentials = addCommand(program, {
    usage: 'credentials',
    summary: 'Write our credentials to a file, to give to another party',
    description:
      'The file holds no secret. It may travel on any way: only the safety number, compared by voice, says whose it is. Without -o it goes to stdout.',
    examples: [
      'credentials --home north -o north.comity',
      'credentials rotate --change change.json --home north',
      'credentials new-log --home north',
    ],
    home: 'home',
  })
    .option('-o, --output <file>', 'the credentials file')
    .option('--force', 'write over an existing file');
  credentials.action(
    run<CredentialsOptions>(async (context, options) => {
      await withNode(context, async (client, self) => {
        const bytes = await client.file('/credentials');
        if (options.output === undefined) {
          const text = new TextDecoder().decode(bytes);
          context.output.answer(JSON.parse(text), `${text}\n`);
          return;
        }
        await writeOutput(options.output, bytes, options.force === true);
        context.output.answer(
          { party: self.id, file: options.output, bytes: bytes.length },
          `Wrote ${options.output}. The other side takes it with: comity pair add ${options.output} --home DIR`,
        );
      });
    }),
  );
  addRotate(credentials);
  addNewLog(credentials);
}

interface RotateOptions extends CommonOptions {
  change?: string;
  addOfficer?: string[];
  removeOfficer?: string[];
  direct?: string;
  officer?: string[];
  key?: string[];
}

function addRotate(credentials: Command): void {
  addCommand(credentials, {
    usage: 'rotate',
    summary: 'Draft the next version of our credentials and sign it',
    description:
      'Signed by the root threshold of the version in force and of the next one. --add-officer makes a key file in this home for a new office (or a new key for an office that exists). Everything else, and several changes at once, in a JSON file: {"name": {"en": "…"}, "thresholds": {"solemn": {"threshold": 3}}, "routes": [{"kind": "direct", "url": "https://…"}], "contacts": {…}, "expires": POSIX seconds}. Counterparts take it in by themselves; pairings stand.',
    examples: [
      'credentials rotate --add-officer "Duty officer 3" --officer "Duty officer 1" --officer "Duty officer 2" --home north',
      'credentials rotate --direct https://north.example --home north',
    ],
    home: 'home',
  })
    .option('--change <file>', 'JSON object of changes, "-" for stdin')
    .option('--add-officer <office>', 'make a key for this office (several times)', collect)
    .option('--remove-officer <office>', 'this office ends (several times)', collect)
    .option('--direct <url>', 'the address that counterparts reach')
    .option('--officer <name>', 'who signs (several times); default: one who may', collect)
    .option('--key <keyfile>', 'sign with a key file from elsewhere (several times)', collect)
    .action(
      run<RotateOptions>(async (context, options) => {
        const wish = await rotationWish(options);
        await withNode(context, async (client, self) => {
          const made = await newOfficers(context, self.id, options.addOfficer ?? []);
          const officers = { ...objectOf(wish['officers']), ...made.officers };
          const change = Object.keys(officers).length === 0 ? wish : { ...wish, officers };
          const draft = await client.post<DraftRow>('/credentials/rotation', change);
          const asked = await askedRotation(client, self.id, change);
          await made.write();
          const wanted = { officers: options.officer ?? [], keyFiles: options.key ?? [] };
          const toSign = { draft: draft.draft, self, asked };
          const state = await signDraft(context, client, toSign, wanted, false);
          const words = signedWords(state, shown(draft.words ?? draft.kind));
          const files = made.files.map((file) => `New key: ${file}`);
          context.output.answer({ ...state, keyFiles: made.files }, [words, ...files].join('\n'));
        });
      }),
    );
}

function addNewLog(credentials: Command): void {
  addCommand(credentials, {
    usage: 'new-log',
    summary: 'Begin another log where ours has ended',
    description:
      'A log ends when entries that it had signed are with nobody any more, after a restore: see comity status. This drafts the next version of our credentials, with the key of a new log and the final size of the old one, and signs it; the root threshold must. It becomes entry 0 of the new log, and the node signs again. Counterparts take it in by themselves; pairings stand. What we had said in the entries that are lost counts for nobody: alarms name each such statement that a counterpart sends back, and it is said again by drafting it anew. Refused while our log goes on.',
    examples: [
      'credentials new-log --home north',
      'credentials new-log --officer "Duty officer 1" --officer "Duty officer 2" --home north',
    ],
    home: 'home',
  })
    .option('--officer <name>', 'who signs (several times); default: one who may', collect)
    .option('--key <keyfile>', 'sign with a key file from elsewhere (several times)', collect)
    .action(
      run<CommonOptions & { officer?: string[]; key?: string[] }>(async (context, options) => {
        await withNode(context, async (client, self) => {
          const draft = await client.post<DraftRow>('/credentials/new-log', {});
          const wanted = { officers: options.officer ?? [], keyFiles: options.key ?? [] };
          const asked = await askedNewLog(client, self.id);
          const toSign = { draft: draft.draft, self, asked };
          const state = await signDraft(context, client, toSign, wanted, false);
          context.output.answer(state, signedWords(state, shown(draft.words ?? draft.kind)));
        });
      }),
    );
}

async function rotationWish(options: RotateOptions): Promise<Record<string, unknown>> {
  const wish = options.change === undefined ? {} : await readInputObject(options.change);
  if (options.direct !== undefined) wish['routes'] = [{ kind: 'direct', url: options.direct }];
  if (options.removeOfficer !== undefined) wish['removeOfficers'] = options.removeOfficer;
  if (Object.keys(wish).length === 0 && options.addOfficer === undefined) {
    throw usage('what changes? give --add-officer, --remove-officer, --direct or --change FILE');
  }
  return wish;
}

interface NewOfficers {
  officers: { [office: string]: { keys: OfficerKey[] } };
  files: string[];
  write(): Promise<void>;
}

/** Keys for new offices; nothing is written before the node has accepted the change. */
async function newOfficers(
  context: CommandContext,
  party: string,
  offices: readonly string[],
): Promise<NewOfficers> {
  const result: NewOfficers = { officers: {}, files: [], write: async () => undefined };
  if (offices.length === 0) return result;
  const node = await import('@comity/node');
  const { randomBytes } = await import('node:crypto');
  const layout = node.homeLayout(context.home ?? '');
  const files = await node.listOfficerKeys(layout);
  for (const office of offices) {
    const taken = files.find((file) => file.slug === node.officeSlug(office));
    if (taken === undefined) continue;
    throw refused(
      'key-file-exists',
      `there is a key file for ${office} already: ${taken.path}`,
      'Move the old one away first; a key file is never overwritten.',
    );
  }
  const unprotected = files.length > 0 && files.every((file) => file.unprotected);
  const protection = unprotected
    ? { unprotected: true as const }
    : { passphrase: await context.passphrases.forNewKeys() };
  const secrets = offices.map((office) => ({
    ...node.makeOfficerSecret(office, (count) => new Uint8Array(randomBytes(count))),
    party,
  }));
  for (const secret of secrets) {
    result.officers[secret.office] = { keys: [node.officerPublicKey(secret)] };
  }
  result.write = async () => {
    for (const secret of secrets) {
      const written = await node.writeOfficerKey(layout, secret, protection);
      if (!written.ok) throw new Error(`${written.code} ${written.path}`);
      result.files.push(written.value);
    }
  };
  return result;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
