/** A secret that cannot be printed by accident: logs, JSON, templates and inspectors show a placeholder. */
import { inspect } from 'node:util';

const SHOWN = '[secret]';

export class Secret {
  // A private field, so that spreading, cloning or iterating over the object finds nothing.
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself; for the one call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
