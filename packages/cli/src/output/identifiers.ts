/**
 * Identifiers as people see and compare them.
 */

/** The first twelve characters: enough to tell apart on one node, never enough to compare aloud. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** The whole identifier in groups of four, eight groups a line, to compare with another officer. */
export function groupedId(id: string, indent = ''): string {
  const groups = id.match(/.{1,4}/g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < groups.length; at += 8) {
    lines.push(indent + groups.slice(at, at + 8).join(' '));
  }
  return lines.join('\n');
}

/** An identifier, or its beginning, read aloud or copied in groups of four; any other text as it is. */
export function ungrouped(text: string): string {
  const joined = text.replace(/\s+/gu, '');
  return /^\s*[0-9a-f]{4}(\s+[0-9a-f]{1,4})+\s*$/u.test(text) && joined.length <= 64
    ? joined
    : text;
}

/** `Northland` when the name is known, else the short identifier; both where names could mislead. */
export function partyWords(id: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(id);
  if (name === undefined || name === '') return shortId(id);
  const shared = [...names.values()].filter((other) => other === name).length > 1;
  return shared ? `${name} (${shortId(id)})` : name;
}
