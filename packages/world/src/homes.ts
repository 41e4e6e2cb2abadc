/** Reads and completes the configuration of exercise homes before their nodes start. */
import { readFile, writeFile } from 'node:fs/promises';
import { formatVkey } from '@comity/record';
import { homeLayout, readNodeKeys } from '@comity/node';

export interface HomeDescription {
  party: string;
  /** vkey of its log. */
  vkey: string;
  /** vkey of its witness key. */
  witnessKey: string;
  /** HOST:PORT of its exchange listener. */
  exchange: string;
}

interface ConfigText {
  exchange: string;
  witnessFor?: { vkey: string }[];
}

async function readConfig(home: string): Promise<ConfigText> {
  return JSON.parse(await readFile(homeLayout(home).config, 'utf8')) as ConfigText;
}

/** What others need to know of a home made by the exercise. */
export async function describeHome(home: string, party: string): Promise<HomeDescription> {
  const opened = await readNodeKeys(homeLayout(home), null);
  if (!opened.ok) throw new Error(`${home}: ${opened.code}`);
  const { logSigner, witnessSigner } = opened.value.keys;
  const { exchange } = await readConfig(home);
  return {
    party,
    vkey: formatVkey(logSigner.key),
    witnessKey: formatVkey(witnessSigner.key),
    exchange,
  };
}

/** Tells the witness whose logs it cosigns. Takes effect at its next start. */
export async function allowLogs(
  witness: { home: string },
  logs: readonly { vkey: string }[],
): Promise<void> {
  const config = await readConfig(witness.home);
  const witnessFor = logs.map(({ vkey }) => ({ vkey }));
  const text = JSON.stringify({ ...config, witnessFor }, null, 2);
  await writeFile(homeLayout(witness.home).config, `${text}\n`);
}
