/** Public surface of interop: pure mappings between other people's formats and ours. */
export { readFiat } from './fiat.ts';
export { fiatQuestions, type FiatQuestion } from './fiat-questions.ts';
export { readEurepoc, type EurepocImport } from './eurepoc.ts';
export { importPlan, type ImportPlan } from './import-plan.ts';
export { importKey } from './quote-body.ts';
export type {
  Contradiction,
  ImportRow,
  QuoteBody,
  QuoteSource,
  QuotedAllegation,
  QuotedAnswer,
  QuotedEvidence,
  QuotedRespondent,
  SourceRow,
} from './quote-body.ts';
export { quoteText, readableText, type QuotedText } from './quoted-text.ts';
export { parseMonthDayYear, parseYearMonthDay, type QuotedDate } from './quoted-date.ts';
export { parsePythonList, type PythonList, type PythonValue } from './python-list.ts';
export type { Import } from './reading.ts';
export { readTable, type RowError, type Table, type TableRow } from './table.ts';
export { quoteBodyBytesMax } from './limits.ts';
