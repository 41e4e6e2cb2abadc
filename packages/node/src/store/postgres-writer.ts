/**
 * The one writing connection to PostgreSQL, in the shape of a pool for Kysely.
 *
 * It holds an advisory lock for its session, so that two nodes never write one log. If the
 * connection breaks, the transaction in it fails and the next one connects and locks anew.
 */
import type { PostgresPoolClient } from 'kysely';
import pg from 'pg';

/** "comi" in ASCII: the class of our advisory locks; the object is the schema's name. */
const lockClass = 0x636f6d69;
/** A killed process's lock stands until the server notices; wait that long before giving up. */
const lockWaitMs = 5_000;
const lockPollMs = 100;

export class PostgresWriter {
  readonly options: object = {};
  readonly #url: string;
  readonly #types: pg.CustomTypesConfig;
  #client: pg.Client | null = null;
  #ended = false;

  constructor(url: string, types: pg.CustomTypesConfig) {
    this.#url = url;
    this.#types = types;
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.#ended) throw new Error('the store is closed');
    this.#client ??= await this.#open();
    const client = this.#client;
    return {
      query: client.query.bind(client),
      release: () => undefined,
    };
  }

  async end(): Promise<void> {
    this.#ended = true;
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.#url, types: this.#types });
    const forget = (): void => {
      if (this.#client === client) this.#client = null;
    };
    client.on('error', forget);
    client.on('end', forget);
    await client.connect();
    try {
      await client.query('set synchronous_commit = on');
      await takeLock(client);
    } catch (error) {
      await client.end();
      throw error;
    }
    return client;
  }
}

async function takeLock(client: pg.Client): Promise<void> {
  const deadline = Date.now() + lockWaitMs;
  for (;;) {
    const answer = await client.query<{ locked: boolean }>(
      'select pg_try_advisory_lock($1, hashtext(current_schema())) as locked',
      [lockClass],
    );
    if (answer.rows[0]?.locked === true) return;
    if (Date.now() >= deadline) throw new Error('another process writes in this database');
    await new Promise((resolve) => setTimeout(resolve, lockPollMs));
  }
}
