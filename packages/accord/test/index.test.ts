import { expect, it } from 'vitest';
import * as accord from '../src/index.ts';

it('exports these values and no others', () => {
  expect(Object.keys(accord).sort()).toEqual([
    'assuranceDigest',
    'builtInTerms',
    'chainOf',
    'dueAt',
    'effectOf',
    'exerciseTerms',
    'fold',
    'headsOf',
    'heartbeatLeaf',
    'heartbeatRoot',
    'inputDigest',
    'isActKind',
    'kinds',
    'levelOf',
    'meaning',
    'misnamedParty',
    'nominalSeconds',
    'obligationId',
    'obligationRules',
    'parseBody',
    'parseTerms',
    'refusalCodes',
    'stateDigest',
    'termsDigest',
    'termsSchema',
    'view',
    'voidReasons',
    'voidWords',
    'waitingIn',
  ]);
});
