/**
 * How often each channel is tested: as agreed in its terms, until then as configured. Read again
 * when a channel's docket was folded.
 */
import { channelDocket, parseEnvelope, parseStatement } from '@comity/record';
import { termsDigest } from '@comity/accord';
import type { DocketState, Terms } from '@comity/accord';
import type { EventHub } from '../api/events.ts';
import type { LogLine } from '../context.ts';
import type { Store, StoreReader } from '../store/store.ts';

export interface HeartbeatSecondsDeps {
  store: Store;
  hub: EventHub;
  log: LogLine;
}

/** Sets every channel now and keeps them set; returns "stop". */
export async function keepHeartbeatSeconds(
  deps: HeartbeatSecondsDeps,
  self: string,
  configured: number,
): Promise<() => void> {
  const channels = new Map<string, string>();
  const refresh = async (party: string): Promise<void> => {
    const seconds = (await agreedSeconds(deps.store.reader, self, party)) ?? configured;
    await deps.store.transact(async (tx) => {
      await tx
        .updateTable('channels')
        .set({ heartbeat_seconds: seconds })
        .where('party', '=', party)
        .where('heartbeat_seconds', '!=', seconds)
        .execute();
    });
  };
  const learn = async (): Promise<void> => {
    const rows = await deps.store.reader
      .selectFrom('parties')
      .select('id')
      .where('state', '!=', 'self')
      .execute();
    for (const { id } of rows) channels.set(channelDocket(self, id), id);
  };
  await learn();
  for (const party of channels.values()) await refresh(party);
  return deps.hub.subscribe((event) => {
    if (event.type !== 'docket' && event.type !== 'channel') return;
    const run = async (): Promise<void> => {
      if (event.type === 'channel') {
        await learn();
        await refresh(event.party);
        return;
      }
      const party = channels.get(event.docket);
      if (party !== undefined) await refresh(party);
    };
    run().catch((error: unknown) => {
      deps.log('warn', 'heartbeat interval not read', { error: String(error) });
    });
  });
}

/** Seconds in the terms that are in force in the channel, or null while there are only built-in ones. */
async function agreedSeconds(
  reader: StoreReader,
  self: string,
  party: string,
): Promise<number | null> {
  const docket = channelDocket(self, party);
  const row = await reader
    .selectFrom('dockets')
    .select('state_json')
    .where('id', '=', docket)
    .executeTakeFirst();
  if (row === undefined) return null;
  // A docket that was never folded has no detail yet.
  const { detail } = JSON.parse(row.state_json) as Partial<DocketState>;
  if (detail?.type !== 'channel' || !detail.terms.agreed) return null;
  const proposals = await reader
    .selectFrom('statements')
    .select('envelope')
    .where('docket', '=', docket)
    .where('kind', '=', 'channel.terms')
    .execute();
  for (const proposal of proposals) {
    const terms = termsIn(new Uint8Array(proposal.envelope));
    if (terms !== null && termsDigest(terms) === detail.terms.digest) return terms.heartbeatSeconds;
  }
  return null;
}

function termsIn(envelopeBytes: Uint8Array): Terms | null {
  const envelope = parseEnvelope(envelopeBytes);
  if (!envelope.ok) return null;
  const parsed = parseStatement(envelope.value.payload, envelope.value.payloadType);
  const terms = parsed.ok ? parsed.value.statement.body['terms'] : undefined;
  return terms === undefined ? null : (terms as unknown as Terms);
}
