/**
 * One change, told to the store and to Slack in one call: the workflow's first attempt at both. Each part is tried once
 * and its fate is reported; nothing here fails or retries. What was refused or lost is left to the calls that the workflow
 * makes for it alone.
 */
import type { Letter, News, NewsDuties, SlackDuties, StoreDuties, Told } from '../contract/duties.js';

export interface NewsDeps {
  readonly store: Pick<StoreDuties, 'append'>;
  readonly slack: SlackDuties;
  /** Runs work while telling Temporal that it goes on, so that a worker that died is noticed within seconds. */
  readonly beating: <T>(work: () => Promise<T>) => Promise<T>;
}

/** The activity on the queue for news. */
export function createNews({ store, slack, beating }: NewsDeps): NewsDuties {
  return {
    publish: (news) =>
      beating(async () => {
        const [written, told] = await Promise.all([write(store, news), tell(slack, news)]);
        return { written, ...told };
      }),
  };
}

function write(store: NewsDeps['store'], { events, fence }: News): Promise<boolean> {
  return events.length > 0 || fence ? succeeds(store.append(events, fence)) : Promise.resolve(true);
}

/** The card first, for lines hang on it; after the first failure nothing more is asked of Slack in this call. */
async function tell(slack: SlackDuties, { view, paint, letters }: News): Promise<Omit<Told, 'written'>> {
  const painted = paint ? await succeeds(slack.paint(view)) : true;
  const sent: boolean[] = [];
  let well = painted;
  for (const letter of letters) {
    well &&= await succeeds(send(slack, letter, letter.view ?? view));
    sent.push(well);
  }
  return { painted, sent };
}

function send(slack: SlackDuties, letter: Letter, view: News['view']): Promise<void> {
  switch (letter.to) {
    case 'subject':
      return slack.dm(letter.kind, view);
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
