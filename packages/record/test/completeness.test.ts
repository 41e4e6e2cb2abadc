import { describe, expect, it } from 'vitest';
import { verifyBundle, writeBundle } from '../src/index.ts';
import type { Bundle, VerifyReport } from '../src/index.ts';
import { bundled, chainOf, heartbeat, testDocket, testMeaning, testStart } from './test-docket.ts';
import { testParty } from './test-party.ts';

const docket = await testDocket();
const { north, south, raised, answered, bundle } = docket;
const trust = [north.id, south.id];
const start = testStart;

function verify(changed: Bundle | Uint8Array, trusted: string[] = trust): VerifyReport {
  const encoded = changed instanceof Uint8Array ? changed : writeBundle(changed);
  return verifyBundle(encoded, { trust: trusted, meaning: testMeaning });
}

/** The verdict, and the names of checks that failed. */
function verdict(changed: Bundle | Uint8Array, trusted: string[] = trust): string {
  const report = verify(changed, trusted);
  const failed = report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  return [report.verdict, ...failed].join(' ');
}

describe('completeness', () => {
  it('a bundle with the reply removed is never valid', () => {
    const envelopes = bundle.envelopes.filter(({ envelope }) => envelope !== answered.envelope);
    const proofs = bundle.proofs.filter(({ statement }) => statement !== answered.id);
    const without: Bundle = { ...bundle, envelopes, proofs };
    const report = verify(without);
    expect(report.verdict).toBe('incomplete');
    expect(report.unanswered).toEqual([south.id]);
    expect(report.completeness).toContain('no reply in this bundle from south');
    // Even where both confirmed the heads as they were before the reply.
    const early = [
      heartbeat(north, south, raised.id, [raised.id], start + 20),
      heartbeat(south, north, raised.id, [raised.id], start + 21),
    ];
    const earlier = verify({ ...without, heartbeats: early });
    expect(earlier.verdict).toBe('incomplete');
    expect(earlier.completeness).toContain('no reply in this bundle from south');
  });

  it('an allegation and nothing else is incomplete, however many confirm it', () => {
    const envelopes = bundle.envelopes.filter(({ envelope }) => envelope === raised.envelope);
    expect(verify({ ...bundle, envelopes, proofs: [], heartbeats: [] })).toMatchObject({
      verdict: 'incomplete',
      completeness: expect.stringContaining('complete by north'),
    });
  });

  it('without the other side’s confirmation it is complete by one’s word only', () => {
    const ofSouth = { ...bundle, heartbeats: [] };
    expect(verify(ofSouth)).toMatchObject({
      verdict: 'incomplete',
      completeness: `complete by south (${south.id.slice(0, 12)})’s word only`,
    });
    const [mine] = bundle.heartbeats.filter(({ envelope }) =>
      new TextDecoder().decode(envelope.payload).includes(`"from":"${north.id}"`),
    );
    if (mine === undefined) throw new Error();
    expect(verdict({ ...bundle, heartbeats: [mine] })).toBe('valid');
  });

  it('a heartbeat that names other heads confirms nothing', () => {
    const heads = [raised.id, answered.id];
    const other = [heartbeat(north, south, raised.id, heads, start + 200)];
    expect(verdict({ ...bundle, heartbeats: other })).toBe('incomplete');
  });

  it('a heartbeat of somebody who takes no part confirms nothing', async () => {
    const third = await testParty('third');
    const credentials = [...bundle.credentials, ...chainOf(third)];
    const strange = [heartbeat(third, north, raised.id, [answered.id], start + 200)];
    expect(verdict({ ...bundle, credentials, heartbeats: strange })).toBe('incomplete');
  });

  it('a missing parent is incomplete', async () => {
    const local = await testDocket();
    const unknown = 'ab'.repeat(32);
    const late = local.north.say('incident.update', {
      to: [local.south.id],
      docket: local.raised.id,
      after: [local.answered.id, unknown].sort(),
    });
    const envelopes = [
      ...local.bundle.envelopes,
      bundled(local.north, late, [local.south], start + 300),
    ];
    const heartbeats = [
      heartbeat(local.south, local.north, local.raised.id, [late.id], start + 310),
    ];
    const changed: Bundle = { ...local.bundle, envelopes, heartbeats };
    const report = verify(changed, [local.north.id, local.south.id]);
    expect(report).toMatchObject({
      verdict: 'incomplete',
      completeness: 'incomplete: 1 statements that others name are not in this bundle',
    });
  });

  it('a gap in a prior chain is incomplete; a refused id counts as taken', async () => {
    const local = await testDocket();
    const { raised: opening, north: a, south: b } = local;
    const gone = 'cd'.repeat(32);
    const late = a.say('incident.update', {
      to: [b.id],
      docket: opening.id,
      after: [local.answered.id],
      prior: gone,
    });
    const envelopes = [...local.bundle.envelopes, bundled(a, late, [b], start + 300)];
    const heartbeats = [heartbeat(b, a, opening.id, [late.id], start + 310)];
    const gap: Bundle = { ...local.bundle, envelopes, heartbeats };
    expect(verdict(gap, [a.id, b.id])).toBe('incomplete');
    const refusal = b.say('channel.refuse', {
      to: [a.id],
      docket: opening.id,
      after: [late.id],
      body: { refused: gone, code: 'bad-schema' },
      pens: ['south automatic'],
    });
    const with_ = [...envelopes, bundled(b, refusal, [a], start + 320)];
    const confirmed = [heartbeat(a, b, opening.id, [refusal.id], start + 330)];
    expect(verdict({ ...gap, envelopes: with_, heartbeats: confirmed }, [a.id, b.id])).toBe(
      'valid',
    );
  });

  it('without its opening statement it is incomplete', async () => {
    const envelopes = bundle.envelopes.filter(({ envelope }) => envelope === answered.envelope);
    const proofs = bundle.proofs.filter(({ statement }) => statement === answered.id);
    expect(verify({ ...bundle, envelopes, proofs })).toMatchObject({
      verdict: 'incomplete',
      completeness: 'incomplete: the opening statement is not in this bundle',
    });
  });

  it('reaches no further than the earliest confirmation', () => {
    expect(verify(bundle).completeness).toContain('2026-09-21T14:15:05Z');
    const later = [
      heartbeat(north, south, raised.id, [answered.id], start + 100),
      heartbeat(south, north, raised.id, [answered.id], start + 900),
    ];
    expect(verify({ ...bundle, heartbeats: later }).completeness).toContain('14:15:05Z');
  });
});
