/**
 * Pinning what a form asks for may take AWS longer than Slack waits. Somebody who is told to press again joins what is
 * under way, or takes what it came to a moment ago; whoever judges the request asks anew in any case.
 */
import type { Person } from '../contract/ports.js';
import type { Pinned, Preview } from '../contract/preview.js';

/** For how long an answer that came too late for its form may be taken, in ms. */
const KEPT_MS = 15_000;

interface Pin {
  readonly job: Promise<Pinned>;
  /** When it came; not yet, when undefined. */
  doneAt?: number;
}

/** `form` names the form that asks: another form, or another choice, is asked for anew. */
export type Pins = (form: string, person: Person, key: string, subject: Person) => Promise<Pinned>;

export function createPins(deps: { readonly preview: Preview; readonly clock: () => number }): Pins {
  const pins = new Map<string, Pin>();

  function begin(name: string, ...asked: Parameters<Preview['pin']>): Promise<Pinned> {
    const pin: Pin = { job: deps.preview.pin(...asked) };
    pins.set(name, pin);
    pin.job.then(
      () => {
        pin.doneAt = deps.clock();
      },
      () => pins.delete(name),
    );
    return pin.job;
  }

  return async (form, person, key, subject) => {
    const now = deps.clock();
    for (const [name, { doneAt }] of pins) if (doneAt !== undefined && now - doneAt >= KEPT_MS) pins.delete(name);
    const name = JSON.stringify([form, person.personId, subject.personId, key]);
    return pins.get(name)?.job ?? begin(name, person, key, subject);
  };
}
