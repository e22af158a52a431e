/** Limits: what counts against them, what is said when one is reached, and that one more, or a lower one, never widens anything. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import { type Instant, instant, type RequestId } from '../../contract/ids.js';
import type { Happened, Held, Limit, Usage } from '../../contract/limits.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { createCheckLimits } from '../../policy/entrance.js';
import { allLimits, limitsOf, limitTexts } from '../../policy/limit-file.js';
import { limitRefusals, NO_USAGE } from '../../policy/limits.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { approval, at, EVERYBODY, factsOf, GRACE, LINUS, MIN, NOW, policyOf, requestOf, roundOf } from './world.js';

const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const id = (name: string) => name.padEnd(26, 'a') as RequestId;
const request = requestOf();
const wanted = { request, kind: 'request', windowMs: request.windowMs } as const;

const asked = (name: string, ms: number, rule = 'macs'): Happened => ({ requestId: id(name), rule, at: at(ms) });
const span = (from: number, to: number) => ({ from: at(from), to: at(to) });
const past = (name: string, from: number, to: number, rule = 'macs'): Held => {
  return { requestId: id(name), rule, live: false, windowMs: to - from, notAfter: at(to), span: span(from, to) };
};
const live = (name: string, to: number, rule = 'macs'): Held => ({ ...past(name, to - 30 * MIN, to, rule), live: true });
const usage = (change: Partial<Usage>): Usage => ({ ...NO_USAGE, ...change });
const refusals = (limit: Limit, counted: Partial<Usage>, want: Parameters<typeof limitRefusals>[1] = wanted, now = NOW) =>
  limitRefusals([limit], want, usage(counted), now);

describe('a limit that is reached says which one it is, what counts, and when it opens again', () => {
  it('of elevations at once', () => {
    const held = [live('bbbb', 20 * MIN), live('cccc', 5 * MIN), past('dddd', -HOUR, -MIN)];
    expect(refusals({ live: 3 }, { held })).toEqual([]);
    expect(refusals({ live: 2 }, { held })).toEqual([
      'Ada may have at most 2 elevations at once, and has 2 (ccccaaaa, bbbbaaaa). It opens again when that is seen to have ended, which is due by 2026-03-02 09:05 UTC.',
    ]);
  });

  it('of requests in an hour', () => {
    const before = [asked('bbbb', -61 * MIN), asked('cccc', -59 * MIN), asked('dddd', -MIN), asked('eeee', MIN)];
    expect(refusals({ perHour: 3 }, { asked: before })).toEqual([]);
    expect(refusals({ perHour: 1 }, { asked: [asked('bbbb', -HOUR)] })).toEqual([]);
    expect(refusals({ perHour: 1 }, { asked: [asked('bbbb', 1 - HOUR)] })).toHaveLength(1);
    expect(refusals({ rule: 'macs', perHour: 2 }, { asked: before })).toEqual([
      'Ada may send at most 2 requests an hour by the rule macs, and has sent 2 (ddddaaaa, ccccaaaa). The next may be sent after 2026-03-02 09:01 UTC.',
    ]);
  });

  it('of access in a week', () => {
    const held = [past('bbbb', -7 * DAY - HOUR, -7 * DAY + HOUR), live('cccc', 20 * MIN)];
    expect(refusals({ perWeekMs: 100 * MIN }, { held })).toEqual([]);
    expect(refusals({ perWeekMs: 99 * MIN }, { held })).toEqual([
      'Ada may have 1h39m of access within seven days; 1h30m of it is used or promised, so 10m more is too much. There is room for it after 2026-03-02 09:01 UTC.',
    ]);
    expect(refusals({ perWeekMs: 9 * MIN }, {})[0]).toMatch(/So long a time is never given\.$/);
    // As long as all that is given: once nothing of it is used.
    expect(refusals({ perWeekMs: 10 * MIN }, { held: [past('bbbb', -DAY, HOUR - DAY)] })[0]).toMatch(
      /There is room for it after 2026-03-08 10:00 UTC\.$/,
    );
    // Between an hour that has half left the seven days and one that begins to: 60m are free when 30m of each are left.
    const overlapping = [past('bbbb', -7 * DAY - HOUR, -7 * DAY + HOUR), past('cccc', -7 * DAY + 30 * MIN, -7 * DAY + 90 * MIN)];
    expect(refusals({ perWeekMs: 70 * MIN }, { held: overlapping })[0]).toMatch(/after 2026-03-02 09:45 UTC\.$/);
  });

  it('of what the policy itself approved in a day', () => {
    const automatic = [asked('bbbb', -DAY), asked('cccc', MIN - DAY), asked('dddd', -MIN)];
    expect(refusals({ rule: 'macs', automaticPerDay: 3 }, { automatic })).toEqual([]);
    expect(refusals({ rule: 'macs', automaticPerDay: 2 }, { automatic })).toEqual([
      'The policy itself approves at most 2 requests of Ada a day by the rule macs, and approved 2 (ddddaaaa, ccccaaaa). It can again after 2026-03-02 09:01 UTC.',
    ]);
  });

  it.each([
    ['automaticPerHour', HOUR, 'an hour'],
    ['automaticPerWeek', 7 * DAY, 'a week'],
  ] as const)('of what the policy itself approved: %s', (cap, interval, said) => {
    const automatic = [asked('bbbb', -interval), asked('cccc', MIN - interval), asked('dddd', -MIN)];
    expect(refusals({ [cap]: 3 }, { automatic })).toEqual([]);
    const [only, ...more] = refusals({ [cap]: 2 }, { automatic });
    expect(more).toEqual([]);
    expect(only).toContain(
      `at most 2 requests of Ada ${said}, and approved 2 (ddddaaaa, ccccaaaa). It can again after 2026-03-02 09:01 UTC.`,
    );
    expect(refusals({ [cap]: 1 }, { automatic: [asked('cccc', MIN - interval)] })[0]).toContain('at most one request');
  });

  it('of the intervals each holds, and each that is full is said', () => {
    const automatic = [asked('bbbb', -30 * MIN), asked('cccc', -2 * HOUR), asked('dddd', -2 * DAY)];
    const of = (automaticPerHour: number, automaticPerDay: number, automaticPerWeek: number) =>
      refusals({ automaticPerHour, automaticPerDay, automaticPerWeek }, { automatic }).map(
        (text) => / an? (\w+)/.exec(text)?.[1],
      );
    expect(of(2, 3, 4)).toEqual([]);
    expect(of(1, 3, 4)).toEqual(['hour']);
    expect(of(2, 2, 4)).toEqual(['day']);
    expect(of(2, 3, 3)).toEqual(['week']);
    expect(of(1, 2, 3)).toEqual(['hour', 'day', 'week']);
  });

  it('of time after a revoke', () => {
    const revoked = [asked('bbbb', -20 * MIN), asked('cccc', -40 * MIN)];
    expect(refusals({ coolDownMs: 20 * MIN }, { revoked })).toEqual([]);
    expect(refusals({ live: 1 }, { revoked })).toEqual([]);
    expect(refusals({ coolDownMs: 30 * MIN }, { revoked })).toEqual([
      'Elevation bbbbaaaa of Ada was revoked by somebody else; for 30m after that nothing is granted. It opens again at 2026-03-02 09:10 UTC.',
    ]);
  });
});

describe('what counts', () => {
  it('of a rule is its own alone; of the file it is everything, and so is what has no rule on record', () => {
    const [own, other] = [live('bbbb', MIN), live('cccc', MIN, 'vault')];
    const { rule: _, ...unknown } = live('dddd', MIN);
    expect(refusals({ rule: 'macs', live: 2 }, { held: [own, other] })).toEqual([]);
    expect(refusals({ live: 2 }, { held: [own, other] })).toHaveLength(1);
    expect(refusals({ rule: 'macs', live: 2 }, { held: [own, unknown] })).toHaveLength(1);
  });

  it('is never the request itself', () => {
    const mine = { requestId: request.requestId, rule: 'macs' };
    const own: Usage = {
      asked: [{ ...mine, at: request.askedAt }],
      held: [{ ...live('bbbb', 30 * MIN), ...mine }],
      revoked: [{ ...mine, at: at(0) }],
      automatic: [{ ...mine, at: at(0) }],
    };
    expect(
      refusals(
        {
          live: 1,
          perHour: 1,
          perWeekMs: 10 * MIN,
          coolDownMs: HOUR,
          automaticPerHour: 1,
          automaticPerDay: 1,
          automaticPerWeek: 1,
        },
        own,
      ),
    ).toEqual([]);
  });

  it('of an extension is its own window too, and neither the number at once nor of requests', () => {
    const extension = { request, kind: 'extension', windowMs: 10 * MIN } as const;
    const held = [{ ...live('bbbb', 30 * MIN), requestId: request.requestId }, live('cccc', MIN)];
    expect(refusals({ live: 1, perHour: 1 }, { held, asked: [asked('dddd', -MIN)] }, extension)).toEqual([]);
    expect(refusals({ perWeekMs: 70 * MIN }, { held }, extension)).toEqual([]);
    expect(refusals({ perWeekMs: 69 * MIN }, { held }, extension)).toHaveLength(1);
  });

  it('of what was never confirmed is its whole window while it may come to be, and nothing once it is gone', () => {
    const { span: _, ...open } = live('bbbb', 4 * HOUR);
    expect(refusals({ perWeekMs: 39 * MIN }, { held: [open] })).toHaveLength(1);
    expect(refusals({ perWeekMs: 40 * MIN }, { held: [open] })).toEqual([]);
    expect(refusals({ perWeekMs: 10 * MIN }, { held: [{ ...open, live: false }] })).toEqual([]);
  });

  it('by the hour are the requests before it: of two at one moment one passes, whichever is judged first', () => {
    const twins = ['bbbb', 'cccc'].map((name) => requestOf({ requestId: id(name) }));
    const both = twins.map(({ requestId, askedAt }) => ({ requestId, at: askedAt }));
    const answers = twins.map((one) => refusals({ perHour: 1 }, { asked: both }, { ...wanted, request: one }));
    expect(answers.map((said) => said.length)).toEqual([0, 1]);
  });
});

describe('a decision under limits', () => {
  const limited = policyOf({ more: '    limits: { live: 1, perWeek: 20m }' });
  const question = { request, round: roundOf(request) };
  const over = (counted: Usage | undefined, votes = [approval(GRACE)], policy = limited) =>
    decide(policy, question, { ...factsOf(), ...(counted && { usage: counted }) }, votes, NOW);

  it('is a refusal while one is reached, whatever was voted, and names its limits for whoever arms', () => {
    const verdict = over(usage({ held: [live('bbbb', MIN)] }));
    expect(verdict).toMatchObject({ outcome: 'deny', limits: [{ rule: 'macs', live: 1, perWeekMs: 20 * MIN }] });
    expect(verdict.sentences[0]).toContain('at most one elevation at once by the rule macs');
    expect(over(NO_USAGE).outcome).toBe('satisfied');
  });

  it('is a refusal where nobody has counted', () => {
    expect(over(undefined)).toMatchObject({ outcome: 'deny' });
    expect(over(undefined, [], policyOf()).limits).toBeUndefined();
  });

  it('goes by the length that is approved, not by the one that was asked for', () => {
    expect(over(NO_USAGE, [approval(GRACE, 30 * MIN)]).outcome).toBe('deny');
    expect(over(NO_USAGE, [approval(GRACE, 30 * MIN), approval(LINUS, 15 * MIN)]).outcome).toBe('satisfied');
  });

  it('holds to the limits of then and of now', () => {
    const later = policyOf({ more: '    limits: { live: 2 }' });
    for (const [then, now] of [[limited, later] as const, [later, limited] as const]) {
      const facts = { ...factsOf(), usage: usage({ held: [live('bbbb', MIN)] }) };
      expect(decideBoth(then, now, question, facts, [], NOW)).toMatchObject({ outcome: 'deny' });
      expect(decideBoth(then, now, question, facts, [], NOW).limits).toHaveLength(2);
    }
  });
});

describe('at the entrance', () => {
  const check = (policy = policyOf(), of = async () => usage({ held: [live('bbbb', MIN)] })) =>
    createCheckLimits({ policy: async () => policy, directory: directoryFrom(EVERYBODY), usage: { of }, clock: () => NOW })(
      request,
    );
  const limited = policyOf({ more: '    limits: { live: 1 }' });
  const down = async () => Promise.reject(new Error('the store is down'));

  it('a limit that is reached is told before anything starts, and what can’t be counted is an error', async () => {
    await expect(check(limited)).rejects.toMatchObject({ code: 'limit-reached', sentence: expect.stringContaining('at once') });
    await expect(check(limited, down)).rejects.toThrow('the store is down');
  });

  it('nothing is counted where there are no limits, and other refusals are left to the admission', async () => {
    await expect(check(policyOf(), down)).resolves.toBeUndefined();
    await expect(check(policyOf({ ask: '{ groups: [it] }', more: '    limits: { live: 1 }' }))).resolves.toBeUndefined();
  });
});

describe('in the file', () => {
  const of = (ofFile: string, ofRule: string) =>
    parsePolicy(`${policyOf({ more: ofRule }).source}\n${ofFile}`, 'policy.yaml').rules[0]?.limits;
  const problem = (more: string) => {
    try {
      return policyOf({ more }).hash;
    } catch (error) {
      return isStintError(error) ? error.sentence : error;
    }
  };

  it('those of a rule stand beside those of the file, and replace none', () => {
    expect(of('limits: { live: 1, coolDown: 1h }', '    limits: { live: 5, perHour: 3 }')).toEqual([
      { live: 1, coolDownMs: HOUR },
      { rule: 'macs', live: 5, perHour: 3 },
    ]);
    expect(of('', '')).toBeUndefined();
  });

  it.each([
    ['    limits: {}', 'limits: must name a limit: live, perHour, perWeek or coolDown'],
    ['    limits: { live: 0 }', 'limits.live: must be at least 1'],
    ['    limits: { perDay: 3 }', '"perDay" is not known here'],
    ['    limits: { perWeek: 4m }', 'is shorter than its shortest window (5m), so nothing could be granted: raise it to 5m'],
  ])('%s is refused', (more, said) => {
    expect(problem(more)).toContain(said);
  });
});

describe('whatever counts', () => {
  const ms = fc.integer({ min: -8 * 24 * 60, max: 60 }).map((minutes) => minutes * MIN);
  const rule = fc.constantFrom('macs', 'vault', undefined);
  const what = (name: string, of: string | undefined) => ({ requestId: id(name), ...(of === undefined ? {} : { rule: of }) });
  const name = fc.integer({ min: 0, max: 999 }).map((n) => [...String(n)].map((digit) => 'bcdefghijk'[Number(digit)]).join(''));
  const happened = fc.tuple(name, rule, ms).map(([one, of, when]): Happened => ({ ...what(one, of), at: at(when) }));
  const held = fc
    .tuple(name, rule, ms, fc.integer({ min: 1, max: 600 }), fc.boolean(), fc.boolean())
    .map(([one, of, from, minutes, alive, confirmed]): Held => {
      const to = from + minutes * MIN;
      const common = { ...what(one, of), live: alive, windowMs: minutes * MIN, notAfter: at(to) };
      return confirmed ? { ...common, span: span(from, to) } : common;
    });
  const happenings = fc.array(happened);
  const anyUsage = fc.record({ asked: happenings, held: fc.array(held), revoked: happenings, automatic: happenings });
  const limit = fc.record(
    {
      rule: fc.constant('macs'),
      live: fc.integer({ min: 1, max: 5 }),
      perHour: fc.integer({ min: 1, max: 5 }),
      perWeekMs: fc.integer({ min: 1, max: 30 }).map((hours) => hours * HOUR),
      coolDownMs: fc.integer({ min: 1, max: 30 }).map((days) => days * DAY),
      automaticPerHour: fc.integer({ min: 1, max: 5 }),
      automaticPerDay: fc.integer({ min: 1, max: 5 }),
      automaticPerWeek: fc.integer({ min: 1, max: 5 }),
    },
    { requiredKeys: [] },
  );
  const allowed = (limits: readonly Limit[], counted: Usage) => limitRefusals(limits, wanted, counted, NOW).length === 0;

  it('one limit more, or a lower one, allows nothing that was refused', () => {
    const lower = fc.constantFrom<(limit: Limit) => Limit>(
      (one) => ({ ...one, live: Math.max(1, (one.live ?? 6) - 1) }),
      (one) => ({ ...one, perHour: Math.max(1, (one.perHour ?? 6) - 1) }),
      (one) => ({ ...one, perWeekMs: Math.max(1, (one.perWeekMs ?? 31 * HOUR) - HOUR) }),
      (one) => ({ ...one, coolDownMs: (one.coolDownMs ?? 0) + DAY }),
      (one) => ({ ...one, automaticPerHour: Math.max(1, (one.automaticPerHour ?? 6) - 1) }),
      (one) => ({ ...one, automaticPerDay: Math.max(1, (one.automaticPerDay ?? 6) - 1) }),
      (one) => ({ ...one, automaticPerWeek: Math.max(1, (one.automaticPerWeek ?? 6) - 1) }),
      ({ rule: _, ...one }) => one,
    );
    fc.assert(
      fc.property(fc.array(limit, { maxLength: 3 }), limit, lower, anyUsage, (limits, more, change, counted) => {
        const before = allowed(limits, counted);
        if (allowed([...limits, more], counted)) expect(before).toBe(true);
        if (allowed(limits.map(change), counted)) expect(before).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('the answer is the same in whatever order it is told', () => {
    const shuffled = anyUsage.chain((counted) => {
      const mix = <T>(all: readonly T[]) => fc.shuffledSubarray([...all], { minLength: all.length });
      const { asked, held, revoked, automatic } = counted;
      const other = fc.record({ asked: mix(asked), held: mix(held), revoked: mix(revoked), automatic: mix(automatic) });
      return fc.tuple(fc.constant(counted), other);
    });
    fc.assert(
      fc.property(fc.array(limit, { maxLength: 2 }), shuffled, (limits, [one, other]) => {
        expect(limitRefusals(limits, wanted, other, NOW)).toEqual(limitRefusals(limits, wanted, one, NOW));
      }),
      { numRuns: 300 },
    );
  });

  it('a week is open from the minute that was said, and not two minutes before', () => {
    const ended = fc.array(held.filter((one) => one.span !== undefined && one.span.to <= at(0)));
    fc.assert(
      fc.property(ended, fc.integer({ min: 1, max: 20 }), (all, hours) => {
        const limits = [{ perWeekMs: hours * HOUR }];
        const open = (when: number) => limitRefusals(limits, wanted, usage({ held: all }), when).length === 0;
        const [sentence] = limitRefusals(limits, wanted, usage({ held: all }), NOW);
        const said = Date.parse(`${sentence?.slice(-21, -5).replace(' ', 'T')}:00Z`);
        if (sentence === undefined) return;
        expect(open(said)).toBe(true);
        expect(open(said - 2 * MIN) && said - 2 * MIN > NOW).toBe(false);
      }),
    );
  });

  it('an instant that is none counts as too much, not as nothing', () => {
    const broken = [{ ...past('bbbb', -HOUR, 0), span: { from: 'x' as Instant, to: instant(NOW) } }];
    expect(refusals({ perWeekMs: HOUR }, { held: broken })).toHaveLength(1);
    expect(() => refusals({ coolDownMs: HOUR }, { revoked: [{ ...asked('bbbb', 0), at: 'x' as Instant }] })).toThrow();
  });
});

describe('limits of the file and of a rule', () => {
  const all = { live: 1, perHour: 2, perWeek: 3 * HOUR, coolDown: 4 * HOUR };
  const limit = { live: 1, perHour: 2, perWeekMs: 3 * HOUR, coolDownMs: 4 * HOUR };

  it('both hold, each with what it says alone', () => {
    expect(limitsOf('macs', all, all)).toStrictEqual([limit, { rule: 'macs', ...limit }]);
    expect(limitsOf('macs', { live: 5 }, { coolDown: HOUR })).toStrictEqual([{ live: 5 }, { rule: 'macs', coolDownMs: HOUR }]);
    expect(limitsOf('macs', undefined, undefined)).toEqual([]);
    expect(allLimits([limit, { live: 5 }], [{ live: 5 }, { live: 6 }])).toEqual([limit, { live: 5 }, { live: 6 }]);
  });

  it.each<[Limit, Parameters<typeof limitTexts>[1], readonly string[]]>([
    [
      limit,
      undefined,
      [
        'at most 1 at once in all',
        'at most 2 requests an hour in all',
        'at most 3h of access in seven days in all',
        'nothing in all for 4h after a revoke',
      ],
    ],
    [
      { rule: 'macs', ...limit },
      { live: 1, asked: 1, ms: 90 * MIN },
      [
        'at most 1 at once by the rule macs, 0 left',
        'at most 2 requests an hour by the rule macs, 1 left',
        'at most 3h of access in seven days by the rule macs, 1h30m left',
        'nothing by the rule macs for 4h after a revoke',
      ],
    ],
    [
      { live: 1, perHour: 2 },
      { live: 3, asked: 0 },
      ['at most 1 at once in all, 0 left', 'at most 2 requests an hour in all, 2 left'],
    ],
    [{ perWeekMs: 3 * HOUR }, { ms: 3 * HOUR - MIN }, ['at most 3h of access in seven days in all, 1m left']],
    [{ perWeekMs: 3 * HOUR }, { ms: 3 * HOUR - MIN + 1 }, ['at most 3h of access in seven days in all, nothing left']],
    [{ perWeekMs: 3 * HOUR }, { ms: 4 * HOUR }, ['at most 3h of access in seven days in all, nothing left']],
    [{}, {}, []],
  ])('%j, of which %j is used, is said so', (one, used, texts) => {
    expect(limitTexts(one, used)).toEqual(texts);
  });

  it('that could never grant anything is refused, with whose it is', () => {
    const never = (more: string, file = '') => {
      try {
        parsePolicy(policyOf({ more }).source.replace('targets:', `${file}targets:`), 'p');
      } catch (error) {
        if (isStintError(error)) return error.sentence;
        throw error;
      }
      return '';
    };
    expect(never('    limits: { perWeek: 5m }')).toBe('');
    expect(never('    limits: { perWeek: 4m }')).toMatch(
      /: perWeek \(4m\) is shorter than its shortest window \(5m\), so nothing/,
    );
    expect(never('', 'limits: { perWeek: 4m }\n')).toMatch(/perWeek of the file \(4m\) is shorter .*: raise it to 5m/);
  });
});
