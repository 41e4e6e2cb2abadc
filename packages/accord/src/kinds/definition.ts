/** What a kind is: its authority, where it may stand, its schema and its sentence. */
import type { z } from 'zod';
import type { Level } from '@comity/record';

/** What a docket is about; `other` for a docket that nothing in this fold version opens. */
export type DocketType = 'channel' | 'assurance' | 'incident' | 'allegation' | 'party' | 'other';

/** A kind whose body has type B. `opens` names the docket that a statement of it starts. */
export type KindDefinition<K extends string = string, B = unknown> = {
  kind: K;
  opens: DocketType | null;
  /** Dockets in which it may stand. Elsewhere it is void `wrong-docket`. */
  docketTypes: readonly DocketType[];
  schema: z.ZodType<B>;
  /** The least authority; `body` has passed the schema. */
  level(body: B): Level;
  /** Participants other than the author that the body names, and where; absent: it names none. */
  names?(body: B): { path: string; parties: readonly string[] };
  /** One plain English sentence without the author's name: "acknowledges the notification". */
  words(body: B): string;
};

/** Keeps the literal kind and the body's type; the definition is checked where it is written. */
export function define<const K extends string, B>(
  definition: KindDefinition<K, B>,
): KindDefinition<K, B> {
  return definition;
}

/** The English text, else the first in the order of language tags, cut to one line. */
export function readText(text: { [language: string]: string }, unitsMax = 120): string {
  const first = Object.keys(text).sort()[0];
  const chosen = text['en'] ?? (first === undefined ? '' : (text[first] ?? ''));
  return oneLine(chosen, unitsMax);
}

/** A text cut to one line of at most `unitsMax` UTF-16 code units, surrogate pairs kept whole. */
export function oneLine(text: string, unitsMax = 120): string {
  const line = text.split('\n')[0] ?? '';
  if (line.length <= unitsMax) return line;
  return `${line.slice(0, unitsMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
