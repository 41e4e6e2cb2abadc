/** The state of an allegation docket. */
import { oneLine, readText } from '../kinds/definition.ts';
import { misnamedParty } from '../kinds/registry.ts';
import { allegationMachine, allegationWord, type AllegationRegisters } from './allegation.ts';
import { counts, type Judged, type Outcome } from './outcome.ts';
import { allegationDebts } from './debts.ts';
import type { FoldNode } from './graph.ts';
import { runMachine } from './machine.ts';
import type { AllegationDetail } from './state.ts';

/** Runs the allegation's table. An allegation is void whose respondent takes no part or is its author. */
export function foldAllegation(judged: Judged, opening: FoldNode): Outcome {
  const { graph, parties, served } = judged;
  const raised = opening.act?.kind === 'allegation.raise' ? opening.act.body : null;
  const quote = opening.act?.kind === 'allegation.quote' ? opening.act.body : null;
  const respondent = raised?.respondent ?? quote?.respondent ?? null;
  if (opening.act !== null && misnamedParty(opening.act, opening.recipients) !== null) {
    for (const node of graph.nodes) node.void ??= 'opening-void';
    opening.void = 'bad-respondent';
  }
  const quoted = quote !== null;
  const context = { raiser: opening.author, respondent, quoted, parties };
  const registers = runMachine(allegationMachine(context), graph.nodes, (node) =>
    counts(node, judged),
  );
  const nodes = graph.nodes.filter((node) => node.void === null);
  const withdrawn = registers.withdrawn[opening.author]?.id ?? null;
  const word = allegationWord(registers, context);
  return {
    subject: raised !== null ? readText(raised.conduct) : quotedTitle(quote?.title ?? ''),
    state: word,
    detail: {
      type: 'allegation',
      quoted,
      raiser: opening.author,
      respondent,
      level: raised?.level ?? null,
      answer: answerOf(registers, respondent),
      withdrawn,
      concludedBy: conclusionsOf(registers),
      evidence: nodes
        .filter((node) => node.act?.kind === 'allegation.evidence' && counts(node, judged))
        .map(({ id }) => id)
        .sort(),
    },
    debts:
      opening.void === null
        ? allegationDebts({ opening, nodes, parties, served }, closingActs(judged, registers, word))
        : [],
  };
}

function closingActs({ graph }: Judged, registers: AllegationRegisters, word: string): FoldNode[] {
  const marks =
    word === 'withdrawn'
      ? Object.values(registers.withdrawn)
      : word === 'concluded'
        ? Object.values(registers.conclusions)
        : [];
  return marks.flatMap(({ id }) => graph.byId.get(id) ?? []);
}

function answerOf(
  { answers, holdings }: AllegationRegisters,
  respondent: string | null,
): AllegationDetail['answer'] {
  if (respondent === null) return null;
  const answer = answers[respondent];
  if (answer !== undefined) return { statement: answer.id, answer: answer.answer };
  const holding = holdings[respondent];
  return holding === undefined ? null : { statement: holding.id, answer: 'holding' };
}

function conclusionsOf({ conclusions }: AllegationRegisters): AllegationDetail['concludedBy'] {
  const result: AllegationDetail['concludedBy'] = {};
  for (const [party, { digest }] of Object.entries(conclusions))
    (result[digest] ??= []).push(party);
  for (const parties of Object.values(result)) parties.sort();
  return result;
}

function quotedTitle(title: string | { readable: string }): string {
  return oneLine(typeof title === 'string' ? title : title.readable);
}
