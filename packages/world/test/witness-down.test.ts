import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exerciseTerms } from '@comity/accord';
import { parseLogProof, parseNote, parseVkey } from '@comity/record';
import { databaseKinds } from './databases.ts';
import type { DatabaseKind } from './databases.ts';
import { TestPlace, notification, pair, untilEqual } from './parties.ts';
import type { TestParty } from './parties.ts';

let place: TestPlace;

beforeEach(async () => {
  place = await TestPlace.make();
});
afterEach(async () => {
  await place.remove();
}, 120_000);

interface Three {
  north: TestParty;
  south: TestParty;
  witness: TestParty;
}

/** Two paired nodes with a configured witness whose node does not run. */
async function withWitnessDown(kind: DatabaseKind, southKnows = true): Promise<Three> {
  const witness = await place.party({ name: 'Witness', kind });
  const witnesses = [{ vkey: witness.witnessVkey, url: `${witness.url}/witness` }];
  const north = await place.party({ name: 'Northland', kind, witnesses });
  const south = await place.party({
    name: 'Southmark',
    kind,
    witnesses: southKnows ? witnesses : [],
  });
  await witness.configure({ witnessFor: [{ vkey: north.logVkey }, { vkey: south.logVkey }] });
  await Promise.all([north.start(), south.start()]);
  await pair(north, south);
  return { north, south, witness };
}

/** Size of a party's log that this witness has cosigned, as the party's status says. */
async function cosignedBy(party: TestParty, witness: TestParty): Promise<number | null> {
  const { witnesses } = await party.desk.status();
  return witnesses.find(({ vkey }) => vkey === witness.witnessVkey)?.size ?? null;
}

/** Whether a statement's proof in our own log has a line of the witness. */
async function isInProof(party: TestParty, id: string, witness: TestParty): Promise<boolean> {
  const key = parseVkey(witness.witnessVkey);
  const text = await party.desk.file(`/statements/${id}/proof?at=self`);
  const proof = parseLogProof(new TextDecoder().decode(text));
  const note = proof.ok ? parseNote(proof.value.checkpoint) : proof;
  if (!note.ok || !key.ok) throw new Error('unreadable');
  return note.value.signatures.some(({ name, id: hash }) => {
    return name === key.value.name && hash === key.value.id;
  });
}

/** Both sides agree terms with these timing policies; a docket under them is open on both. */
async function agreeAndNotify(
  north: TestParty,
  south: TestParty,
  timing: string[],
): Promise<string> {
  const terms = { ...exerciseTerms(3600)['incidents-ict'], timing };
  const body = { terms: terms as never, replaces: null };
  for (const [one, other] of [
    [north, south],
    [south, north],
  ] as const) {
    await one.untilReceived(
      await one.desk.say({ kind: 'channel.terms', to: [other.party], docket: null, body }),
    );
  }
  const docket = await north.desk.say({
    kind: 'incident.notify',
    to: [south.party],
    docket: null,
    body: notification('Only the harbour tells the time'),
  });
  await north.untilReceived(docket);
  await untilEqual(north, south, docket);
  return docket;
}

describe.each(databaseKinds)('while a configured witness is down, on $name', (kind) => {
  it('statements flow without its time, and are completed when it comes up', async () => {
    const { north, south, witness } = await withWitnessDown(kind);
    const docket = await north.desk.say({
      kind: 'incident.notify',
      to: [south.party],
      docket: null,
      body: notification('Nobody watches'),
    });
    const message = await south.message(north, 'We see it.');
    await north.untilReceived(docket);
    await south.untilReceived(message);
    expect(await cosignedBy(north, witness)).toBeNull();
    expect(await isInProof(north, docket, witness)).toBe(false);

    await witness.start();
    for (const party of [north, south]) {
      const { size } = (await party.desk.status()).log;
      await party.until('its log is witnessed', async () => {
        return ((await cosignedBy(party, witness)) ?? 0) >= size;
      });
    }
    // The counterpart learns of it too, so that both can compute the same times.
    const query =
      `select size from cosignatures where origin = '${north.origin}' ` +
      `and vkey = '${witness.witnessVkey}'`;
    await south.until('the line came', async () => (await south.rows(query)).length > 0);
    await untilEqual(north, south, docket);
  }, 300_000);

  it('times stay unwitnessed where the terms ask for it, and are completed when it comes up', async () => {
    const { north, south, witness } = await withWitnessDown(kind);
    const timing = [
      `log ${north.logVkey}\nlog ${south.logVkey}\nwitness harbour ${witness.witnessVkey}\nquorum harbour\n`,
    ];
    const docket = await agreeAndNotify(north, south, timing);
    const timesOf = async (party: TestParty) => {
      const { statements, obligations } = await party.desk.docket(docket);
      return {
        witnessed: statements.map((statement) => statement.witnessed !== null),
        provisional: obligations.map((obligation) => obligation.provisional),
      };
    };
    const owed = (await timesOf(north)).provisional.length;
    expect(owed).toBeGreaterThan(0);
    for (const party of [north, south]) {
      expect(await timesOf(party)).toEqual({
        witnessed: [false],
        provisional: Array.from({ length: owed }, () => true),
      });
    }

    await witness.start();
    for (const party of [north, south]) {
      await party.until('the times are witnessed', async () => {
        const { witnessed, provisional } = await timesOf(party);
        return witnessed.every((is) => is) && provisional.every((is) => !is);
      });
    }
    await untilEqual(north, south, docket);
  }, 300_000);

  it('a side that only agreed to the witness, and did not configure it, computes the same', async () => {
    const { north, south, witness } = await withWitnessDown(kind, false);
    const timing = [
      `log ${north.logVkey}\nwitness harbour ${witness.witnessVkey}\nquorum harbour\n`,
    ];
    const docket = await agreeAndNotify(north, south, timing);
    await witness.start();
    for (const party of [north, south]) {
      await party.until('it is witnessed', async () => {
        return typeof (await party.shown(docket))?.witnessed === 'number';
      });
    }
    await untilEqual(north, south, docket);
  }, 300_000);
});

describe.each(databaseKinds)('with the counterpart as the only witness, on $name', (kind) => {
  it('a statement said while it is down is shown unwitnessed, and completed when it comes up', async () => {
    const north = await place.party({ name: 'Northland', kind });
    const south = await place.party({ name: 'Southmark', kind });
    await Promise.all([north.start(), south.start()]);
    await pair(north, south);
    await south.stop();
    const id = await north.message(south, 'Said to a closed door.');
    const before = await north.shown(id);
    expect(before).toMatchObject({ witnessed: null });
    expect(['logged', 'sent']).toContain(before?.deliveryState);

    await south.start();
    await north.untilReceived(id);
    for (const party of [north, south]) {
      await party.until('it is witnessed', async () => {
        return typeof (await party.shown(id))?.witnessed === 'number';
      });
    }
  }, 300_000);
});
