/**
 * Where a command says things. stdout carries the answer: one JSON document with --json, words
 * otherwise. stderr carries everything else: progress, warnings, what to do next.
 *
 * The exercise mark is put on here, in one place, so that no command can forget it.
 */
import { makeStyle, mayColour } from './style.ts';
import type { Style } from './style.ts';
import { shown, shownLines } from './foreign-text.ts';

export interface OutputStreams {
  stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  stderr: { write(text: string): unknown; isTTY?: boolean };
  environment: Readonly<Record<string, string | undefined>>;
}

export const exerciseLine = 'EXERCISE · EXERCISE · EXERCISE · nothing here is real';

export class Output {
  readonly json: boolean;
  readonly style: Style;
  readonly width: number;
  /** Set as soon as the home, the bundle or the statement is known to be an exercise's. */
  exercise = false;
  readonly #streams: OutputStreams;
  readonly #errorStyle: Style;

  constructor(json: boolean, streams: OutputStreams) {
    this.json = json;
    this.#streams = streams;
    this.style = makeStyle(!json && mayColour(streams.stdout, streams.environment));
    this.#errorStyle = makeStyle(mayColour(streams.stderr, streams.environment));
    this.width = Math.min(Math.max(streams.stdout.columns ?? 100, 60), 120);
  }

  /** The answer of a command: the document with --json, else the words. Called once. */
  answer(document: unknown, words: string): void {
    if (this.json) {
      this.#streams.stdout.write(`${JSON.stringify(this.#marked(document), null, 2)}\n`);
      return;
    }
    const text = words.endsWith('\n') || words === '' ? words : `${words}\n`;
    const mark = this.exercise ? `${this.style.exercise(exerciseLine)}\n` : '';
    this.#streams.stdout.write(`${mark}${text}${text.split('\n').length > 20 ? mark : ''}`);
  }

  /** A line of a long-running command on stdout (`start`, `exercise`); not with --json. */
  line(text: string): void {
    if (!this.json) this.#streams.stdout.write(`${text}\n`);
  }

  /** Progress and hints, on stderr. */
  note(text: string): void {
    this.#streams.stderr.write(`${text}\n`);
  }

  /** A warning, on stderr, also with --json. */
  warn(text: string): void {
    this.#streams.stderr.write(`${this.#errorStyle.alarm('warning:')} ${shown(text)}\n`);
  }

  /** How a command that failed ends: on stderr in words, with --json also one document on stdout. */
  failed(code: string, message: string, what: string | null): void {
    if (this.json) {
      const error = { code, message, ...(what === null ? {} : { what }) };
      this.#streams.stdout.write(`${JSON.stringify(this.#marked({ error }), null, 2)}\n`);
    }
    if (this.exercise) this.note(this.#errorStyle.exercise(exerciseLine));
    this.note(`${this.#errorStyle.alarm('error:')} ${shownLines(message)} (${shown(code)})`);
    if (what !== null) this.note(shownLines(what));
  }

  /** `exercise: true` in an object, and in each object of a list. */
  #marked(document: unknown): unknown {
    if (!this.exercise) return document;
    if (Array.isArray(document)) return document.map((item: unknown) => this.#marked(item));
    if (typeof document !== 'object' || document === null) return document;
    return { ...document, exercise: true };
  }
}
