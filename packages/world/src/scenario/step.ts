/** What a step of the scenario is, and the few words that all of its matters share. */
import type { JsonValue } from '@comity/record';
import type { PartyName } from '../cast.ts';

/** Looks up what earlier steps made: statement ids by label, party ids by name, digests. */
export interface Refs {
  statement(label: string): string;
  party(name: PartyName): string;
  /** Digest of what is promised in an offer, by label. */
  promise(label: string): string;
  /** Now plus so many seconds, as a statement writes it. */
  inSeconds(seconds: number): string;
}

export interface Step {
  as: PartyName;
  kind: string;
  to: PartyName[];
  /** Label of the opening step; absent when this step opens a docket or is of the channel. */
  in?: string;
  /** Name for later steps. */
  label?: string;
  body: (refs: Refs) => { [member: string]: JsonValue };
  cites?: string[];
  /** Waits so many seconds first: an answer that comes late. */
  waitSeconds?: number;
  /** What is meant to come of it, where that is not an effect. */
  planned?: 'refused' | 'void';
}

export const en = (text: string) => ({ en: text });
export const reach = (office: string) => ({ office, languages: ['en'] });
export const N: PartyName = 'northland';
export const S: PartyName = 'southmark';
export const L: PartyName = 'laboratory';
