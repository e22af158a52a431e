/**
 * One change, told to the store and to Slack in one call: the workflow's first attempt at both. Each part is tried once
 * and its fate is reported; nothing here fails or retries. What was refused or lost is left to the calls that the workflow
 * makes for it alone.
 */
import type { Letter, News, NewsDuties, SlackDuties, StoreDuties } from '../contract/duties.js';
import type { HeadStart } from './head-start.js';
import { within } from './within.js';

export interface NewsDeps {
  readonly store: Pick<StoreDuties, 'append'>;
  readonly slack: SlackDuties;
  /** Runs work while telling Temporal that it goes on, so that a worker that died is noticed within seconds. */
  readonly beating: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whom the telling lets go first. Left out where nothing is granted. */
  readonly headStart?: Pick<HeadStart, 'left'>;
  /** How long either part may take, in ms; 3 s by default. */
  readonly patienceMs?: number;
}

/** A part that takes longer is left to its own call: the ledger does not wait for a Slack that hangs, nor the card for a store. */
const PATIENCE_MS = 3_000;

/** The activity on the queue for news. What it gave up may still come through; its successor finds that, and does it once. */
export function createNews({ store, slack, beating, headStart, patienceMs = PATIENCE_MS }: NewsDeps): NewsDuties {
  return {
    publish: (news) =>
      beating(async () => {
        const { state, request } = news.view;
        if (state === 'granting') await headStart?.left(request.requestId);
        const told = { written: false, painted: false, sent: news.letters.map(() => false), over: false };
        const parts = [
          write(store, news).then((written) => {
            told.written = written;
          }),
          tell(slack, news, told),
        ];
        await within(patienceMs, Promise.all(parts));
        told.over = true;
        return { written: told.written, painted: told.painted, sent: [...told.sent] };
      }),
  };
}

function write(store: NewsDeps['store'], { events, fence }: News): Promise<boolean> {
  return events.length > 0 || fence ? succeeds(store.append(events, fence)) : Promise.resolve(true);
}

/** The card first, for lines hang on it; after the first failure nothing more is asked of Slack in this call. */
async function tell(
  slack: SlackDuties,
  { view, paint, letters }: News,
  told: { painted: boolean; readonly sent: boolean[]; readonly over: boolean },
): Promise<void> {
  told.painted = paint ? await succeeds(slack.paint(view)) : true;
  let well = told.painted;
  for (const [i, letter] of letters.entries()) {
    // Whoever was told that it did not come through sends it now.
    if (told.over) return;
    well &&= await succeeds(send(slack, letter, letter.view ?? view));
    told.sent[i] = well;
  }
}

function send(slack: SlackDuties, letter: Letter, view: News['view']): Promise<void> {
  switch (letter.to) {
    case 'subject':
      return slack.dm(letter.kind, view);
    case 'called':
      return slack.call(view);
    case 'thread':
      return slack.line(letter.kind, view, letter.key);
    case 'files':
      return slack.fileEvidence(view);
    case 'clicker':
      return slack.answer(view.request.requestId, letter.actor, letter.code);
  }
}

/** The reason is logged by the call that follows, which fails in the same way or succeeds. */
function succeeds(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}
