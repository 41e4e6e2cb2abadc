/**
 * A statement as the fold needs it, out of its stored envelope.
 *
 * What we said or hold was verified when it was logged, so its signers are read, not verified again.
 * What we refused was not: its signatures are verified here, because a refusal that does not
 * reproduce must not stand (protocol.md, "Intake"; rulings.md, 11).
 */
import {
  authorityOf,
  parseEnvelope,
  parseStatement,
  partyOf,
  signatureChecks,
  verifyEnvelope,
} from '@comity/record';
import type { Chain, Envelope, Statement } from '@comity/record';

/** The columns of the statements table that a fold reads. */
export interface StatementRow {
  id: string;
  docket: string;
  author: string;
  envelope: Uint8Array;
  list_digest: string;
  anchor_lines: string;
  said_origin: string;
  said_index: number;
  said_size: number;
  own: number;
  held_origin: string | null;
  held_index: number | null;
  held_size: number | null;
  refused: string | null;
}

export interface StoredStatement {
  row: StatementRow;
  statement: Statement;
  envelope: Envelope;
  /** Author: `from`, or the id itself for credentials version 1. */
  author: string;
}

/** Reads a row; null when the payload is no statement (refused ones may be anything). */
export function readStored(row: StatementRow): StoredStatement | null {
  const envelope = parseEnvelope(row.envelope);
  if (!envelope.ok) return null;
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  if (!parsed.ok) return null;
  const { statement } = parsed.value;
  return { row, statement, envelope: envelope.value, author: partyOf(row.id, statement) };
}

/** Offices whose signatures count under the credentials that the statement names; [] if any fails. */
export function officesOf(stored: StoredStatement, chain: Chain | undefined): string[] {
  const { statement, envelope, row } = stored;
  if (chain === undefined) return [];
  const credentials = statement.credentials ?? row.id;
  if (row.refused !== null) {
    const verified = verifyEnvelope(envelope, chain, credentials, row.said_index);
    return verified.ok ? [...verified.value.offices, ...verified.value.delegated] : [];
  }
  const version = chain.versions.find(({ id }) => id === credentials);
  const checks = signatureChecks(envelope, chain, credentials, row.said_index);
  if (version === undefined || !checks.ok) return [];
  const { offices, delegated } = authorityOf(version.body, checks.value.signers);
  return [...offices, ...delegated];
}
