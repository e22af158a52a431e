/** What is said while Stint is frozen: who ordered it, since when, why, and what to do. */
import type { Frozen } from '../contract/ports.js';
import { foreign, type Sentence, strong, utc, when } from './say.js';
import { oneLine } from './text.js';

const OPERATOR_MAX = 60;
const REASON_MAX = 300;

/** The line above every list. */
export function frozenLine({ since, operator, reason }: Frozen): Sentence {
  return [
    '🧊 ',
    strong('Stint is frozen: nothing new is granted.'),
    ' Since ',
    when(since),
    ', by ',
    foreign(operator, OPERATOR_MAX),
    ': ',
    foreign(reason, REASON_MAX),
  ];
}

/** The refusal, as plain text: escaped where it is shown, like every sentence of an error. */
export function frozenSentence({ since, operator, reason }: Frozen): string {
  const by = `${utc(since)} by ${oneLine(operator, OPERATOR_MAX)}: ${oneLine(reason, REASON_MAX)}`;
  return `Stint is frozen since ${by}. Nothing new is granted until an operator lifts the freeze; this was not carried out. What runs can still be ended. Ask again later.`;
}
