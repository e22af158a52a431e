/** What happens in an office meanwhile: the policy becomes another, and people leave and come back. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStintError } from '../../../contract/errors.js';
import type { PolicyShown } from '../../../workers/questions.js';
import { BROKEN_POLICY, type Law, policyText } from '../law.js';
import type { Absence, Applied, Notebook } from '../notebook.js';
import type { Topology } from '../topology/topology.js';
import { peopleFile, type StormPerson, type World } from '../world.js';

export interface OfficeDeps {
  readonly world: World;
  readonly topology: Topology;
  readonly notebook: Notebook;
  readonly folder: string;
}

export interface Office {
  /** Applies the strict policy, then one with a mistake; after so many milliseconds, or when it is over, the plain one again. */
  reload(ms: number, over: AbortSignal): string;
  /** Somebody leaves (`whom`: a share of all), and is back after so many milliseconds, or when it is over. */
  leave(whom: number, ms: number, over: AbortSignal): string;
  /** Resolves when the plain policy is in force and everybody is back. */
  closed(): Promise<void>;
}

const AGAIN_MS = 400;
/** A product that is killed again and again takes a policy in the end. */
const PATIENCE_MS = 120_000;

export function openOffice({ world, topology, notebook, folder }: OfficeDeps): Office {
  const left = new Set<string>();
  const going = new Set<Promise<void>>();
  let reloading = false;

  /** In one step, as an operator is told to. */
  function writePeople(): void {
    writeFileSync(join(folder, 'people.next'), peopleFile(world, left));
    renameSync(join(folder, 'people.next'), join(folder, 'people.yaml'));
  }

  /** What is said of an answer that was lost is found out: which one is in force. */
  async function apply(law: Law): Promise<void> {
    const note: Applied = { law, from: Date.now(), to: Number.POSITIVE_INFINITY };
    notebook.laws.push(note);
    const text = policyText(law);
    const order = { ask: 'apply-policy', text, name: 'policy.yaml', operator: 'storm' } as const;
    for (const end = Date.now() + PATIENCE_MS; ; await sleep(AGAIN_MS)) {
      const taken = await topology.ask(order).then(
        () => true,
        () => false,
      );
      const now = taken ? undefined : await topology.ask<PolicyShown>({ ask: 'policy-in-force' }).catch(() => undefined);
      if (taken || now?.text === text) break;
      if (Date.now() > end) throw new Error(`the ${law} policy could not be applied within ${PATIENCE_MS / 1000} s`);
    }
    note.to = Date.now();
  }

  /** Sent until it is answered: the refusal has to be the policy's own. */
  async function mistake(): Promise<void> {
    const order = { ask: 'apply-policy', text: BROKEN_POLICY, name: 'policy.yaml', operator: 'storm' } as const;
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(AGAIN_MS)) {
      const said = await topology.ask(order).then(
        () => 'taken',
        (error: unknown) => (isStintError(error) ? error.code : 'lost'),
      );
      if (said === 'taken') notebook.mistakesTaken.push(Date.now());
      if (said === 'taken' || said === 'bad-policy') return;
    }
  }

  function go(what: Promise<void>): void {
    const one = what.catch((error: unknown) => void notebook.log.push(`${new Date().toISOString()} office: ${error}`));
    going.add(one);
    void one.then(() => going.delete(one));
  }

  const pause = (ms: number, over: AbortSignal) => sleep(ms, undefined, { signal: over }).catch(() => undefined);

  async function reloaded(ms: number, over: AbortSignal): Promise<void> {
    try {
      await apply('strict');
      await mistake();
      await pause(ms, over);
    } finally {
      await apply('plain');
      reloading = false;
    }
  }

  async function away({ id }: StormPerson, ms: number, over: AbortSignal): Promise<void> {
    left.add(id);
    writePeople();
    const absence: Absence = { personId: id, from: Date.now(), to: Number.POSITIVE_INFINITY };
    notebook.absences.push(absence);
    await pause(ms, over);
    absence.to = Date.now();
    left.delete(id);
    writePeople();
  }

  return {
    reload(ms, over) {
      if (reloading) throw new Error('another policy is on its way');
      reloading = true;
      go(reloaded(ms, over));
      return `strict for ${ms} ms`;
    },
    leave(whom, ms, over) {
      const deciding = [...world.it, ...world.security];
      // Those who decide are few, and leave as often as all others.
      const [one, other] = whom < 0.5 ? [deciding, whom * 2] : [world.askers, whom * 2 - 1];
      const person = one[Math.floor(other * one.length)];
      if (!person) throw new Error('nobody to leave');
      if (left.has(person.id)) throw new Error(`${person.id} has left already`);
      go(away(person, ms, over));
      return `${person.id} for ${ms} ms`;
    },
    closed: async () => {
      await Promise.all(going);
    },
  };
}
