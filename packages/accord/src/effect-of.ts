/** What a draft would do, shown before it is signed. A preview only: nothing of it is digested. */
import type { Statement } from '@comity/record';
import { fold } from './fold/fold.ts';
import type { FoldInput, FoldStatement } from './fold/input.ts';
import type { DocketState, Effect, Obligation } from './fold/state.ts';
import { isActKind, kinds } from './kinds/registry.ts';
import { actOf } from './fold/graph.ts';

/** A draft, and the time (POSIX seconds) at which it is supposed to be said and received by all. */
export type Draft = { id: string; statement: Statement; at: number };

export type DraftEffect = {
  effect: Effect;
  /** Void reason, or null. */
  reason: string | null;
  /** The docket's word without and with the draft; `before` is null for an opening. */
  before: DocketState['state'] | null;
  after: DocketState['state'];
  /** Obligations that it would create. */
  creates: Obligation[];
  /** Obligations whose state or due it would change, as they would then be. */
  changes: Obligation[];
  /** One plain English sentence without the author's name; '' for an unknown kind. */
  words: string;
};

/**
 * Folds the docket with and without the draft, as if enough officers had signed it and everybody
 * had received it at once. For an opening give an input whose `docket` is the draft's id and whose
 * statements are empty. Not checked: whether the sequencer would find it stale.
 */
export function effectOf(input: FoldInput, draft: Draft): DraftEffect {
  const supposed = supposedStatement(input, draft);
  const before = input.statements.length === 0 ? null : fold(input);
  const after = fold({ ...input, statements: [...input.statements, supposed] });
  const act = after.acts[draft.id];
  const obligations = Object.values(after.obligations);
  const known = before?.obligations ?? {};
  const { kind } = draft.statement;
  const body = actOf(draft.statement)?.body;
  return {
    effect: act?.effect ?? 'waiting',
    reason: act?.reason ?? null,
    before: before?.state ?? null,
    after: after.state,
    creates: obligations.filter(({ id }) => known[id] === undefined),
    changes: obligations.filter((one) => {
      const was = known[one.id];
      return was !== undefined && (was.state !== one.state || was.due[1] !== one.due[1]);
    }),
    words: isActKind(kind) && body !== undefined ? kinds[kind].words(body) : '',
  };
}

function supposedStatement(input: FoldInput, { id, statement, at }: Draft): FoldStatement {
  const author = statement.from ?? id;
  const party = input.parties.find((one) => one.party === author);
  const version = party?.versions.find((one) => one.id === statement.credentials);
  const origin = version?.origin ?? '';
  const indexes = input.statements
    .filter((one) => one.statement.from === author && one.said.origin === origin)
    .map((one) => one.said.index);
  const fact = {
    origin,
    index: indexes.reduce((a, b) => Math.max(a, b), version?.index ?? 0) + 1,
    ownTime: at,
  };
  const offices = Object.keys(version?.body.officers ?? {});
  const held: FoldStatement['held'] = {};
  for (const other of statement.to) {
    const log = input.parties.find((one) => one.party === other)?.versions.at(-1)?.origin ?? '';
    held[other] = { origin: log, index: Number.MAX_SAFE_INTEGER, ownTime: at, witnessTimes: [] };
  }
  return {
    id,
    statement,
    offices: ['automatic', ...offices],
    listDigest: '',
    said: { ...fact, witnessTimes: [] },
    held,
    anchorTimes: [],
  };
}
