/** Acts that belong to one part: whoever has another part may say them, and they are void. */
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '@comity/record';
import {
  assuranceDigest,
  fold,
  obligationId,
  type FoldParty,
  type OfferBody,
} from '../src/index.ts';
import { bodies, History, idOf, makeParty } from './history.ts';

const [a, b, c] = [makeParty('a'), makeParty('b'), makeParty('c')];

type Opening = { kind: string; body: { [member: string]: JsonValue } };
const openings = {
  incident: { kind: 'incident.notify', body: bodies.notify },
  allegation: { kind: 'allegation.raise', body: bodies.raise(b.party) },
  assurance: { kind: 'assurance.offer', body: bodies.offer },
  unilateral: { kind: 'assurance.offer', body: { ...bodies.offer, reciprocity: 'unilateral' } },
} satisfies { [name: string]: Opening };
const text = { text: { en: 'x' } };
const promised = openings.unilateral.body as unknown as OfferBody;
const reciprocate = { text: assuranceDigest(promised) };

/** What `author` says in a docket that `a` opened with all three, of which `b` is the respondent. */
function reasonOf(
  opening: Opening,
  author: FoldParty,
  kind: string,
  body: { [member: string]: JsonValue },
): string | null | undefined {
  const h = new History([a, b, c]);
  h.say({ from: a, ...opening });
  const id = h.say({ from: author, kind, body });
  return fold(h.input()).acts[id]?.reason;
}

describe('not-yours', () => {
  it.each<[string, Opening, FoldParty, string, { [member: string]: JsonValue }]>([
    ['the raiser answers', openings.allegation, a, 'allegation.answer', { answer: 'deny' }],
    ['a third answers', openings.allegation, c, 'allegation.answer', { answer: 'deny' }],
    [
      'the respondent withdraws',
      openings.allegation,
      b,
      'allegation.withdraw',
      { reason: 'settled' },
    ],
    ['a third withdraws', openings.allegation, c, 'allegation.withdraw', { reason: 'settled' }],
    ['a third concludes', openings.allegation, c, 'allegation.conclude', text],
    ['the notifier acknowledges', openings.incident, a, 'incident.acknowledge', bodies.acknowledge],
    ['an addressee retracts', openings.incident, c, 'incident.retract', { reason: 'mistaken' }],
    [
      'a request of who takes no part',
      openings.incident,
      b,
      'incident.request',
      { ...bodies.request, of: [a.party, idOf('nobody')] },
    ],
    [
      'a request of oneself',
      openings.incident,
      b,
      'incident.request',
      { ...bodies.request, of: [b.party] },
    ],
    ['the offerer declines', openings.assurance, a, 'assurance.decline', { answer: 'declines' }],
    ['who gave nothing affirms', openings.assurance, b, 'assurance.affirm', {}],
    ['who gave nothing suspends', openings.assurance, b, 'assurance.suspend', {}],
    ['who gave nothing resumes', openings.assurance, b, 'assurance.resume', {}],
    ['who gave nothing withdraws', openings.assurance, b, 'assurance.withdraw', {}],
    ['who is not asked reciprocates', openings.unilateral, b, 'assurance.reciprocate', reciprocate],
  ])('%s', (_, opening, author, kind, body) => {
    expect(reasonOf(opening, author, kind, body)).toBe('not-yours');
  });

  it('a third moves or drops an obligation between two others, and so does its debtor drop it', () => {
    const h = new History([a, b, c]);
    const opening = h.say({ from: a, ...openings.incident });
    const obligation = obligationId(opening, 'acknowledge-notification', b.party, a.party);
    expect(fold(h.input()).obligations[obligation]).toMatchObject({ owedBy: b.party });
    const due = '2027-03-01T00:00:00Z';
    const ids = [
      h.say({ from: c, kind: 'obligation.waive', body: { obligation } }),
      h.say({ from: b, kind: 'obligation.waive', body: { obligation } }),
      h.say({ from: c, kind: 'obligation.extend', body: { obligation, due } }),
    ];
    h.say({ from: b, kind: 'obligation.extend', body: { obligation, due } });
    const state = fold(h.input());
    expect(ids.map((id) => state.acts[id]?.reason)).toEqual(Array(3).fill('not-yours'));
    expect(state.obligations[obligation]).toMatchObject({ state: 'running', extended: false });
  });
});
