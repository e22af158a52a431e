/** Where it goes, and what is kept of it. */
import { few } from '../../contract/few.js';
import { context, lines } from '../blocks.js';
import { KINDS } from '../kinds/index.js';
import { channel, foreign } from '../say.js';
import { oneLine } from '../text.js';
import type { Part } from './part.js';

export const goesToPart: Part = ({ shown, outlook }) => {
  if (shown.length === 0) return [context('Who decides is shown once you have chosen.')];
  // What is judged says it better.
  const names = typeof outlook === 'object' ? [] : [...new Set(shown.flatMap((offer) => offer.approverNames))];
  const to = oneLine(names.length === 0 ? 'the approvers' : few(names, 4), 200);
  const record = [...new Set(shown.map(({ kind }) => KINDS[kind].record))].join(', or ');
  const [room] = shown.length === 1 ? shown.map((offer) => offer.channel) : [];
  if (room === undefined) return [context(`Goes to ${to} · ${record}`)];
  return [lines(['Goes to ', foreign(to, 200), ' in ', channel(room), ` · ${record}`])];
};
