/**
 * Who owes whom what by when (accord.md, "Obligations and clocks"; rulings.md, 16, 17, 23, 24).
 */
import { decodeHex, concatBytes, encodeText, parseTime, sha256Hex } from '@comity/record';
import { dueAt } from '../duration.ts';
import type { Deadline, DeadlineName, Terms } from '../terms.ts';
import type { FoldNode } from './graph.ts';
import { comparePositions } from './parties.ts';
import { endTowards, isFlash, type Served, type ServiceContext } from './service.ts';
import type { Obligation, ObligationRule, ObligationStatus, Span } from './state.ts';

/** What a docket's rules say is owed, before the clocks are read. */
export type Debt = {
  rule: ObligationRule;
  createdBy: FoldNode;
  owedBy: string;
  owedTo: string;
  deadline: DeadlineName;
  /** Acts of the debtor that would discharge it. */
  discharges: FoldNode[];
  /** Acts with which it falls. All of them are needed. */
  falls: FoldNode[];
  /** A start by the debtor's own account, in place of service (POSIX seconds). */
  startAt?: number;
};

const words: { readonly [rule in ObligationRule]: string } = {
  'acknowledge-notification': 'acknowledge the notification, by a person',
  'first-information': 'give first information',
  enquiry: 'give the result of its enquiry',
  findings: 'give its findings',
  'answer-request': 'answer the request',
  'report-incident': 'report the incident',
  'holding-answer': 'answer the allegation, if only that an answer will come',
  'answer-allegation': 'answer the allegation',
};

/** Everything that the clocks are read from. */
export type ClockContext = {
  service: ServiceContext;
  served: ReadonlyMap<FoldNode, Served>;
  terms: Terms;
  /** obligation.extend and .waive that are not void, by the obligation they name. */
  moves: ReadonlyMap<string, FoldNode[]>;
};

/** SHA-256 of the creating act (32 bytes), the rule's name, a line feed, owed by, owed to. */
export function obligationId(
  createdBy: string,
  rule: ObligationRule,
  owedBy: string,
  owedTo: string,
): string {
  return sha256Hex(
    concatBytes(bytesOf(createdBy), encodeText(`${rule}\n`), bytesOf(owedBy), bytesOf(owedTo)),
  );
}

// Names that are no digests occur in tests with injected ids only; they must not stop a fold.
function bytesOf(id: string): Uint8Array {
  return decodeHex(id) ?? encodeText(id);
}

/** The obligation for a debt, or null where the terms have no such deadline or nobody took it in. */
export function obligationOf(debt: Debt, context: ClockContext): Obligation | null {
  const { rule, createdBy, owedBy, owedTo } = debt;
  const deadline = context.terms.deadlines[debt.deadline];
  if (deadline === null) return null;
  const starter = createdBy.author === owedBy ? owedTo : owedBy;
  const towards = context.served.get(createdBy)?.towards.get(starter);
  if (towards === undefined || towards.refused !== null) return null;
  const id = obligationId(createdBy.id, rule, owedBy, owedTo);
  const at = towards.at;
  const start: Span =
    debt.startAt === undefined
      ? [at?.early ?? null, at?.late ?? null]
      : [debt.startAt, debt.startAt];
  const moved = movesOf(id, debt, context);
  const due = dueOf(start, debt, deadline, moved.until, context.terms);
  const end = bestEnd(debt, context);
  const state = statusOf(start, due, end, fallOf(debt, context), moved.waived);
  return {
    id,
    rule,
    owedBy,
    owedTo,
    what: words[rule],
    start,
    due,
    end: [end?.early ?? null, end?.late ?? null],
    state,
    basis: `${context.terms.name}: ${debt.deadline}`,
    provisional: (at?.provisional ?? false) || (end?.provisional ?? false),
    extended: moved.until !== null,
    createdBy: createdBy.id,
    dischargedBy: end?.by.id ?? null,
  };
}

function dueOf(
  start: Span,
  { createdBy, owedBy }: Debt,
  deadline: Deadline,
  until: number | null,
  terms: Terms,
): Span {
  const flash = isFlash(createdBy);
  const duration = durationFor(deadline, createdBy);
  const coverage = terms.coverage.parties[owedBy] ?? terms.coverage.default;
  const due = (from: number | null): number | null => {
    if (from === null) return null;
    const plain = dueAt(from, duration, coverage, flash);
    return until === null ? plain : Math.max(plain, until);
  };
  return [due(start[0]), due(start[1])];
}

function durationFor(deadline: Deadline, { act }: FoldNode): Deadline['ordinary'] {
  const body = act?.body;
  const priority = body !== undefined && 'priority' in body ? body.priority : 'ordinary';
  return deadline[priority] ?? deadline.ordinary;
}

type End = { early: number; late: number | null; provisional: boolean; by: FoldNode };

/** The discharge that is best for the debtor: by its late end, its early one, its place in the log. */
function bestEnd({ discharges, owedTo }: Debt, context: ClockContext): End | null {
  let best: End | null = null;
  for (const node of discharges) {
    if (context.served.get(node)?.towards.get(owedTo)?.refused != null) continue;
    const { early, late, provisional } = endTowards(node, owedTo, context.service, context.served);
    if (early === null) continue;
    const end = { early, late, provisional, by: node };
    if (best === null || compareEnds(end, best, context) < 0) best = end;
  }
  return best;
}

function compareEnds(a: End, b: End, { service }: ClockContext): number {
  const late = (a.late ?? Infinity) - (b.late ?? Infinity);
  if (late !== 0 && !Number.isNaN(late)) return late;
  if (a.early !== b.early) return a.early - b.early;
  return comparePositions(service.timing.parties.get(a.by.author), a.by.said, b.by.said);
}

/** When the debt fell: service of the last act needed, on whichever side did not say it. */
function fallOf({ falls, owedBy, owedTo }: Debt, context: ClockContext): [number, number] | null {
  let early = -Infinity;
  let late = -Infinity;
  for (const node of falls) {
    const side = node.author === owedBy ? owedTo : owedBy;
    const at = context.served.get(node)?.towards.get(side)?.at ?? null;
    if (at === null) return null;
    early = Math.max(early, at.early);
    late = Math.max(late, at.late);
  }
  return falls.length === 0 ? null : [early, late];
}

/** Agreed extensions and the creditor's waiver. */
function movesOf(
  id: string,
  { owedBy, owedTo }: Debt,
  { moves, served }: ClockContext,
): { until: number | null; waived: boolean } {
  const proposed = new Map<number, Set<string>>();
  let waived = false;
  for (const node of moves.get(id) ?? []) {
    const other = node.author === owedBy ? owedTo : owedBy;
    if ((served.get(node)?.towards.get(other)?.at ?? null) === null) continue;
    if (node.act?.kind === 'obligation.waive') waived ||= node.author === owedTo;
    if (node.act?.kind !== 'obligation.extend') continue;
    const time = parseTime(node.act.body.due);
    if (time === null) continue;
    const by = proposed.get(time) ?? new Set<string>();
    proposed.set(time, by.add(node.author));
  }
  let until: number | null = null;
  for (const [time, by] of proposed) {
    if (by.has(owedBy) && by.has(owedTo) && (until === null || time > until)) until = time;
  }
  return { until, waived };
}

/** Ruling 24, with waivers and falls. Late stays late: a debt that was late does not fall. */
function statusOf(
  start: Span,
  due: Span,
  end: End | null,
  fall: [number, number] | null,
  waived: boolean,
): ObligationStatus {
  const plain = plainStatus(start, due, end);
  if (plain === 'met') return plain;
  if (waived) return 'waived';
  if (fall === null) return plain;
  const [, lateDue] = due;
  return lateDue === null || fall[0] <= lateDue ? 'fallen' : plain === 'running' ? 'late' : plain;
}

function plainStatus(start: Span, due: Span, end: End | null): ObligationStatus {
  const [earlyDue, lateDue] = due;
  if (earlyDue === null || lateDue === null) {
    // A discharge that reached the creditor shows that the start reached the debtor.
    return end !== null && end.late !== null ? 'met' : 'not-served';
  }
  if (end === null) return 'running';
  if (end.late !== null && end.late <= earlyDue) return 'met';
  if (end.early > lateDue) return 'late';
  return start[0] === start[1] ? 'met-disputed' : 'start-disputed';
}
