/**
 * `comity wait`: until a statement is received by all, or a pairing stands; for a bounded time.
 */
import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { addCommand, run } from '../command.ts';
import { CommandError, usage } from '../command-error.ts';
import { segment } from '../client.ts';
import type { NodeClient } from '../client.ts';
import type { CommonOptions } from '../context.ts';
import { withNode } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { shown } from '../output/foreign-text.ts';
import { shortId } from '../output/identifiers.ts';
import type { PairingReply } from './pair.ts';

interface WaitOptions extends CommonOptions {
  for: string;
  timeout: string;
}

interface StatementReply {
  id: string;
  kind: string;
  docket: string;
  own: boolean;
  delivery: { party: string; state: string; code: string | null }[];
  witnessed: number | null;
}

const pollMs = 250;
const secondsMax = 86_400;

export function addWaitCommand(program: Command): void {
  addCommand(program, {
    usage: 'wait <id>',
    summary: 'Wait until a statement is received, or a pairing is confirmed',
    description:
      'ID is a statement of ours, or a party. For a statement: until every recipient’s receipt is here ("received"), or until its time is witnessed ("witnessed"). For a party: until both sides have confirmed the same number. Exit code 8 when the time runs out; nothing is lost by that. Needs the running node.',
    examples: ['wait 3f2a9c41d0b7 --home north', 'wait Southmark --timeout 30 --home north'],
    home: 'home',
  })
    .option('--for <what>', 'received, witnessed or confirmed', 'received')
    .option('--timeout <seconds>', 'how long at most', '60')
    .action(
      run<WaitOptions>(async (context, options, id) => {
        const seconds = Number(options.timeout);
        if (!Number.isFinite(seconds) || seconds <= 0 || seconds > secondsMax) {
          throw usage(
            `--timeout ${options.timeout} is not a number of seconds up to ${secondsMax}`,
          );
        }
        if (!['received', 'witnessed', 'confirmed'].includes(options.for)) {
          throw usage(`--for ${options.for} is none of received, witnessed, confirmed`);
        }
        await withNode(context, async (client) => {
          const end = Date.now() + seconds * 1000;
          for (;;) {
            const state = await look(client, id, options.for);
            if (state.done) {
              context.output.answer(state.document, state.words);
              if (state.refused) process.exitCode = exitCodes.refused;
              return;
            }
            if (Date.now() >= end) {
              throw new CommandError(
                'timeout',
                `after ${seconds} s: ${state.words}`,
                client.running
                  ? 'It goes on by itself. Look again: comity status'
                  : 'The node does not run, so nothing is sent or received. Start it: comity start',
                exitCodes.timeout,
              );
            }
            await sleep(Math.min(pollMs, Math.max(1, end - Date.now())));
          }
        });
      }),
    );
}

interface Look {
  done: boolean;
  refused: boolean;
  document: object;
  words: string;
}

async function look(client: NodeClient, id: string, what: string): Promise<Look> {
  try {
    return await lookAtStatement(client, id, what);
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'unknown-statement') throw error;
  }
  const pairing = await client.get<PairingReply>(`/parties/${segment(id)}/number`);
  const { party, state, safetyNumber } = pairing;
  return {
    done: state === 'confirmed' || state === 'numbers-differ',
    refused: state === 'numbers-differ',
    document: { party, state, safetyNumber },
    words: `${shown(pairing.name ?? shortId(party))}: ${state}`,
  };
}

async function lookAtStatement(client: NodeClient, id: string, what: string): Promise<Look> {
  const found = await client.get<StatementReply>(`/statements/${segment(id)}`);
  const refusedBy = found.delivery.filter((one) => one.state === 'refused');
  const open = found.delivery.filter((one) => one.state !== 'received' && one.state !== 'refused');
  const settled = found.delivery.length > 0 && open.length === 0;
  const witnessed = found.witnessed !== null;
  const done = what === 'witnessed' ? witnessed : settled;
  const parts = found.delivery.map(
    (one) => `${one.state}${one.code === null ? '' : ` (${one.code})`} by ${shortId(one.party)}`,
  );
  const delivery = parts.length === 0 ? 'addressed to nobody in particular' : parts.join(', ');
  return {
    done: done || (found.delivery.length === 0 && what === 'received'),
    refused: refusedBy.length > 0,
    document: {
      id: found.id,
      kind: found.kind,
      docket: found.docket,
      state: refusedBy.length > 0 ? 'refused' : settled ? 'received' : 'sent',
      delivery: found.delivery,
      witnessed: found.witnessed,
    },
    words: `${found.kind} ${shortId(found.id)}: ${delivery}; ${witnessed ? 'witnessed' : 'time not yet witnessed'}`,
  };
}
