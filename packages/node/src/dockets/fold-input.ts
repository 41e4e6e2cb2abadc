/**
 * Compiles the closed inputs of folds out of the store (accord.md, opening).
 *
 * Many dockets are compiled together: a fixed number of queries for all of them.
 */
import { builtInTerms, parseTerms, termsDigest } from '@comity/accord';
import type {
  EntryFact,
  FoldCitation,
  FoldInput,
  FoldParty,
  FoldStatement,
  Terms,
} from '@comity/accord';
import {
  channelDocket,
  encodeText,
  formatVkey,
  newestVersion,
  parseCanonicalJson,
  parseVkey,
} from '@comity/record';
import type { Chain, NoteKey } from '@comity/record';
import { secondLists } from '../exchange/double-said.ts';
import { loadChain } from '../parties/chains.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { createAnchorReader, lineName } from './anchor-times.ts';
import type { AnchorReader, KnownKeys } from './anchor-times.ts';
import { entryTimes } from './facts.ts';
import { receiptsOf } from './receipts.ts';
import type { EntryPlace, LogCosigners } from './facts.ts';
import { officesOf, readStored } from './stored-statement.ts';
import type { StatementRow, StoredStatement } from './stored-statement.ts';
import { timingWitnesses } from './timing-witnesses.ts';

const listMax = 400;
const termsBytesMax = 262_144;

/** What a compilation takes from outside. */
export interface FoldInputDeps {
  self: string;
  ownOrigin: string;
  exercise: boolean;
  anchors: AnchorReader;
}

type Reader = StoreReader | StoreTransaction;

/** Whose side a docket is looked at from. */
export interface OwnSide {
  party: string;
  exercise: boolean;
}

/** What a compilation outside of the refolder takes; null while we have no credentials. */
export async function ownInputDeps(reader: Reader, self: OwnSide): Promise<FoldInputDeps | null> {
  const { party, exercise } = self;
  const chain = await loadChain(reader, party);
  if (chain === null) return null;
  const ownOrigin = newestVersion(chain).origin;
  return { self: party, ownOrigin, exercise, anchors: createAnchorReader() };
}

/** Everything read for one run, shared by its dockets. */
interface Material {
  deps: FoldInputDeps;
  chains: ReadonlyMap<string, Chain>;
  byDocket: ReadonlyMap<string, StoredStatement[]>;
  cited: ReadonlyMap<string, StoredStatement>;
  facts: ReadonlyMap<string, EntryFact>;
  receipts: ReadonlyMap<string, { party: string; place: EntryPlace }[]>;
  terms: { [digest: string]: Terms };
  knownKeys: KnownKeys;
}

/**
 * Inputs for each docket that has at least one statement. `supposed` are compiled as if they were
 * stored: a draft, so that its docket can be folded with it.
 */
export async function compileFoldInputs(
  reader: Reader,
  deps: FoldInputDeps,
  dockets: readonly string[],
  supposed: readonly StoredStatement[] = [],
): Promise<FoldInput[]> {
  const rows = await statementRows(reader, 'docket', dockets);
  const first = [...readable(rows), ...supposed];
  const all = [...first, ...(await saidAgain(reader, first))];
  const byDocket = Map.groupBy(all, ({ row }) => row.docket);
  const citedIds = [...new Set(all.flatMap(({ statement }) => statement.cites))];
  const citedRows = await statementRows(reader, 'id', citedIds);
  const cited = new Map(readable(citedRows).map((stored) => [stored.row.id, stored]));
  const concerned = [...all, ...cited.values()];
  const chains = await chainsOf(reader, concerned);
  const receipts = await receiptsOf(reader, deps, concerned, chains);
  const terms = await knownTerms(reader, deps.exercise, concerned);
  const timing = timingWitnesses(Object.values(terms));
  const facts = await factsOf(reader, concerned, receipts, cosignersOf(chains, timing));
  const knownKeys = keysOf(chains, timing);
  const material = { deps, chains, byDocket, cited, facts, receipts, terms, knownKeys };
  return dockets.flatMap((docket) => compileOne(material, docket) ?? []);
}

function compileOne(material: Material, docket: string): FoldInput | null {
  const { byDocket, chains, cited, terms, deps } = material;
  const stored = byDocket.get(docket);
  if (stored === undefined) return null;
  const opening = stored.find(({ row }) => row.id === docket);
  const channelParties = channelPartiesOf(stored, docket, deps.self);
  const citedHere = [...new Set(stored.flatMap(({ statement }) => statement.cites))].flatMap(
    (id) => cited.get(id) ?? [],
  );
  const parties = new Set([
    ...stored.flatMap(({ author, statement }) => [author, ...statement.to]),
    ...citedHere.map(({ statement }) => statement.from ?? ''),
  ]);
  const fold = (one: StoredStatement) => foldStatement(material, one, parties);
  const citations: FoldCitation[] = citedHere.map(fold);
  const pinned = opening?.statement.terms ?? null;
  return {
    docket,
    channelParties,
    statements: stored.map(fold),
    parties: [...parties].sort().flatMap((party) => {
      const chain = chains.get(party);
      return chain === undefined ? [] : [foldParty(chain)];
    }),
    terms: pinned === null ? null : (terms[pinned] ?? null),
    knownTerms: terms,
    citations,
  };
}

function foldStatement(
  material: Material,
  stored: StoredStatement,
  parties: ReadonlySet<string>,
): FoldStatement {
  const { row, statement, author } = stored;
  const said = factFor(material, saidPlace(row), parties);
  const held: { [party: string]: EntryFact } = {};
  for (const { party, place } of material.receipts.get(row.id) ?? []) {
    held[party] = factFor(material, place, parties);
  }
  const lines = JSON.parse(row.anchor_lines) as string[];
  const times = material.deps.anchors.times(statement.anchor, lines, material.knownKeys);
  return {
    id: row.id,
    statement,
    offices: officesOf(stored, material.chains.get(author)),
    listDigest: row.list_digest,
    said,
    held,
    anchorTimes: times ?? [],
    lacksAnchorLines: times === null,
  };
}

/**
 * A witness that is no party of the docket speaks for nobody in it: who else it may be known as must
 * not get into the digests, since the other side may not know it.
 */
function factFor(material: Material, place: EntryPlace, parties: ReadonlySet<string>): EntryFact {
  const { origin, index } = place;
  const fact = material.facts.get(placeName(place));
  if (fact === undefined) return { origin, index, ownTime: null, witnessTimes: [] };
  if (fact.witnessTimes.every(({ party }) => parties.has(party))) return fact;
  const witnessTimes = fact.witnessTimes.map((one) =>
    parties.has(one.party) ? one : { ...one, party: '' },
  );
  return { ...fact, witnessTimes };
}

function foldParty(chain: Chain): FoldParty {
  const { party, exercise, versions, delegations, frozen, bound } = chain;
  return {
    party,
    exercise,
    versions: versions.map(({ id, version, origin, index, body }) => ({
      id,
      version,
      origin,
      index,
      witnessKey: body.witnessKey,
      body,
    })),
    delegations,
    frozen,
    ...(bound === undefined ? {} : { bound }),
  };
}

function channelPartiesOf(
  stored: readonly StoredStatement[],
  docket: string,
  self: string,
): [string, string] | null {
  const others = new Set(stored.flatMap(({ author, statement }) => [author, ...statement.to]));
  for (const other of others) {
    if (other !== self && channelDocket(self, other) === docket) {
      return self < other ? [self, other] : [other, self];
    }
  }
  return null;
}

function readable(rows: readonly StatementRow[]): StoredStatement[] {
  return rows.flatMap((row) => readStored(row) ?? []);
}

/**
 * Statements that were said twice once more, as in their second entry: the fold takes the lower of
 * both (rulings.md, 12). The second was not judged when it came, so its signatures are verified.
 */
async function saidAgain(
  reader: Reader,
  first: readonly StoredStatement[],
): Promise<StoredStatement[]> {
  const byId = new Map(first.map((stored) => [stored.row.id, stored]));
  const lists = await secondLists(reader, [...byId.keys()]);
  return lists.flatMap(({ statement: id, listDigest, envelope, said }) => {
    const stored = byId.get(id);
    if (stored === undefined) return [];
    const place = { said_origin: said.origin, said_index: said.index, said_size: said.size };
    const row = { ...stored.row, list_digest: listDigest, refused: 'double-said', ...place };
    return [{ ...stored, row, envelope }];
  });
}

function saidPlace(row: StatementRow): EntryPlace {
  return { origin: row.said_origin, index: row.said_index, size: row.said_size };
}

function placeName({ origin, index, size }: EntryPlace): string {
  return `${origin} ${index} ${size}`;
}

async function statementRows(
  reader: Reader,
  column: 'docket' | 'id',
  values: readonly string[],
): Promise<StatementRow[]> {
  const rows: StatementRow[] = [];
  for (let start = 0; start < values.length; start += listMax) {
    rows.push(
      ...(await reader
        .selectFrom('statements')
        .select([
          'id',
          'docket',
          'author',
          'envelope',
          'list_digest',
          'anchor_lines',
          'said_origin',
          'said_index',
          'said_size',
          'own',
          'held_origin',
          'held_index',
          'held_size',
          'refused',
        ])
        .where(column, 'in', values.slice(start, start + listMax))
        .execute()),
    );
  }
  return rows;
}

async function chainsOf(
  reader: Reader,
  stored: readonly StoredStatement[],
): Promise<Map<string, Chain>> {
  const parties = new Set(stored.flatMap(({ author, statement }) => [author, ...statement.to]));
  const chains = new Map<string, Chain>();
  for (const party of parties) {
    const chain = await loadChain(reader, party);
    if (chain !== null) chains.set(party, chain);
  }
  return chains;
}

async function factsOf(
  reader: Reader,
  stored: readonly StoredStatement[],
  receipts: ReadonlyMap<string, { party: string; place: EntryPlace }[]>,
  cosigners: ReadonlyMap<string, LogCosigners>,
): Promise<Map<string, EntryFact>> {
  const places = new Map<string, EntryPlace>();
  for (const { row } of stored) {
    for (const place of [saidPlace(row), ...(receipts.get(row.id) ?? []).map((one) => one.place)]) {
      places.set(placeName(place), place);
    }
  }
  const list = [...places.values()];
  const times = await entryTimes(reader, list, cosigners);
  return new Map(times.map((fact, position) => [placeName(list[position] as EntryPlace), fact]));
}

// Every other party's witness keys speak about a log, and the witnesses that terms name for it; its
// owner's own-account keys apart.
function cosignersOf(
  chains: ReadonlyMap<string, Chain>,
  timing: ReadonlyMap<string, NoteKey[]>,
): Map<string, LogCosigners> {
  const result = new Map<string, LogCosigners>();
  for (const owner of chains.values()) {
    const witnesses = [...chains.values()]
      .filter(({ party }) => party !== owner.party)
      .flatMap(({ party, versions }) =>
        [...new Set(versions.map(({ body }) => body.witnessKey))].map((vkey) => ({ party, vkey })),
      );
    const ownAccount = [...new Set(owner.versions.map(({ body }) => body.ownAccountKey))];
    for (const origin of new Set(owner.versions.map(({ body }) => body.log.origin))) {
      const known = new Set(witnesses.map(({ vkey }) => vkey));
      const others = (timing.get(origin) ?? [])
        .map((key) => ({ party: '', vkey: formatVkey(key) }))
        .filter(({ vkey }) => !known.has(vkey));
      result.set(origin, { ownAccount, witnesses: [...witnesses, ...others] });
    }
  }
  return result;
}

function keysOf(
  chains: ReadonlyMap<string, Chain>,
  timing: ReadonlyMap<string, NoteKey[]>,
): KnownKeys {
  const keys = new Map<string, { key: NoteKey; vkey: string }>();
  for (const key of [...timing.values()].flat()) {
    keys.set(lineName(key), { key, vkey: formatVkey(key) });
  }
  for (const { versions } of chains.values()) {
    for (const { body } of versions) {
      const key = parseVkey(body.witnessKey);
      if (key.ok) keys.set(lineName(key.value), { key: key.value, vkey: formatVkey(key.value) });
    }
  }
  return keys;
}

/** Terms that the statements pin or agree to, by digest: from the store, and from channel.terms. */
async function knownTerms(
  reader: Reader,
  exercise: boolean,
  stored: readonly StoredStatement[],
): Promise<{ [digest: string]: Terms }> {
  const known: { [digest: string]: Terms } = {};
  for (const terms of Object.values(builtInTerms)) known[termsDigest(terms)] = terms;
  for (const { statement } of stored) {
    if (statement.kind !== 'channel.terms') continue;
    const terms = parseTerms(statement.body['terms'], exercise);
    if (terms.ok) known[termsDigest(terms.value)] = terms.value;
  }
  const wanted = [
    ...new Set(
      stored.flatMap(({ statement }) => (statement.terms === null ? [] : statement.terms)),
    ),
  ].filter((digest) => !Object.hasOwn(known, digest));
  if (wanted.length === 0) return known;
  const rows = await reader.selectFrom('terms').selectAll().where('digest', 'in', wanted).execute();
  for (const { digest, body } of rows) {
    const json = parseCanonicalJson(encodeText(body), termsBytesMax);
    const terms = json.ok ? parseTerms(json.value, exercise) : json;
    if (terms.ok) known[digest] = terms.value;
  }
  return known;
}
