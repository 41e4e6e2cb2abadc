/** The state of a channel docket. */
import { builtInTerms } from '../built-in-terms.ts';
import { termsDigest } from '../terms.ts';
import { counts, type Judged, type Outcome } from './outcome.ts';
import { channelMachine, channelWord } from './channel.ts';
import { runMachine } from './machine.ts';
import type { ChannelDetail, Span } from './state.ts';

/** Runs the channel's table. It has no obligations in fold version 1. */
export function foldChannel(judged: Judged): Outcome {
  const { graph, parties } = judged;
  const machine = channelMachine(graph.participants, parties);
  const registers = runMachine(machine, graph.nodes, (node) => counts(node, judged));
  const messages = graph.nodes.filter(
    (node) => node.void === null && node.act?.kind === 'channel.message' && counts(node, judged),
  );
  const pairings: ChannelDetail['pairings'] = {};
  for (const [party, { id, own, theirs }] of Object.entries(registers.pairings)) {
    pairings[party] = { statement: id, own, theirs };
  }
  const tests: ChannelDetail['tests'] = {};
  for (const [party, { id, count, root }] of Object.entries(registers.tests)) {
    tests[party] = { statement: id, count, root };
  }
  return {
    subject: 'channel',
    state: channelWord(registers.pairings, graph.participants),
    detail: {
      type: 'channel',
      pairings,
      terms: termsInForce(judged),
      rivals: judged.agreed?.rivals ?? [],
      proposed: judged.agreed?.proposed ?? {},
      tests,
      messages: messages.length,
    },
    debts: [],
  };
}

/** In force from the later service of the two statements. */
function termsInForce({ agreed, served }: Judged): ChannelDetail['terms'] {
  if (agreed === null || agreed.digest === null) {
    const digest = termsDigest(builtInTerms['contact-points']);
    return { digest, since: [null, null], provisional: false, agreed: false };
  }
  let since: Span = [-Infinity, -Infinity];
  let provisional = false;
  for (const node of agreed.by) {
    const at = served.get(node)?.towards.get(node.recipients[0] ?? '')?.at ?? null;
    if (at === null || since[0] === null || since[1] === null) {
      since = [null, null];
      continue;
    }
    since = [Math.max(since[0], at.early), Math.max(since[1], at.late)];
    provisional ||= at.provisional;
  }
  return { digest: agreed.digest, since, provisional, agreed: true };
}
