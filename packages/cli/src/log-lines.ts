/**
 * Log lines of `comity start`: pino's JSON for machines, one plain line for a person at a terminal.
 */
import { pino } from 'pino';
import { makeStyle, mayColour } from './output/style.ts';
import { shown } from './output/foreign-text.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, string | number | boolean | null>;
export type LogWriter = (level: LogLevel, message: string, fields?: LogFields) => void;

interface LogStream {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** Each line names the party whose node it is. `human`: plain lines; otherwise JSON lines. Fields never carry what a statement says. */
export function makeLogWriter(
  stream: LogStream,
  human: boolean,
  verbose: boolean,
  environment: Readonly<Record<string, string | undefined>>,
  party: string,
): LogWriter {
  if (!human) {
    const logger = pino(
      {
        level: verbose ? 'debug' : 'info',
        base: { node: party },
        timestamp: pino.stdTimeFunctions.isoTime,
      },
      { write: (line: string) => void stream.write(line) },
    );
    return (level, message, fields) => logger[level](fields ?? {}, message);
  }
  const style = makeStyle(mayColour(stream, environment));
  return (level, message, fields) => {
    if (level === 'debug' && !verbose) return;
    const time = new Date().toISOString().slice(11, 19);
    const words = Object.entries(fields ?? {}).map(
      ([key, value]) => `${key}=${shown(String(value))}`,
    );
    const mark = level === 'warn' || level === 'error' ? `${style.alarm(`${level}:`)} ` : '';
    const details = words.length === 0 ? '' : ` ${style.quiet(words.join(' '))}`;
    stream.write(
      `${style.quiet(time)} ${style.strong(shown(party))}: ${mark}${shown(message)}${details}\n`,
    );
  };
}
