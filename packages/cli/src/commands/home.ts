/**
 * `init` and `start`: making a party, and running its node.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ConfigFlags, InitResult } from '@comity/node';
import { adviceFor } from '../advice.ts';
import { addCommand, collect, run } from '../command.ts';
import type { CommandError } from '../command-error.ts';
import { refused, usage } from '../command-error.ts';
import {
  keyFailures,
  lockedError,
  openFailureError,
  refuseIfRunning,
  warnOfUnprotectedKeys,
} from '../connect.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { readHomeParty, requireHome } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { printIncoming } from '../incoming-lines.ts';
import { makeLogWriter } from '../log-lines.ts';
import { shown } from '../output/foreign-text.ts';
import { newPassphrases, warnOfShared } from '../new-passphrases.ts';
import { exerciseLine } from '../output/output.ts';

interface InitOptions extends CommonOptions {
  name: string;
  function?: string[];
  officers: string;
  exercise?: boolean;
  unprotectedKeys?: boolean;
  officerPassphraseFile?: string[];
}

export function addHomeCommands(program: Command): void {
  addInit(program);
  addStart(program);
}

function addInit(program: Command): void {
  addCommand(program, {
    usage: 'init',
    summary: 'Make a party: its keys, its first credentials, its log',
    description:
      'Everything goes into one folder, which must be empty or missing. The keys are encrypted: the node’s own with one passphrase, each officer’s with another (asked; or from --passphrase-file and --officer-passphrase-file, and where an officer has no file of their own, --passphrase-file opens their key too). Move the officers’ key files to the officers’ own devices when this is more than a trial. With two officers or more, solemn acts need two of them. An exercise party is one for ever and never meets a real one.',
    examples: [
      'init --home north --name Northland',
      'init --home drill --name Northland --function cert --exercise --unprotected-keys',
    ],
    home: 'home',
  })
    .requiredOption('--name <name>', 'the party’s name as others see it')
    .option('--function <function>', 'state, cert, organisation, … (several times)', collect)
    .option('--officers <count>', 'how many officers', '2')
    .option(
      '--officer-passphrase-file <office=file>',
      'the passphrase of one officer (several times)',
      collect,
    )
    .option('--exercise', 'an exercise party, for ever')
    .option('--unprotected-keys', 'no passphrase: for trials only')
    .action(
      run<InitOptions>(async (context, options) => {
        const home = requireHome(context);
        const officers = Number(options.officers);
        if (!Number.isInteger(officers) || officers < 1) {
          throw usage(`--officers ${options.officers} is not a number of officers`);
        }
        const unprotectedKeys = options.unprotectedKeys === true;
        const node = await import('@comity/node');
        const offices = Array.from({ length: officers }, (_, at) => `Duty officer ${at + 1}`);
        const files = options.officerPassphraseFile ?? [];
        const secret = unprotectedKeys ? null : await newPassphrases(context, offices, files);
        context.output.exercise = options.exercise === true;
        if (!unprotectedKeys)
          context.output.note('making keys and encrypting them; this takes some seconds');
        const made = await node.initHome({
          home,
          name: options.name,
          functions: options.function ?? [],
          officers,
          exercise: options.exercise === true,
          unprotectedKeys,
          passphrase: secret?.passphrase ?? null,
          officerPassphrases: secret?.officerPassphrases ?? {},
          random: (count) => new Uint8Array(randomBytes(count)),
          clock: node.systemClock,
          environment: context.environment,
        });
        if (!made.ok) throw initError(home, made);
        await warnOfUnprotectedKeys(context, home);
        if (secret !== null) warnOfShared(context, offices, secret);
        context.output.answer(made.value, madeWords(context, options.name, home, made.value));
      }),
    );
}

function madeWords(
  context: CommandContext,
  name: string,
  home: string,
  { party, origin, vkey, officers }: InitResult,
): string {
  return [
    `${shown(name)} is made in ${home}.`,
    `party   ${party}`,
    `log     ${origin}`,
    `vkey    ${vkey}`,
    'officers’ keys:',
    ...officers.map((one) => `  ${shown(one.office)}: ${one.keyFile}`),
    `Next: ${context.paste('start')}`,
    `For the other side, once it runs: ${join(home, 'credentials.comity')}`,
  ].join('\n');
}

function initError(
  home: string,
  problem: { code: string; path: string; detail?: string },
): CommandError {
  const detail = problem.detail === undefined ? '' : `: ${problem.detail}`;
  switch (problem.code) {
    case 'home-exists':
      return refused(
        problem.code,
        `${home} is not empty`,
        'Choose another folder; a home is never overwritten.',
      );
    case 'locked':
      return lockedError(home, problem.detail);
    case 'bad-name':
      return refused(
        problem.code,
        `the name cannot be used (${problem.path})${detail}`,
        adviceFor(problem.code),
      );
    case 'bad-officers':
      return usage(`--officers must be ${problem.detail ?? 'a small number'}`);
    case 'bad-function':
      return refused(
        problem.code,
        `there is no such function (${problem.path})${detail}`,
        'One of: state, cert, election-authority, sector-centre, assessor, witness, depositary, relay, observer, organisation.',
      );
    default:
      return openFailureError(home, problem);
  }
}

interface StartOptions extends CommonOptions {
  exchange?: string;
  api?: string;
  direct?: string;
  verbose?: boolean;
}

function addStart(program: Command): void {
  addCommand(program, {
    usage: 'start',
    summary: 'Run the node of a home until Ctrl-C',
    description:
      'Prints log lines, each act that comes in, and "ready" when counterparts and officers can reach it: plain lines on a terminal, JSON lines otherwise. --exchange is for counterparts and may face the internet; --api is for officers and should not ("none": only the socket in the home). Ctrl-C or SIGTERM ends it cleanly.',
    examples: [
      'start --home north',
      'start --home north --exchange 127.0.0.1:7400 --api 127.0.0.1:7401',
    ],
    home: 'home',
  })
    .option('--exchange <host:port>', 'where counterparts connect (port 0: any free one)')
    .option('--api <host:port>', 'where officers and their programs connect, or "none"')
    .option('--direct <url>', 'the address that counterparts are told')
    .option('--verbose', 'log more')
    .action(
      run<StartOptions>(async (context, options) => {
        const home = requireHome(context);
        const self = await readHomeParty(context);
        if (self === null) throw openFailureError(home, { code: 'no-home', path: home });
        await refuseIfRunning(context, home);
        await warnOfUnprotectedKeys(context, home);
        const human = process.stdout.isTTY && options.json !== true;
        const log = makeLogWriter(
          process.stdout,
          human,
          options.verbose === true,
          context.environment,
          self.name,
        );
        const { startNode, StartError } = await import('@comity/node');
        const stop = stopRequest();
        const flags = flagsOf(options);
        const node = await context.passphrases.unlock(
          `the node keys of ${home}`,
          async (passphrase) => {
            try {
              const { environment } = context;
              return {
                ok: true,
                value: await startNode({ home, flags, passphrase, environment, log }),
              };
            } catch (error) {
              if (!(error instanceof StartError)) throw error;
              if (!keyFailures.includes(error.code)) throw openFailureError(home, error);
              return { ok: false, code: error.code, path: error.path };
            }
          },
        );
        if (self.exercise && human) context.output.line(exerciseLine);
        const stopPrinting = printIncoming(node, log, human);
        log('info', 'can be reached', {
          exchange: node.exchangeUrl,
          api: node.apiUrl,
          socket: node.socket,
          ...(self.exercise ? { exercise: true } : {}),
        });
        process.stdout.write('ready\n');
        await stop;
        log('info', 'ending');
        stopPrinting();
        await node.close();
        process.exitCode = exitCodes.ok;
      }),
    );
}

function flagsOf({ exchange, api, direct }: StartOptions): ConfigFlags {
  return {
    ...(exchange === undefined ? {} : { exchange }),
    ...(api === undefined ? {} : { api: api === 'none' ? null : api }),
    ...(direct === undefined ? {} : { direct }),
  };
}

/** A second signal after this long ends at once: the store is safe at any moment. */
const patienceMs = 1_000;

/** Resolves with the first SIGINT or SIGTERM; a later one, when ending takes long, ends at once. */
function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked !== 0 && Date.now() - asked > patienceMs) process.exit(exitCodes.interrupted);
        if (asked === 0) asked = Date.now();
        resolve();
      });
    }
  });
}
