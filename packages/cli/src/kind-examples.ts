/**
 * A body to start from for each kind that an officer writes. Every one passes its kind's schema (a
 * test holds them to it); identifiers of sixty-four zeros and dates are to be replaced.
 */
import { builtInTerms } from '@comity/accord';
import type { JsonValue } from '@comity/record';

export type ExampleBody = { [key: string]: JsonValue };

const replaceThis = '0'.repeat(64);
const english = (text: string) => ({ en: text });

const channel: { [kind: string]: ExampleBody } = {
  'channel.message': {
    marker: 'information',
    priority: 'ordinary',
    standing: 'official',
    text: 'The duty officer changes at 08:00 UTC.',
    language: 'en',
  },
  'channel.pair': { own: replaceThis, theirs: replaceThis },
  'obligation.extend': {
    obligation: replaceThis,
    due: '2027-01-31T12:00:00Z',
    reasons: 'The laboratory needs two more days.',
  },
  'obligation.waive': { obligation: replaceThis, reasons: 'Settled by voice on the same day.' },
};

const party: { [kind: string]: ExampleBody } = {
  'party.delegate': {
    office: 'Duty officer 3',
    actingFor: 'Officer 1',
    key: { type: 'ed25519', key: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
    kinds: ['channel.message', 'incident.acknowledge'],
    until: '2027-01-31T12:00:00Z',
  },
};

const assurance: { [kind: string]: ExampleBody } = {
  'assurance.offer': {
    subject: english('Non-interference in elections by ICT'),
    scope: {
      description: english('Election authorities, voter registers, the transmission of results'),
      onlyByIct: true,
    },
    definitions: [
      {
        term: 'interference',
        meaning: english('covert or deceptive conduct by or for a government'),
      },
    ],
    text: english(
      'We do not interfere in your elections by means of ICT, and let nobody do so for us.',
    ),
    legalStatus: 'political',
    reciprocity: 'mutual',
    notice: { days: 90 },
    validity: null,
    openUntil: '2027-01-31T12:00:00Z',
    irrevocableFor: { days: 14 },
  },
  'assurance.reciprocate': { text: replaceThis },
  'assurance.decline': {
    answer: 'will-revert',
    reasons: english('We consult our parliament first.'),
  },
  'assurance.affirm': { reasons: english('Yearly affirmation.') },
  'assurance.suspend': { reasons: english('While the incident of March is open.') },
  'assurance.resume': {},
  'assurance.withdraw': { reasons: english('Replaced by a wider one.') },
};

const incident: { [kind: string]: ExampleBody } = {
  'incident.notify': {
    title: 'Scanning of the national results portal',
    text: 'Since 02:10 UTC sustained scanning from address space that you answer for.',
    category: 'reconnaissance',
    sector: 'elections',
    severity: 'medium',
    priority: 'ordinary',
    times: [{ what: 'detected', at: '2026-11-24T02:10:00Z', basis: 'observed' }],
    origin: 'network-origin',
    proposition: {
      text: english('The scanning comes from hosts in your address space.'),
      likelihood: 'very-likely',
    },
    confidence: 'moderate',
    signals: [],
    tlp: 'AMBER',
    asked: ['Please look at the hosts and tell us what you find.'],
  },
  'incident.acknowledge': {
    reach: { office: 'Duty desk', telephone: '+00 0000 0000', languages: ['en'] },
    note: 'Read by a person at 02:31 UTC.',
  },
  'incident.request': {
    what: 'information',
    text: 'Who operates the hosts listed in the notification?',
    priority: 'ordinary',
  },
  'incident.inform': {
    request: null,
    result: 'none-found',
    text: 'The hosts are leased; nothing was found on them.',
  },
  'incident.update': { stage: 'progress', text: 'The scanning stopped at 05:40 UTC.' },
  'incident.assist': { text: 'We can lend an analyst until Friday.' },
  'incident.retract': { reason: 'mistaken', text: 'It was our own test.' },
  'incident.resolve': {
    finding: 'without-finding-on-responsibility',
    text: english('The scanning ended; who ran it remains open.'),
  },
  'incident.close': { resolution: replaceThis },
  'incident.dispute': { resolution: replaceThis, reasons: 'The second wave is not covered.' },
};

const allegation: { [kind: string]: ExampleBody } = {
  'allegation.raise': {
    respondent: replaceThis,
    conduct: english('Intrusion into the voter register, March to June.'),
    level: 'state-organ',
    basis: [{ kind: 'norm', reference: 'un-norm-f' }],
    period: { from: '2026-03-01T00:00:00Z', until: '2026-06-30T00:00:00Z' },
    particulars: [{ number: 1, text: english('Access to the register on 14 March.') }],
    evidence: { shown: ['log extracts'], withheld: 'Sources are withheld to protect them.' },
    alternatives: 'A criminal group was considered and found less likely.',
    proposition: { text: english('An organ of the respondent did this.'), likelihood: 'likely' },
    confidence: 'moderate',
  },
  'allegation.answer': {
    answer: 'deny',
    text: english('We did not do this and ordered nobody to.'),
  },
  'allegation.evidence': {
    items: [
      {
        digest: replaceThis,
        bytes: 48213,
        mediaType: 'text/plain',
        name: 'log-extract.txt',
        custody: [
          {
            who: 'National CERT, analyst 4',
            what: 'exported from the gateway',
            at: '2026-06-30T09:00:00Z',
            how: 'read-only copy',
          },
        ],
      },
    ],
  },
  'allegation.withdraw': { reason: 'settled' },
  'allegation.conclude': { text: english('Both sides regard the matter as settled.') },
  'allegation.quote': {
    title: 'Ministry names a foreign service',
    text: 'A press release of the ministry of 1 March.',
    allegations: [
      {
        by: 'Ministry of the Interior',
        byKind: 'government',
        byAffiliation: null,
        byNation: 'Northland',
        on: { original: '3/1/2026', date: '2026-03-01' },
        manner: 'press release',
        basis: null,
        where: ['https://ministry.example/press/1'],
        respondents: [{ name: 'a foreign service', nation: 'Southmark', category: null }],
      },
    ],
    contradictions: [],
    period: { from: null, until: null },
    methods: [],
    evidence: [{ role: 'statement', link: 'https://ministry.example/press/1' }],
    answers: null,
    details: [],
    source: {
      key: replaceThis,
      dataset: 'press',
      record: '1',
      coder: 'Northland analysts',
      coded: null,
      rows: [],
    },
  },
};

/** The example for a kind; null for kinds whose body a program makes. */
export function exampleBody(kind: string): ExampleBody | null {
  if (kind === 'channel.terms') {
    return { terms: builtInTerms['incidents-ict'] as unknown as JsonValue, replaces: null };
  }
  const all = { ...channel, ...party, ...assurance, ...incident, ...allegation };
  return all[kind] ?? null;
}
