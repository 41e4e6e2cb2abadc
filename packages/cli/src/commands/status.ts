/**
 * `status`, `parties`, `witnesses`, `fsck`: how things stand, in the order in which they matter.
 */
import type { Command } from 'commander';
import { addCommand, run } from '../command.ts';
import type { CommandContext, CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import type { NodeClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import { shown } from '../output/foreign-text.ts';
import { groupedId, shortId } from '../output/identifiers.ts';
import type { Output } from '../output/output.ts';
import { table } from '../output/table.ts';
import { duration, fromNow, utc } from '../output/times.ts';
import { listParties } from '../parties.ts';
import { alarmWords } from './alarms.ts';
import type { AlarmView } from './alarms.ts';

export interface CounterpartStatus {
  party: string;
  name: string;
  state: string;
  frozen: boolean;
  directUrl: string | null;
  waiting: number;
  lastHeardAt: number | null;
  lastSentAt: number | null;
  heartbeatSeconds: number;
  failures: number;
  lastError: string | null;
  entriesCopied: number;
  ourSizeConfirmed: number;
}

interface WitnessStatus {
  vkey: string;
  url: string | null;
  size: number | null;
  time: number | null;
}

export interface NodeStatus {
  party: string;
  name: string;
  exercise: boolean;
  counterparts: CounterpartStatus[];
  log: {
    origin: string;
    vkey: string;
    size: number;
    root: string | null;
    blocked: string | null;
    todo: string | null;
  };
  witnesses: WitnessStatus[];
  alarms: AlarmView[];
  drafts: number;
  duty: { notLookedAt: number; dockets: string[]; owed: number; overdue: number };
  now: number;
}

export function addStatusCommands(program: Command): void {
  addStatus(program);
  addParties(program);
  addWitnesses(program);
  addFsck(program);
}

function addStatus(program: Command): void {
  addCommand(program, {
    usage: 'status',
    summary: 'How things stand: counterparts, our log, witnesses, alarms',
    examples: ['status --home north'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context) => {
      await withNode(context, async (client) => {
        const status = await client.get<NodeStatus>('/status');
        const words = statusWords(context, status, client.running);
        context.output.answer({ ...status, running: client.running }, words);
      });
    }),
  );
}

/** The first line of `status`: what an officer who comes on duty does first. */
function dutyWords(context: CommandContext, { duty }: NodeStatus): string {
  const { style } = context.output;
  const { notLookedAt, dockets, owed, overdue } = duty;
  const acts = notLookedAt === 1 ? 'act' : 'acts';
  const fresh =
    notLookedAt === 0
      ? 'No new acts'
      : style.strong(
          `${notLookedAt} new ${acts} not looked at in ${dockets.map(shortId).join(', ')}`,
        );
  const late = overdue === 0 ? '0 overdue' : style.alarm(`${overdue} OVERDUE`);
  const due = owed === 0 ? 'we owe nothing' : `${owed} owed by us, ${late}`;
  const next = [
    ...(notLookedAt === 0 ? [] : [`  ${context.paste(`show ${shortId(dockets[0] ?? '')}`)}`]),
    ...(owed === 0 ? [] : [`  ${context.paste('owe')}`]),
  ];
  return [`${fresh}; ${due}.`, ...next].join('\n');
}

function statusWords(context: CommandContext, status: NodeStatus, running: boolean): string {
  const { output } = context;
  const now = context.now();
  const { log, alarms } = status;
  const names = new Map(status.counterparts.map((one) => [one.party, one.name]));
  const blocked =
    log.blocked === null
      ? []
      : [output.style.alarm(`This node signs nothing (${log.blocked}). ${shown(log.todo ?? '')}`)];
  return [
    `${output.style.strong(shown(status.name))} · the node ${running ? 'runs' : 'does not run: nothing is sent or received'} · ${utc(status.now)}`,
    dutyWords(context, status),
    ...blocked,
    alarms.length === 0
      ? 'No alarms.'
      : output.style.alarm(`${alarms.length} ${alarms.length === 1 ? 'alarm' : 'alarms'}:`),
    ...(alarms.length === 0 ? [] : [alarmWords(alarms, names, now)]),
    status.drafts === 0
      ? 'Nothing waits for a signature.'
      : `${status.drafts} ${status.drafts === 1 ? 'draft waits' : 'drafts wait'} for signatures: comity drafts`,
    '',
    ...(status.counterparts.length === 0
      ? ['No counterparts yet: comity pair add FILE']
      : status.counterparts.map((one) => counterpartWords(one, log.size, now, output))),
    '',
    `Our log ${shown(log.origin)}: ${log.size} entries.`,
    witnessSummary(status.witnesses, now),
  ].join('\n');
}

const pairingStates: { readonly [state: string]: string } = {
  added: 'not confirmed yet',
  confirmed: 'paired',
  'numbers-differ': 'NUMBERS DIFFER: compare again by voice',
  introduced: 'introduced, not paired',
};

function counterpartWords(
  one: CounterpartStatus,
  ourSize: number,
  now: number,
  output: Output,
): string {
  const heard = one.lastHeardAt === null ? 'never heard' : `heard ${fromNow(one.lastHeardAt, now)}`;
  const silent =
    one.lastHeardAt !== null && now - one.lastHeardAt > 2 * one.heartbeatSeconds
      ? output.style.alarm(
          ` (silent for more than two heartbeats of ${duration(one.heartbeatSeconds)})`,
        )
      : '';
  const waiting = one.waiting === 0 ? 'nothing waits to go out' : `${one.waiting} wait to go out`;
  const behind =
    one.ourSizeConfirmed < ourSize
      ? `holds ${one.ourSizeConfirmed} of our ${ourSize} entries`
      : 'holds our whole log';
  // One failed try is an accident; two in a row say that what waits is not going anywhere.
  const lost = one.failures > 1 && one.waiting > 0;
  const since = one.lastHeardAt === null ? 'it was never heard' : `since ${utc(one.lastHeardAt)}`;
  const unreachable = lost ? `${output.style.alarm(`NOT REACHABLE ${since}`)} · ` : '';
  const lines = [
    `${output.style.strong(shown(one.name))} · ${unreachable}${pairingStates[one.state] ?? one.state} · ${heard}${silent}`,
    `  ${waiting}; ${behind}; ${one.directUrl === null ? 'by hand only' : shown(one.directUrl)}`,
  ];
  if (one.frozen) {
    lines.push(
      output.style.alarm('  FROZEN: two different credentials of one version exist. Pair again.'),
    );
  }
  if (one.failures > 0 && one.waiting > 0) {
    lines.push(
      `  ${one.failures} failed tries in a row: ${shown(one.lastError ?? 'no reason known')}`,
    );
  }
  return lines.join('\n');
}

function witnessSummary(witnesses: readonly WitnessStatus[], now: number): string {
  if (witnesses.length === 0) return 'No witness has cosigned it yet: times are not yet witnessed.';
  const newest = Math.max(...witnesses.map((one) => one.time ?? 0));
  if (newest === 0) return 'No witness has answered yet: times are not yet witnessed.';
  return `Newest cosignature ${fromNow(newest, now)} (comity witnesses).`;
}

function addParties(program: Command): void {
  addCommand(program, {
    usage: 'parties',
    summary: 'Everyone that this node knows, with whole identifiers',
    examples: ['parties --home north'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context) => {
      await withNode(context, async (client) => {
        const rows = await listParties(client);
        const words = rows.map(
          (row) =>
            `${context.output.style.strong(shown(row.name))} · ${row.state === 'self' ? 'ourselves' : (pairingStates[row.state] ?? row.state)}\n${groupedId(row.party, '  ')}`,
        );
        context.output.answer(rows, words.join('\n'));
      });
    }),
  );
}

function addWitnesses(program: Command): void {
  addCommand(program, {
    usage: 'witnesses',
    summary: 'Who cosigns our log, up to where, since when',
    description:
      'Counterparts witness each other. Further witnesses stand in config.json: {"witnesses": [{"vkey": "…", "url": "…"}]}. Statements never wait for a witness.',
    examples: ['witnesses --home north'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context) => {
      await withNode(context, async (client) => {
        const rows = await client.get<WitnessStatus[]>('/witnesses');
        const lines = rows.map((row) => [
          shown(row.vkey.split('+')[0] ?? row.vkey),
          row.size === null ? 'nothing yet' : `${row.size} entries`,
          row.time === null ? '' : fromNow(row.time, context.now()),
          row.url === null ? 'counterpart' : shown(row.url),
        ]);
        const titles = ['witness', 'cosigned', 'when', 'asked at'];
        context.output.answer(
          rows,
          table(
            titles.map((title) => ({ title })),
            lines,
            'No witnesses yet.',
          ),
        );
      });
    }),
  );
}

export interface FsckReport {
  ok: boolean;
  statements: number;
  proofs: number;
  problems: { code: string; about: string; detail: string }[];
}

function addFsck(program: Command): void {
  addCommand(program, {
    usage: 'fsck',
    summary: 'Verify everything that this home holds: signatures, log, proofs',
    description: 'Reads all of it again and changes nothing. Exit code 1 when anything is wrong.',
    examples: ['fsck --home north'],
    home: 'home',
  }).action(
    run<CommonOptions>(async (context) => {
      await withNode(context, async (client: NodeClient) => {
        context.output.note('verifying everything; this can take a while on a long record');
        const report = await client.post<FsckReport>('/fsck');
        const problems = report.problems.map(
          (one) => `  ${one.code}  ${shortId(one.about)}  ${shown(one.detail)}`,
        );
        context.output.answer(
          report,
          [
            `${report.statements} statements and ${report.proofs} proofs verified.`,
            report.ok ? 'Everything is in order.' : `${problems.length} problems:`,
            ...problems,
          ].join('\n'),
        );
        if (!report.ok) process.exitCode = exitCodes.refused;
      });
    }),
  );
}
