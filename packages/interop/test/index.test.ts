import { expect, it } from 'vitest';
import * as interop from '../src/index.ts';

it('exports these values and no others', () => {
  expect(Object.keys(interop).sort()).toEqual([
    'fiatQuestions',
    'importKey',
    'importPlan',
    'parseMonthDayYear',
    'parsePythonList',
    'parseYearMonthDay',
    'quoteBodyBytesMax',
    'quoteText',
    'readEurepoc',
    'readFiat',
    'readTable',
    'readableText',
  ]);
});
