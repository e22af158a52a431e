/** What would become of it if it were sent now: who will be asked, and what conditions apply. */
import { bullets, lines } from '../blocks.js';
import { foreign, type Sentence, strong } from '../say.js';
import type { Part } from './part.js';

/** More lines than this are none that a rule can make. */
const SHOWN = 8;

export const outlookPart: Part = ({ outlook }) => {
  if (outlook === undefined) return [];
  if (typeof outlook === 'string')
    return [lines(['⏳ ', strong("Who will be asked can't be told now. "), foreign(outlook, 600)])];
  const items = outlook.lines.slice(0, SHOWN).map(({ title, says }): Sentence => [strong(`${title}: `), foreign(says, 360)]);
  const { refusals } = outlook;
  return [
    ...(refusals.length > 0 ? [lines(['🚫 ', strong('Not possible now: '), foreign(refusals.join(' '), 900)])] : []),
    ...(items.length > 0 ? [bullets(items)] : []),
  ];
};
