import { expect, it } from 'vitest';
import * as world from '../src/index.ts';

it('exports these values and no others', () => {
  expect(Object.keys(world).sort()).toEqual([
    'isSettled',
    'openDesk',
    'pause',
    'runExercise',
    'startNodeProcess',
    'until',
  ]);
});
