/**
 * Dockets and obligations in calm words for a duty officer at night: who said what, who has it since
 * when, who owes what and how long is left. Every codeword of the record is shown with its meaning.
 */
import type { DocketRow, OwedRow, ShownDocket, ShownStatement } from '@comity/node';
import { voidWords } from '@comity/accord';
import { refusalWords } from './refusal-words.ts';
import { bodyLines } from './body.ts';
import { shown, shownShort } from './foreign-text.ts';
import { shortId } from './identifiers.ts';
import type { Output } from './output.ts';
import { table, wrapText } from './table.ts';
import { duration, fromNow, utc } from './times.ts';

/** What the words of obligations' states mean. */
const obligationStates: { readonly [state: string]: string } = {
  running: 'running',
  met: 'met in time',
  late: 'met late, or not at all in time',
  waived: 'waived by the one to whom it was owed',
  fallen: 'fallen away',
  'start-disputed': 'start disputed: the two sides can prove different starts',
  'met-disputed': 'met, but whether in time is disputed',
  'not-served': 'not started: the other side has not received what starts it',
};

/** A name that may be missing, or foreign. */
function nameOr(name: string | undefined | null, id: string): string {
  return name === undefined || name === null || name === '' ? shortId(id) : shown(name);
}

export function docketListWords(rows: readonly DocketRow[], now: number): string {
  const lines = rows.map((row) => [
    shortId(row.docket),
    row.type,
    row.state,
    row.counterparts.map((one) => nameOr(one.name, one.party)).join(', '),
    row.owed === 0 ? 'nothing' : `${row.owed}`,
    row.lastActAt === null ? '' : fromNow(row.lastActAt, now),
    shownShort(row.subject, 48),
  ]);
  const titles = ['docket', 'type', 'state', 'with', 'we owe', 'last act', 'subject'];
  return table(
    titles.map((title) => ({ title })),
    lines,
    'No dockets yet. Say something: comity say KIND --to PARTY --body FILE',
  );
}

/** The obligations, ours first and by time left, each with its basis. */
export function owedWords(
  rows: readonly OwedRow[],
  self: string,
  now: number,
  output: Output,
): string {
  if (rows.length === 0) return 'Nobody owes anybody anything.\n';
  const ours = rows.filter((row) => row.owedBy === self);
  const theirs = rows.filter((row) => row.owedBy !== self);
  const overdue = ours.filter((row) => row.overdue).length;
  const headline =
    ours.length === 0
      ? 'We owe nothing.'
      : `We owe ${ours.length} ${ours.length === 1 ? 'thing' : 'things'}${overdue === 0 ? '' : `, ${overdue} overdue`}.`;
  const part = (title: string, part: readonly OwedRow[]) =>
    part.length === 0
      ? []
      : [output.style.strong(title), ...part.flatMap((row) => owedLines(row, now, output)), ''];
  const undated = rows.some((row) => row.due === null && row.state === 'running');
  const note = undated
    ? [
        'What has no due time stands under terms that set none (the built-in contact-points set none',
        'for allegations). Agree on terms that do: comity kinds channel.terms',
        '',
      ]
    : [];
  return [
    headline,
    '',
    ...part('Owed by us', ours),
    ...part('Owed by others', theirs),
    ...note,
  ].join('\n');
}

function owedLines(row: OwedRow, now: number, output: Output): string[] {
  const by = nameOr(row.owedByName, row.owedBy);
  const to = nameOr(row.owedToName, row.owedTo);
  const details = [
    `${obligationStates[row.state] ?? row.state}; ${shown(row.basis)}; docket ${shortId(row.docket)}`,
    ...(row.provisional ? ['time not yet witnessed: a better proof may still correct it'] : []),
  ];
  return [
    `  ${by} owes ${to}: ${shown(row.what)}`,
    `    ${dueText(row, now, output)}`,
    ...details.map((line) => output.style.quiet(`    ${line}`)),
  ];
}

function dueText(row: OwedRow, now: number, output: Output): string {
  if (row.due === null)
    return row.state === 'not-served' ? 'no due time: not received yet' : 'no due time yet';
  if (row.overdue)
    return output.style.alarm(`due ${utc(row.due)}, overdue by ${duration(now - row.due)}`);
  if (row.state !== 'running') return `due ${utc(row.due)}`;
  return `due ${utc(row.due)}, ${duration(row.due - now)} left`;
}

/**
 * One docket: header, what is owed, then every statement in order, with its own words. `whole`: with
 * every member of each body; `all`: heartbeats too.
 */
export function docketWords(
  docket: ShownDocket,
  now: number,
  { whole, all }: { whole: boolean; all: boolean },
  output: Output,
): string {
  const who = docket.participants.map((one) => nameOr(one.name, one.party)).join(', ');
  const names = new Map(docket.participants.map((one) => [one.party, nameOr(one.name, one.party)]));
  const shownStatements = docket.statements.filter(
    (statement) => all || statement.kind !== 'channel.test',
  );
  const hidden = docket.statements.length - shownStatements.length;
  const open = docket.obligations.filter((row) => row.state !== 'met' && row.state !== 'waived');
  const lines = [
    output.style.strong(`${docket.type} · ${shown(docket.subject)}`),
    `state   ${docket.state}`,
    `between ${who}`,
    `docket  ${docket.docket}`,
    `digest  ${docket.stateDigest}  (equal on both sides when both hold the same)`,
    '',
    ...(open.length === 0
      ? ['Nothing is owed in it.']
      : open.flatMap((row) => owedLines(row, now, output))),
    '',
    ...shownStatements.flatMap((statement) => statementLines(statement, names, now, whole, output)),
    ...(hidden === 0 ? [] : [`${hidden} heartbeats are not shown (--all).`]),
    ...missingReplyLines(docket),
  ];
  return lines.join('\n');
}

function statementLines(
  statement: ShownStatement,
  names: ReadonlyMap<string, string>,
  now: number,
  whole: boolean,
  output: Output,
): string[] {
  const from = nameOr(statement.fromName, statement.from);
  const act = actWords(statement);
  const sentence = statement.words === null ? `says ${statement.kind}` : shown(statement.words);
  // Foreign words begin no line of their own, not even where a long sentence is broken.
  const head = wrapText(`${from} ${sentence}`, output.width - 4).replaceAll('\n', '\n    ');
  const standing = statement.act === 'void' || statement.act === 'refused';
  const lines = [
    standing ? output.style.alarm(head) : head,
    output.style.quiet(
      `  ${statement.kind} ${shortId(statement.id)} · made ${statement.made} by the author’s own clock`,
    ),
    ...(act === '' ? [] : [`  ${act}`]),
    ...(statement.own ? [] : [`  taken in here ${utc(statement.loggedAt)}`]),
    ...deliveryLines(statement, names).map((line) => `  ${line}`),
    `  ${witnessWords(statement.witnessed, now)}`,
    ...(statement.introducedBy === null
      ? []
      : [
          `  introduced by ${names.get(statement.introducedBy) ?? shortId(statement.introducedBy)}`,
        ]),
    ...(whole
      ? bodyLines(statement.body, output.width, '    ')
      : ownWords(statement.body, output.width)),
  ];
  return [...lines, ''];
}

/** What a person wrote for a person, by the members of bodies that hold it; its marking first. */
function ownWords(body: ShownStatement['body'], width: number): string[] {
  const told = ['tlp', 'text', 'asked', 'note', 'reasons', 'what', 'conduct'];
  const present = told.filter((member) => body[member] !== undefined && body[member] !== null);
  return present.flatMap((member) => bodyLines({ [member]: body[member] }, width, '    '));
}

function actWords(statement: ShownStatement): string {
  const why = statement.act === 'void' ? voidWords : refusalWords;
  const reason =
    statement.reason === null ? '' : `: ${why(statement.reason)} (${statement.reason})`;
  switch (statement.act) {
    case 'void':
      return `VOID${reason}; it stands in the record and has no effect`;
    case 'refused':
      return `REFUSED${reason}`;
    case 'waiting':
      return 'waiting: no effect until the other side has it and everything before it';
    default:
      return '';
  }
}

function deliveryLines(statement: ShownStatement, names: ReadonlyMap<string, string>): string[] {
  return statement.delivery.map((one) => {
    const party = names.get(one.party) ?? shortId(one.party);
    switch (one.state) {
      case 'received':
        return `received by ${party}${one.at === null ? '' : ` ${utc(one.at)}`}: entry ${one.receiptIndex ?? '?'} in their log`;
      case 'refused':
        return `refused by ${party}: ${refusalWords(one.code ?? 'no code')} (${one.code ?? 'no code'})`;
      case 'sent':
        return `sent to ${party}, no receipt yet`;
      default:
        return `waits to be sent to ${party}`;
    }
  });
}

function witnessWords(witnessed: number | null, now: number): string {
  if (witnessed === null) return 'time not yet witnessed';
  return `witnessed ${utc(witnessed)}, ${fromNow(witnessed, now)}`;
}

/** An allegation is never shown without its reply, or the empty place where it belongs. */
function missingReplyLines(docket: ShownDocket): string[] {
  if (docket.type !== 'allegation') return [];
  const kinds = new Set(docket.statements.map((statement) => statement.kind));
  if (kinds.has('allegation.answer')) return [];
  if (kinds.has('allegation.quote')) return ['Quoted from elsewhere: reply not asked.'];
  const owed = docket.obligations.find((row) => row.due !== null);
  const due = owed?.due ?? null;
  const until = due === null ? '' : `, due ${utc(due)}`;
  return [`No reply${until}. Silence is not admission.`];
}
