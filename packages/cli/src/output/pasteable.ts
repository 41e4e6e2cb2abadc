/**
 * Commands that we suggest, written so that they can be pasted into the same shell: begun as this
 * command was begun, and for the same home.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** `status` → `npx comity status --home north`; `home` as it was typed, or null. */
export function pasteable(words: string, home: string | null, environment: Environment): string {
  const where = home === null ? '' : ` --home ${shellWord(home)}`;
  return `${byNpx(environment) ? 'npx ' : ''}comity ${words}${where}`;
}

/** A name or path as one word of a shell. */
export function shellWord(text: string): string {
  if (/^[\w./:@%+,-]+$/u.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** npm says so in the environment of what `npx` runs. */
function byNpx(environment: Environment): boolean {
  return environment['npm_lifecycle_event'] === 'npx' || environment['npm_command'] === 'exec';
}
