/** What stands in a history, and what must not: checked on those that the real server wrote. */
import { temporal } from '@temporalio/proto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../seal/canonical.js';
import { ada, REASON } from '../fixtures/people.js';
import { COMMENT, type HistoryEvent, history, type Recorded, recorded } from './histories.js';

interface Payload {
  readonly data: Uint8Array;
}

function isPayload(value: object): value is Payload {
  return 'data' in value && value.data instanceof Uint8Array;
}

/** Every payload within, as text. */
function payloads(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if (isPayload(value)) return [Buffer.from(value.data).toString('utf8')];
  return Object.values(value).flatMap(payloads);
}

function summaryOf(event: HistoryEvent): string {
  const data = event.userMetadata?.summary?.data;
  return data ? String(JSON.parse(Buffer.from(data).toString('utf8'))) : '';
}

/** The kind and attributes of an event. */
function attributesOf(event: HistoryEvent): readonly [string, { readonly workflowTaskCompletedEventId?: unknown }] {
  const found = Object.entries(event).find(([key, value]) => key.endsWith('EventAttributes') && value);
  return found ? [found[0].replace('EventAttributes', ''), found[1]] : ['', {}];
}

/** What the workflow asked for in the task that ended with this event. */
function commandsOf({ events }: Recorded, taskCompleted: HistoryEvent): string[] {
  return events.flatMap((event) => {
    const [kind, attributes] = attributesOf(event);
    if (String(attributes.workflowTaskCompletedEventId) !== String(taskCompleted.eventId)) return [];
    const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
    return [activity ? `${kind} ${activity}` : kind];
  });
}

const all = recorded();

describe('secrets and free text', () => {
  const everything = (each: Recorded) => [each.text, ...payloads(each.history)].join('\n');

  test('no reason and no comment is in any history; their digests are', () => {
    for (const each of all) {
      const text = everything(each);
      for (const free of [REASON, COMMENT, 'printer driver', 'ticket 4711']) expect(text, each.name).not.toContain(free);
    }
    expect(everything(history('expired'))).toContain(sha256(REASON));
    expect(everything(history('expired'))).toContain(sha256(COMMENT));
    expect(everything(history('denied'))).toContain(sha256(COMMENT));
  });

  test('nothing that looks like a token, a key or a path of the machine is in any history', () => {
    const shapes = [
      /xox[a-z]-/,
      /xapp-/,
      /Bearer\s/i,
      /-----BEGIN/,
      /\bAKIA[0-9A-Z]{16}/,
      /\beyJ[A-Za-z0-9_-]+\.eyJ/,
      /\/(home|root|Users|tmp)\//,
    ];
    for (const each of all) for (const shape of shapes) expect(everything(each), each.name).not.toMatch(shape);
  });

  test('a worker is named without its machine', () => {
    const identities = all.flatMap((each) => [...each.text.matchAll(/"[a-zA-Z]*[iI]dentity":"([^"]*)"/g)].map((m) => m[1]));
    expect(new Set(identities)).toEqual(new Set(['stint']));
    for (const each of all) expect(each.text, each.name).not.toMatch(/"\d+@/);
  });

  test('search attributes hold ids and words of ours only', () => {
    const values = all.flatMap((each) =>
      each.events.flatMap((event) => payloads(event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes)),
    );
    expect(values.length).toBeGreaterThan(20);
    for (const value of values) {
      // An account, a set and a user's id together are up to 84 long; a store of the server holds 255.
      expect(value).toMatch(/^(null|"[A-Za-z0-9][A-Za-z0-9._/@+-]{0,83}"|\[.*\])$/);
      for (const free of [ada.name, 'ada-mac', REASON]) expect(value).not.toContain(free);
    }
  });
});

describe('the timeline of the Web UI', () => {
  test('names every timer and every activity', () => {
    const nameless = all.flatMap((each) =>
      each.events
        .filter((event) => event.timerStartedEventAttributes || event.activityTaskScheduledEventAttributes)
        .filter((event) => summaryOf(event).length < 3)
        .map((event) => `${each.name} ${event.eventId} ${attributesOf(event)[0]}`),
    );
    expect(nameless).toEqual([]);
  });

  test('names every signal and every update', () => {
    const names = all.flatMap((each) =>
      each.events.flatMap((event) => {
        const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name;
        const signal = event.workflowExecutionSignaledEventAttributes?.signalName;
        return update ?? signal ?? [];
      }),
    );
    expect(names).toEqual(expect.arrayContaining(['approve', 'deny', 'revoke', 'end', 'withdraw', 'claim', 'confirm']));
    expect(names.every((name) => name.length > 2)).toBe(true);
  });
});

describe('the order of things', () => {
  test('at the deadline the revoke is the only command of its workflow task', () => {
    for (const [name, revoke] of [
      ['expired', 'revokeAt'],
      ['extension', 'revokeAt'],
      ['polled-expired', 'revokeAt'],
      // As it was before the revoke was handed out ahead.
      ['without-lead-expired', 'revokeOnce'],
      ['without-lead-extension', 'revokeOnce'],
    ] as const) {
      const run = history(name);
      const timers = new Map(
        run.events.flatMap((event) => {
          const id = event.timerStartedEventAttributes?.timerId;
          return id ? [[id, summaryOf(event)] as const] : [];
        }),
      );
      const fired = run.events.findLastIndex(
        (event) => timers.get(event.timerFiredEventAttributes?.timerId ?? '') === 'deadline',
      );
      const task = run.events.slice(fired).find((event) => event.workflowTaskCompletedEventAttributes);
      if (fired < 0 || !task) throw new Error(`no deadline in ${name}`);
      expect(commandsOf(run, task), name).toEqual([`activityTaskScheduled ${revoke}`]);
    }
  });

  test('nothing but the end of the elevation is asked for between the deadline and the first attempt to revoke', () => {
    const run = history('expired');
    const revoke = run.events.findIndex((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === 'revokeAt');
    const id = run.events[revoke]?.eventId;
    const answered = run.events.findIndex((e) => String(e.activityTaskCompletedEventAttributes?.scheduledEventId) === String(id));
    expect(answered).toBeGreaterThan(revoke);
    const between = run.events.slice(revoke + 1, answered).map((event) => attributesOf(event)[0]);
    expect(
      between.filter(
        (kind) => !/^(activityTaskStarted|workflowTask|workflowExecutionTimeSkipping|workflowExecutionOptions)/.test(kind),
      ),
    ).toEqual([]);
  });

  test('the target is taken before the grant is called', () => {
    const names = history('expired').events.flatMap((e) => e.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    expect(names.indexOf('arm')).toBeGreaterThan(0);
    expect(names.indexOf('grant')).toBeGreaterThan(names.indexOf('arm'));
    expect(names.filter((name) => name === 'grant')).toHaveLength(1);
  });
});

describe('a run of what is polled', () => {
  const runs = all.filter(({ name }) => name.startsWith('polled-'));
  /** What the first activity of that name was given. */
  const given = (run: Recorded | undefined, name: string) => {
    const found = run?.events.find((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === name);
    return payloads(found?.activityTaskScheduledEventAttributes?.input);
  };

  test('is of an AWS permission set, and nothing of a Mac is in it', () => {
    expect(runs.length).toBeGreaterThan(0);
    for (const run of runs) {
      expect(given(run, 'grant')[0], run.name).toContain('"kind":"aws-permission-set"');
      expect(payloads(run.history).join(), run.name).not.toContain('mac-admin');
    }
  });

  test.each([
    ['polled-expired', 'revokeAt', '"absent"'],
    ['polled-revoked', 'revokeOnce', '"absent"'],
    ['polled-had-already', 'revokeOnce', '"present"'],
    // Nothing was told of it: the instant since which something may be there.
    ['polled-revoked-early', 'revokeOnce', expect.stringMatching(/^"\d{4}-.*Z"$/)],
  ])('tells its revoke what it knows of the time before: %s', (name, activity, known) => {
    const run = runs.find((each) => each.name === name);
    expect(given(run, activity).at(-1)).toEqual(known);
  });
});

describe('size', () => {
  const { History } = temporal.api.history.v1;
  /** Events and bytes as a server keeps them, without what only the tests' time skipping adds. */
  const measure = ({ events }: Recorded) => {
    const own = events.filter(
      (e) => !e.workflowExecutionTimeSkippingTransitionedEventAttributes && !e.workflowExecutionOptionsUpdatedEventAttributes,
    );
    return { events: own.length, bytes: History.encode({ events: own }).finish().length };
  };

  test.each(['expired', 'polled-expired'])('of an ordinary elevation stays far from every limit of the server: %s', (name) => {
    const { events, bytes } = measure(history(name));
    // The server warns at 10,240 events or 10 MB; an elevation that grows past this has begun to talk too much.
    expect(events).toBeLessThanOrEqual(160);
    expect(bytes).toBeLessThanOrEqual(120_000);
  });

  test('a run that is denied at once stays small', () => {
    expect(measure(history('denied')).events).toBeLessThanOrEqual(60);
  });
});
