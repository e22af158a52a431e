/** The time at which something is to begin, as it is given on a command line: an instant, or what the clocks of a zone show. */

import { StintError } from '../../contract/errors.js';
import { type Instant, instant } from '../../contract/ids.js';
import { parseMoment } from '../../policy/calendar.js';
import { zoneProblem } from '../../policy/condition-schema.js';
import { dayOf, instantsOf, timeOf } from '../../policy/wall-time.js';
import { EXAMPLE_START, EXAMPLE_WALL_START } from '../example-start.js';
import { plain } from './client.js';

const WALL = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}) ([A-Za-z0-9_+/-]{1,64})$/;
const EXAMPLES = `such as ${EXAMPLE_START}, or ${EXAMPLE_WALL_START}`;

/** Throws `bad-input`, which names the option and the fix; also for a time that its clocks skip, or show twice. `now` in ms since 1970. */
export function startOf(text: string, now: number): Instant {
  const at = parseMoment(text.trim()) ?? wallStart(text.trim());
  if (at <= now) throw bad(`${plain(text)} has passed. Name a later time, or leave --start out to begin at once.`);
  return instant(at);
}

function wallStart(text: string): number {
  const [, date = '', time = '', zone = ''] = WALL.exec(text) ?? [];
  const [day, ms] = [dayOf(date), timeOf(time)];
  if (day === undefined || ms === undefined) throw bad(`must be a time with its offset from UTC or its zone, ${EXAMPLES}.`);
  const wrong = zoneProblem(zone);
  if (wrong !== undefined) throw bad(`${plain(zone)} ${wrong}.`);
  const [first, second] = instantsOf(zone, { day, ms });
  if (first === undefined) throw bad(`the clocks of ${zone} skip ${time} on ${date}. Name another time.`);
  if (second !== undefined)
    throw bad(
      `the clocks of ${zone} show ${time} twice on ${date}. Say which is meant: ${instant(first)} or ${instant(second)}.`,
    );
  return first;
}

const bad = (what: string): StintError => new StintError('bad-input', `--start: ${what}`);
