/**
 * What a draft would do if it were said now: its docket is folded with it, before anybody signs.
 *
 * An act that is void from the beginning stands in the record for ever and does nothing; an officer
 * should know that before the signature, not after.
 */
import { failure, success } from '@comity/record';
import type { Result, Statement } from '@comity/record';
import { effectOf, voidWords } from '@comity/accord';
import { compileFoldInputs, ownInputDeps } from '../dockets/fold-input.ts';
import type { StoredStatement } from '../dockets/stored-statement.ts';
import type { DeskDeps } from './deps.ts';

/** What is needed of a draft. */
interface Foretold {
  id: string;
  statement: Statement;
  payload: Uint8Array;
  payloadType: string;
  anchorLines: string[];
}

/** Kinds whose place in the docket cannot void them, and which fill long dockets. */
const neverVoidByPlace: readonly string[] = ['channel.message', 'channel.pair', 'channel.test'];

/** Why the act would be void if it were said now, as a void reason; null when it would not be. */
export async function voidReasonOf(
  deps: Pick<DeskDeps, 'store' | 'self' | 'clock'>,
  draft: Foretold,
): Promise<string | null> {
  const { statement } = draft;
  const docket = statement.docket ?? draft.id;
  if (statement.kind.startsWith('party.') || neverVoidByPlace.includes(statement.kind)) return null;
  const { reader } = deps.store;
  const inputDeps = await ownInputDeps(reader, deps.self);
  if (inputDeps === null) return null;
  const supposed = supposedRow(draft, docket, inputDeps.self, inputDeps.ownOrigin);
  const [input] = await compileFoldInputs(reader, inputDeps, [docket], [supposed]);
  if (input === undefined) return null;
  const statements = input.statements.filter(({ id }) => id !== draft.id);
  const at = deps.clock.now();
  const foretold = effectOf({ ...input, statements }, { id: draft.id, statement, at });
  return foretold.effect === 'void' ? (foretold.reason ?? 'void') : null;
}

/** `would-be-void` with the reason, or nothing against it. */
export async function checkNotVoid(
  deps: Pick<DeskDeps, 'store' | 'self' | 'clock'>,
  draft: Foretold,
): Promise<Result<void, 'would-be-void'>> {
  const reason = await voidReasonOf(deps, draft);
  if (reason === null) return success(undefined);
  return failure('would-be-void', '', `${voidWords(reason)} (${reason})`);
}

function supposedRow(
  draft: Foretold,
  docket: string,
  self: string,
  ownOrigin: string,
): StoredStatement {
  const { id, statement, payload, payloadType, anchorLines } = draft;
  const row = {
    id,
    docket,
    author: self,
    envelope: payload,
    list_digest: '',
    anchor_lines: JSON.stringify(anchorLines),
    said_origin: ownOrigin,
    said_index: Number.MAX_SAFE_INTEGER - 1,
    said_size: Number.MAX_SAFE_INTEGER,
    own: 1,
    held_origin: null,
    held_index: null,
    held_size: null,
    refused: null,
  };
  return { row, statement, envelope: { payload, payloadType, signatures: [] }, author: self };
}
