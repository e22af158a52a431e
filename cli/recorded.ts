/** What was recorded, as lines for a person. */
import { type AnyEvent, wordsOf } from '../contract/events.js';
import type { Shown } from '../workers/questions.js';

/** One line for each entry, and below it what somebody wrote with it. `detail`: what the line says beyond when, what and who. */
export function recordedLines(
  { timeline, words }: Pick<Shown, 'timeline' | 'words'>,
  detail: (event: AnyEvent) => string = () => '',
): readonly string[] {
  const width = Math.max(18, ...timeline.map(({ type }) => type.length));
  return timeline.flatMap((event) => {
    const said = words[wordsOf(event) ?? ''];
    const who = event.actor.personId ?? event.actor.serial ?? event.actor.via;
    const line = `${event.at}  ${event.type.padEnd(width)} ${who}  ${plainLine(detail(event))}`.trimEnd();
    return said === undefined ? [line] : [line, `${' '.repeat(26)}"${plainLine(said)}"`];
  });
}

/** The words of others, without what a terminal would obey. */
export function plainLine(text: string): string {
  return text.replace(/\p{C}/gu, ' ');
}
