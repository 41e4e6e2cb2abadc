/** Invented parties and statements for tests of the fold. Nothing here is signed. */
import { channelDocket, sha256Hex, type CredentialsBody, type JsonValue } from '@comity/record';
import {
  builtInTerms,
  termsDigest,
  type EntryFact,
  type FoldCitation,
  type FoldInput,
  type FoldParty,
  type FoldStatement,
  type Terms,
} from '../src/index.ts';

export const second = 1_800_000_000;
export const contactPoints = builtInTerms['contact-points'];

export function idOf(label: string): string {
  return sha256Hex(new TextEncoder().encode(label));
}

/** A party with offices `duty`, `chief`, `deputy`; solemn needs chief and deputy. */
export function makeParty(name: string, change: Partial<FoldParty> = {}): FoldParty {
  return {
    party: idOf(`party ${name}`),
    exercise: false,
    versions: [makeVersion(name, 1, 0)],
    delegations: [],
    frozen: false,
    ...change,
  };
}

export function makeVersion(
  name: string,
  version: number,
  index: number,
  change: Partial<CredentialsBody> = {},
  origin = `${name}.example/log`,
): FoldParty['versions'][number] {
  const body = {
    version,
    officers: { duty: { keys: [] }, chief: { keys: [] }, deputy: { keys: [] } },
    authority: {
      root: { threshold: 2, offices: ['chief', 'deputy'] },
      solemn: { threshold: 2, offices: ['chief', 'deputy'] },
      duty: { threshold: 1, offices: ['duty', 'chief', 'deputy'] },
      automatic: { key: '' },
    },
    log: { origin, keys: [], previous: null },
    delegations: [],
    ...change,
  };
  return {
    id: idOf(`credentials ${name} ${version}`),
    version,
    origin,
    index,
    witnessKey: `witness+${name}`,
    body: body as unknown as CredentialsBody,
  };
}

type Say = {
  from: FoldParty;
  kind: string;
  body: { [member: string]: JsonValue };
  after?: string[];
  /** Default: the author's last statement of the same class here. */
  prior?: string | null;
  at?: number;
  /** Seconds until receipt, by party name index; null: none. Default 10 for all. */
  receipt?: number | null;
  offices?: string[];
  cites?: string[];
  terms?: string | null;
  to?: string[];
  credentials?: string;
  witnessed?: boolean;
  label?: string;
  index?: number;
};

const solemnKinds =
  /^(assurance\.(offer|reciprocate|decline|suspend|resume|withdraw)|allegation\.(raise|answer|withdraw|conclude)|channel\.terms)$/;
const automaticKinds = /^channel\.(test|refuse)$/;

/** Says things in one docket as honest nodes do, on one clock. */
export class History {
  readonly parties: FoldParty[];
  readonly statements: FoldStatement[] = [];
  citations: FoldCitation[] = [];
  docket = '';
  now = second;
  readonly #indexes = new Map<string, number>();
  readonly #priors = new Map<string, string>();
  readonly channel: boolean;
  readonly seed: string;

  constructor(parties: FoldParty[], channel = false, seed = '') {
    this.parties = parties;
    this.channel = channel;
    this.seed = seed;
    if (channel) this.docket = channelDocket(parties[0]?.party ?? '', parties[1]?.party ?? '');
  }

  get heads(): string[] {
    const named = new Set(
      this.statements.flatMap(({ statement }) => [...statement.after, statement.prior ?? '']),
    );
    return this.statements
      .map(({ id }) => id)
      .filter((id) => !named.has(id))
      .sort();
  }

  say(what: Say): string {
    const { from, kind } = what;
    const name = this.statements.length;
    const id = idOf(what.label ?? `${this.seed} statement ${name} ${from.party} ${kind}`);
    const opening = !this.channel && this.docket === '';
    if (opening) this.docket = id;
    const level = solemnKinds.test(kind) ? 'solemn' : automaticKinds.test(kind) ? 'auto' : 'duty';
    const chain = `${from.party} ${level}`;
    const prior = what.prior === undefined ? (this.#priors.get(chain) ?? null) : what.prior;
    const after = what.after ?? (opening ? [] : this.heads);
    this.#priors.set(chain, id);
    const at = what.at ?? this.now;
    this.now = Math.max(this.now, at) + 60;
    const others = this.parties.filter((party) => party !== from);
    const newest = from.versions.at(-1);
    const origin = newest?.origin ?? '';
    const held: FoldStatement['held'] = {};
    if (what.receipt !== null) {
      for (const party of others) {
        held[party.party] = this.entry(party, at + (what.receipt ?? 10), what.witnessed ?? true);
      }
    }
    const said = this.entry(from, at, what.witnessed ?? true);
    this.statements.push({
      id,
      statement: {
        comity: 1,
        kind,
        from: from.party,
        to: what.to ?? others.map(({ party }) => party).sort(),
        docket: opening ? null : this.docket,
        after,
        prior,
        anchor: [],
        terms:
          what.terms === undefined ? (opening ? termsDigest(contactPoints) : null) : what.terms,
        cites: what.cites ?? [],
        made: '2027-01-15T08:00:00Z',
        credentials: what.credentials ?? newest?.id ?? '',
        nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
        body: what.body,
      },
      offices:
        what.offices ??
        (level === 'solemn' ? ['chief', 'deputy'] : level === 'auto' ? ['automatic'] : ['duty']),
      listDigest: idOf(`list ${id}`),
      said: { ...said, index: what.index ?? said.index, origin },
      held,
      anchorTimes: [],
    });
    return id;
  }

  /** The next entry in a party's log at a time, cosigned by everybody else at that very time. */
  entry(party: FoldParty, at: number, witnessed: boolean): EntryFact {
    const index = (this.#indexes.get(party.party) ?? 10) + 1;
    this.#indexes.set(party.party, index);
    const others = witnessed ? this.parties.filter((one) => one !== party) : [];
    return {
      origin: party.versions.at(-1)?.origin ?? '',
      index,
      ownTime: at,
      witnessTimes: others.map((one) => ({
        party: one.party,
        vkey: one.versions[0]?.witnessKey ?? '',
        time: at,
      })),
    };
  }

  input(change: Partial<FoldInput> = {}): FoldInput {
    const [one, other] = this.parties.map(({ party }) => party).sort();
    return {
      docket: this.docket,
      channelParties: this.channel ? [one ?? '', other ?? ''] : null,
      statements: this.statements,
      parties: this.parties,
      terms: null,
      knownTerms: {},
      citations: this.citations,
      ...change,
    };
  }

  statement(id: string): FoldStatement {
    const found = this.statements.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no statement ${id}`);
    return found;
  }
}

/**
 * Parties a and b with `terms` agreed in their channel: the two statements as citations, for an
 * opening that cites them.
 */
export function agreedTermsCitations(a: FoldParty, b: FoldParty, terms: Terms): FoldCitation[] {
  const channel = new History([a, b], true);
  const body = { terms: terms as unknown as JsonValue, replaces: null };
  channel.say({ from: a, kind: 'channel.terms', body, label: `terms ${a.party} ${b.party}` });
  channel.say({ from: b, kind: 'channel.terms', body, label: `terms ${b.party} ${a.party}` });
  return channel.statements.map(({ id, statement, offices, said, held }) => ({
    id,
    statement,
    offices,
    said: { ...said, index: 1 },
    held,
  }));
}

export const bodies = {
  notify: {
    title: 'Scans of an election authority',
    text: 'Scans from three networks.',
    category: 'scan',
    sector: 'elections',
    severity: 'medium',
    priority: 'ordinary',
    times: [],
    origin: null,
    proposition: null,
    confidence: null,
    signals: [],
    tlp: 'AMBER',
    asked: [],
  },
  acknowledge: { reach: { office: 'Duty officer 2', languages: ['en'] } },
  request: { what: 'information', text: 'Which network?', priority: 'ordinary' },
  resolve: { finding: 'without-finding-on-responsibility', text: { en: 'It stopped.' } },
  offer: {
    subject: { en: 'Elections' },
    scope: { description: { en: 'Electoral processes' }, onlyByIct: true },
    definitions: [],
    text: { en: 'We will not interfere.' },
    legalStatus: 'political',
    reciprocity: 'mutual',
    notice: { days: 30 },
    validity: null,
    openUntil: '2027-02-15T08:00:00Z',
    irrevocableFor: { days: 14 },
  },
  raise: (respondent: string) => ({
    respondent,
    conduct: { en: 'Scans of an election authority' },
    level: 'network-origin',
    basis: [{ kind: 'norm', reference: 'UN 2015 (f)' }],
    period: { from: null, until: null },
    particulars: [],
    evidence: { shown: [], withheld: '' },
    alternatives: 'A misconfigured scanner',
    proposition: { text: { en: 'It came from there' }, likelihood: 'likely' },
    confidence: 'moderate',
  }),
  quote: (respondent?: string) => ({
    title: 'Letters of a candidate',
    text: null,
    ...(respondent === undefined ? {} : { respondent }),
    allegations: [
      {
        ...{ by: 'A newspaper', byKind: null, byAffiliation: null, byNation: null, on: null },
        ...{ manner: null, basis: null, where: [], respondents: [] },
      },
    ],
    ...{ contradictions: [], period: { from: null, until: null }, methods: [], evidence: [] },
    ...{ answers: null, details: [] },
    source: { key: idOf('row'), dataset: 'd', record: '1', coder: 'c', coded: null, rows: [] },
  }),
} satisfies { [name: string]: { [member: string]: JsonValue } | ((id: string) => JsonValue) };
