/**
 * Comparing while much goes to and fro. Nothing stands still then for long enough to be compared, and
 * comparing costs more than the exchange: what a counterpart wants compared waits until its flow has
 * ended, the newest of it. It is never dropped, since by a slow route no other may come for hours.
 */
import type { ExchangeDeps } from './deps.ts';
import type { IntakeReport } from './intake.ts';
import { flowMin, flowMs, testsWaitingMax } from './limits.ts';

type Compare = IntakeReport['compare'];

export interface Flows {
  /** Takes note of a pouch with so many statements and receipts. */
  note(sender: string, count: number): void;
  /** Compares at once, or once the flow of this sender has ended. */
  compare(sender: string, coming: Compare): Promise<void>;
  /** Nothing that waits is compared any more. */
  close(): void;
}

interface Flow {
  untilMs: number;
  waiting: Compare;
  cancel: (() => void) | null;
}

/** `later` runs what is due outside of any caller; `compareNow` does the work. */
export function makeFlows(
  deps: Pick<ExchangeDeps, 'clock' | 'after'>,
  later: (work: () => Promise<void>) => void,
  compareNow: (sender: string, all: Compare) => Promise<void>,
): Flows {
  const flows = new Map<string, Flow>();
  const arm = (sender: string, flow: Flow): void => {
    flow.cancel ??= deps.after(flow.untilMs - deps.clock.nowMs(), () => {
      flow.cancel = null;
      if (flow.untilMs > deps.clock.nowMs()) {
        arm(sender, flow);
        return;
      }
      flows.delete(sender);
      later(() => compareNow(sender, flow.waiting));
    });
  };
  return {
    note(sender, count) {
      if (count < flowMin) return;
      const untilMs = deps.clock.nowMs() + flowMs;
      const flow = flows.get(sender) ?? { untilMs, waiting: nothing, cancel: null };
      flow.untilMs = untilMs;
      flows.set(sender, flow);
      arm(sender, flow);
    },
    async compare(sender, coming) {
      const flow = flows.get(sender);
      if (flow === undefined) await compareNow(sender, coming);
      else flow.waiting = newestOf(flow.waiting, coming);
    },
    close() {
      for (const { cancel } of flows.values()) cancel?.();
      flows.clear();
    },
  };
}

const nothing: Compare = { tests: [], digests: [] };

/** Digests are of all that both share: the newest record stands for those before it. */
function newestOf(before: Compare, coming: Compare): Compare {
  return {
    tests: [...before.tests, ...coming.tests].slice(-testsWaitingMax),
    digests: [...before.digests, ...coming.digests].slice(-1),
  };
}
