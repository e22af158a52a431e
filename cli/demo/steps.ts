/**
 * A story without a person: each step waits for a fact with a deadline, told with times; the first that does not come is
 * named, and the exit code is 1.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { askSocket } from '../../workers/admin-socket.js';
import type { Shown } from '../../workers/questions.js';
import type { DemoHome } from './home.js';

export interface Step {
  readonly name: string;
  readonly withinS: number;
  /** Answers what was seen; undefined: not yet. Throws `Wrong` when waiting longer would not help. */
  readonly run: () => Promise<string | undefined>;
}

/** Something is not only late but wrong. */
export class Wrong extends Error {}

/** What a story found out that belongs into its result. */
export interface Found {
  requestId?: string;
  /** How long the access lasted after its confirmation, in seconds. */
  held?: number;
}

export interface Telling {
  readonly say: (line: string) => void;
  readonly json: boolean;
}

/** Runs the steps in order. The exit code: 0 when every step held, else 1. */
export async function tell(steps: readonly Step[], found: Found, { say, json }: Telling): Promise<number> {
  const done: { name: string; seconds: number; saw: string }[] = [];
  for (const step of steps) {
    const from = Date.now();
    const saw = await attempt(step);
    const seconds = (Date.now() - from) / 1000;
    if (!saw.ok) {
      say(`FAILED: ${step.name}: ${saw.why}`);
      finish(json, { ok: false, failed: step.name, why: saw.why, done });
      return 1;
    }
    done.push({ name: step.name, seconds, saw: saw.what });
    say(`${step.name}: ${saw.what}`);
  }
  say('the whole elevation went as it should');
  finish(json, { ok: true, requestId: found.requestId, heldSeconds: found.held, done });
  return 0;
}

function finish(json: boolean, result: object): void {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Repeats a step until it answers, or its time is up. */
async function attempt(step: Step): Promise<{ ok: true; what: string } | { ok: false; why: string }> {
  const end = Date.now() + step.withinS * 1000;
  let why = 'nothing of the kind was seen';
  while (Date.now() < end) {
    try {
      const what = await step.run();
      if (what !== undefined) return { ok: true, what };
    } catch (error) {
      if (error instanceof Wrong) return { ok: false, why: error.message };
      why = error instanceof Error ? error.message : String(error);
    }
    await sleep(200);
  }
  return { ok: false, why: `${why} (waited ${step.withinS} s)` };
}

/** The newest elevation in the store. */
export async function newest(home: DemoHome): Promise<Shown> {
  const ask = askSocket(home.folder);
  const rows = await ask<readonly { view: { request: { requestId: string } } }[]>({ ask: 'list', limit: 1 });
  return ask<Shown>({ ask: 'show', id: rows[0]?.view.request.requestId ?? 'none--' });
}
