/** A whole world of real nodes on this machine: for the exercise, for tests and for the bench. */
export { runExercise } from './exercise.ts';
export type { ExerciseOptions } from './exercise.ts';
export { isSettled } from './report.ts';
export type { DocketReport, ExerciseReport } from './report.ts';
export { startNodeProcess } from './node-process.ts';
export type { NodeProcess } from './node-process.ts';
export { openDesk } from './officers-desk.ts';
export type { Act, OfficersDesk } from './officers-desk.ts';
export { pause, until } from './until.ts';
