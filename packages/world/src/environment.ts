/** The environment that nodes of a world run in. */

/**
 * Our own environment without COMITY_* variables, which are meant for a node of one's own: with
 * COMITY_DATABASE all parties of a world would write in one database.
 */
export function worldEnvironment(): { [name: string]: string } {
  const kept: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !name.startsWith('COMITY_')) kept[name] = value;
  }
  return kept;
}
