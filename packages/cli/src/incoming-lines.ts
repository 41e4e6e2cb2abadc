/**
 * One line for each act that comes in while the node runs in a terminal: who, kind, docket, subject.
 *
 * JSON lines go to files and collectors and carry no subject: what a statement says stays in the record.
 */
import type { RunningNode, ShownStatement } from '@comity/node';
import type { LogFields, LogWriter } from './log-lines.ts';
import { shortId } from './output/identifiers.ts';
import { shownShort } from './output/foreign-text.ts';

/** What nodes say by themselves, again and again. */
const silentKinds: readonly string[] = ['channel.test'];
/** More than this waiting to be printed is a flood; it is counted instead. */
const waitingMax = 100;
const subjectColumns = 48;

/** Prints until the returned function is called. `human`: with the subject. */
export function printIncoming(node: RunningNode, log: LogWriter, human: boolean): () => void {
  const waiting: { id: string; docket: string }[] = [];
  let uncounted = 0;
  let printing = false;
  const printAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await printOne(node, log, human, next);
    }
    if (uncounted > 0) log('info', `${uncounted} more acts came in`);
    uncounted = 0;
  };
  return node.subscribe((event) => {
    if (event.type !== 'statement' || event.own) return;
    if (waiting.length >= waitingMax) uncounted += 1;
    else waiting.push({ id: event.id, docket: event.docket });
    if (printing) return;
    printing = true;
    printAll()
      .catch((error: unknown) => {
        log('warn', 'what came in could not be shown', { error: String(error) });
      })
      .finally(() => {
        printing = false;
      });
  });
}

async function printOne(
  node: RunningNode,
  log: LogWriter,
  human: boolean,
  { id, docket }: { id: string; docket: string },
): Promise<void> {
  const found = await read<ShownStatement>(node, `/statements/${id}`);
  if (found === null || silentKinds.includes(found.kind)) return;
  const shownDocket = human ? await read<{ subject: string }>(node, `/dockets/${docket}`) : null;
  const fields: LogFields = {
    from: human ? found.fromName : found.from,
    kind: found.kind,
    docket: human ? shortId(docket) : docket,
    ...(human ? {} : { id }),
    ...(shownDocket === null ? {} : { subject: shownShort(shownDocket.subject, subjectColumns) }),
    ...(found.act === 'void' || found.act === 'refused' ? { act: found.act } : {}),
  };
  log('info', 'came in', fields);
}

async function read<T>(node: RunningNode, path: string): Promise<T | null> {
  const reply = await node.call({ method: 'GET', path });
  if (reply.status !== 200) return null;
  return JSON.parse(new TextDecoder().decode(reply.body)) as T;
}
