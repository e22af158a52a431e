/** Rotas of the people file: whose turn it is at every instant, and what is refused when the file is read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import type { PersonId } from '../../contract/ids.js';
import { parsePeopleFile } from '../../policy/people.js';
import { type FileRota, type Shift, shiftAt } from '../../policy/rota.js';
import { dayOf, instantOf, timeOf, wallAt } from '../../policy/wall-time.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PEOPLE = ['ada', 'grace', 'linus'] as readonly string[] as readonly PersonId[];
const FROM = dayOf('2020-01-06') ?? 0;

function rotaOf(change: Partial<FileRota> = {}): FileRota {
  const usual = { name: 'primary', zone: 'Europe/Berlin', from: FROM, handoff: 9 * HOUR, days: 7, people: PEOPLE } as const;
  return { ...usual, overrides: [], ...change };
}
const whoAt = (rota: FileRota, at: string | number) => shiftAt(rota, typeof at === 'number' ? at : Date.parse(at)).people.join();

const turnOf = ({ people }: Shift) => PEOPLE.findIndex((id) => people.includes(id));

describe('a turn', () => {
  const daily = (handoff: string, from: string, zone = 'Europe/Berlin') =>
    rotaOf({ zone, days: 1, from: dayOf(from) ?? 0, handoff: timeOf(handoff) ?? 0 });

  it('begins at the hour of the handoff, on the wall of the zone', () => {
    expect(whoAt(rotaOf(), '2020-01-06T08:00:00Z')).toBe('ada');
    expect(whoAt(rotaOf(), '2020-01-13T07:59:59.999Z')).toBe('ada');
    expect(whoAt(rotaOf(), '2020-01-13T08:00:00Z')).toBe('grace');
    expect(whoAt(rotaOf(), '2020-01-27T08:00:00Z')).toBe('ada');
  });

  it('has nobody before the first one', () => {
    expect(shiftAt(rotaOf(), Date.parse('2020-01-06T07:59:59Z'))).toEqual({
      people: [],
      until: '09:00',
      untilMs: Date.parse('2020-01-06T08:00:00Z'),
    });
  });

  it('begins when the clocks go on, where they skip the hour of the handoff', () => {
    const rota = daily('02:30', '2026-03-28');
    expect(whoAt(rota, '2026-03-29T00:59:59.999Z')).toBe('ada');
    expect(whoAt(rota, '2026-03-29T01:00:00Z')).toBe('grace');
  });

  it('begins once, where the clocks show the hour of the handoff twice', () => {
    const rota = daily('02:30', '2026-10-24');
    expect(whoAt(rota, '2026-10-25T00:29:59Z')).toBe('ada');
    expect(whoAt(rota, '2026-10-25T00:30:00Z')).toBe('grace');
    expect(whoAt(rota, '2026-10-25T01:15:00Z')).toBe('grace'); // 02:15 for the second time
    expect(whoAt(rota, '2026-10-26T01:30:00Z')).toBe('linus');
  });

  it('begins with the next day, where a zone leaves out a whole one', () => {
    const rota = daily('09:00', '2011-12-29', 'Pacific/Apia'); // there was no 30 December 2011
    expect(whoAt(rota, '2011-12-30T09:59:59Z')).toBe('ada');
    expect(whoAt(rota, '2011-12-30T10:00:00Z')).toBe('grace');
    expect(whoAt(rota, '2011-12-30T19:00:00Z')).toBe('linus');
  });

  it('gives way to an override, and says until when', () => {
    const [from, until] = ['2026-01-06T12:00:00Z', '2026-01-07T12:00:00Z'].map(Date.parse);
    const rota = rotaOf({ overrides: [{ from: from ?? 0, until: until ?? 0, person: 'margaret' as PersonId }] });
    const own = whoAt(rota, '2026-01-06T11:59:59Z');
    expect(shiftAt(rota, (from ?? 0) - HOUR)).toEqual({ people: [own], until: '13:00', untilMs: from });
    expect(shiftAt(rota, from ?? 0)).toEqual({ people: ['margaret'], until: '2026-01-07 13:00', untilMs: until });
    expect(shiftAt(rota, until ?? 0)).toEqual({
      people: [own],
      until: '2026-01-12 09:00',
      untilMs: Date.parse('2026-01-12T08:00:00Z'),
    });
  });
});

describe('over every change of clocks of ten zones in ten years', () => {
  const ZONES = [
    'Europe/Berlin',
    'Europe/London',
    'America/New_York',
    'America/Sao_Paulo',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Asia/Tehran',
    'Pacific/Auckland',
    'America/Santiago',
  ];
  const END = Date.parse('2030-01-01T00:00:00Z');
  /** What the wall shows, by another way than the one that is tested: as milliseconds, as if it were UTC. */
  const shown = (zone: string, at: number) => {
    const text = new Date(at).toLocaleString('sv-SE', { timeZone: zone, hour12: false });
    return Date.parse(`${text.replace(' ', 'T')}Z`) + (at % 1000);
  };
  function changesOf(zone: string): number[] {
    const offset = (at: number) => wallAt(zone, at).day * DAY + wallAt(zone, at).ms - at;
    const found: number[] = [];
    for (let day = FROM * DAY + DAY; day < END; day += DAY) {
      if (offset(day) === offset(day + DAY)) continue;
      let [old, now] = [day, day + DAY];
      while (now - old > 1) {
        const middle = Math.floor((old + now) / 2);
        if (offset(middle) === offset(day)) old = middle;
        else now = middle;
      }
      found.push(now);
    }
    return found;
  }

  it.each(ZONES)('in %s exactly the person is on call whose handoff the clocks showed or passed last', (zone) => {
    const changes = changesOf(zone);
    for (const change of changes)
      for (const handoff of [0, 2.5 * HOUR, 23.75 * HOUR])
        for (let at = change - 4 * HOUR; at <= change + 4 * HOUR; at += HOUR / 2) {
          // The latest that the clocks have shown up to now: after they went back, what they showed before.
          const latest = Math.max(shown(zone, at), at >= change ? shown(zone, change - 1) : 0);
          const turn = Math.floor((latest - handoff) / DAY) - FROM;
          const rota = rotaOf({ zone, days: 1, handoff });
          expect(whoAt(rota, at), `${zone} ${new Date(at).toISOString()}`).toBe(PEOPLE[turn % 3]);
        }
    expect(changes.length).toBeGreaterThan(zone === 'America/Sao_Paulo' ? -1 : 3);
  });

  it('one person is on call at every instant, and the next one after them', () => {
    const anything = {
      zone: fc.constantFrom(...ZONES),
      days: fc.constantFrom(1 as const, 7 as const),
      handoff: fc.integer({ min: 0, max: 1439 }).map((minutes) => minutes * 60_000),
    };
    fc.assert(
      fc.property(fc.record(anything), fc.integer({ min: FROM * DAY + 2 * DAY, max: END }), (change, at) => {
        const rota = rotaOf(change);
        const [now, then] = [shiftAt(rota, at), shiftAt(rota, at + change.days * DAY + 2 * HOUR)];
        expect([now.people.length, then.people.length]).toEqual([1, 1]);
        expect([1, 2]).toContain((turnOf(then) - turnOf(now) + 3) % 3);
      }),
      { numRuns: 500 },
    );
  });

  it('an instant is found again by what the clocks show at it, or shows the same for the second time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.integer({ min: FROM * DAY, max: END }), (zone, at) => {
        const again = instantOf(zone, wallAt(zone, at));
        expect(again).toBeLessThanOrEqual(at);
        expect(wallAt(zone, again)).toEqual(wallAt(zone, at));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a people file with rotas', () => {
  const GOOD = `people:
  - { id: ada, name: Ada }
  - { id: grace, name: Grace, pagerduty: PGRACE1 }
rotas:
  - name: primary
    zone: Europe/Berlin
    from: 2026-01-05
    handoff: "09:00"
    every: week
    people: [ada, grace]
    overrides:
      - { from: "2026-02-01 09:00", until: "2026-02-02 09:00", person: grace }
  - { name: cloud, pagerduty: PSCHED1 }
`;
  const changed = (from: string, to: string) => {
    if (!GOOD.includes(from)) throw new Error(`nothing to change: ${from}`);
    return GOOD.replace(from, to);
  };
  function problems(text: string): string {
    try {
      parsePeopleFile(text, 'people.yaml');
    } catch (error) {
      if (isStintError(error) && error.code === 'bad-config') return error.sentence;
      throw error;
    }
    throw new Error('it was accepted');
  }

  it('has them as they are written', () => {
    const [primary, cloud] = parsePeopleFile(GOOD, 'people.yaml').rotas;
    expect(primary).toMatchObject({ name: 'primary', days: 7, from: dayOf('2026-01-05'), handoff: 9 * HOUR });
    expect(primary).toMatchObject({ overrides: [{ from: Date.parse('2026-02-01T08:00:00Z'), person: 'grace' }] });
    expect(cloud).toEqual({ name: 'cloud', pagerduty: 'PSCHED1' });
  });

  it.each([
    [
      'a zone that is none',
      'Europe/Berlin',
      'Europe/Berlim',
      '6:11 rotas[0].zone: must be the IANA name of a time zone',
      'did you mean "Europe/Berlin"?',
    ],
    ['an offset for a zone', 'Europe/Berlin', '"+02:00"', '6:11 rotas[0].zone: must be the IANA name of a time zone', ''],
    ['a day that is none', '2026-01-05', '2026-02-30', '7:11 rotas[0].from: must be a date', ''],
    ['an hour that is none', '"09:00"\n', '"9am"\n', '8:14 rotas[0].handoff: must be a time of day', ''],
    [
      'a person who is not there',
      '[ada, grace]',
      '[ada, grcae]',
      '10:19 rotas[0].people[1]: grcae is not in the people file',
      'did you mean "grace"?',
    ],
    ['an override by nobody', 'person: grace', 'person: nobody', '12:72 rotas[0].overrides[0].person: nobody is not in', ''],
    ['an override that ends before it begins', 'until: "2026-02-02', 'until: "2026-01-02', 'must be later than from', ''],
    ['an override at no time', 'until: "2026-02-02 09:00"', 'until: tomorrow', 'must be a day and a time such as', ''],
    ['a rota without a zone', '    zone: Europe/Berlin\n', '', 'rotas[0].zone: is missing', ''],
    [
      'a name that stands twice',
      'name: cloud',
      'name: primary',
      '13:13 rotas[1].name: primary is used twice; each rota needs its own name; it was named before, at people.yaml:5:11',
      '',
    ],
    ['turns beside PagerDuty', 'pagerduty: PSCHED1', 'pagerduty: PSCHED1, people: [ada]', 'must not stand beside pagerduty', ''],
    ['an unknown key', 'every: week', 'evry: week', '9:5 rotas[0]: "evry" is not known here', 'did you mean "every"?'],
    ['a user of PagerDuty who is two people', 'name: Ada }', 'name: Ada, pagerduty: pgrace1 }', 'must be an id of PagerDuty', ''],
    [
      'two people of one user',
      'name: Ada }',
      'name: Ada, pagerduty: PGRACE1 }',
      'the user of PagerDuty PGRACE1 was named before',
      '',
    ],
    ['a group that would be a rota', 'name: Ada }', 'name: Ada, groups: ["oncall:primary"] }', 'must be a group name', ''],
  ])('is refused with %s', (_, from, to, said, hint) => {
    expect(problems(changed(from, to))).toContain(said);
    expect(problems(changed(from, to))).toContain(hint);
  });

  const OVERRIDE = '      - { from: "2026-02-01 09:00", until: "2026-02-02 09:00", person: grace }\n';
  const more = (from: string, until: string) =>
    changed(OVERRIDE, `${OVERRIDE}      - { from: "${from}", until: "${until}", person: ada }\n`);
  const WALL = 'must be a day and a time such as "2026-02-01 09:00", by the clocks of the zone';
  it.each<[string, string, readonly string[]]>([
    [
      'an override that is all wrong',
      changed(OVERRIDE, '      - { from: 2026-02-01, until: never, person: bob }\n'),
      [
        `rotas[0].overrides[0].from: ${WALL}`,
        `rotas[0].overrides[0].until: ${WALL}`,
        'rotas[0].overrides[0].person: bob is not in the people file',
      ],
    ],
    ['an override from no time', more('2026-02-30 09:00', '2026-03-03 09:00'), [`rotas[0].overrides[1].from: ${WALL}`]],
    ['an override to no time', more('2026-03-02 09:00', '2026-03-03 24:00'), [`rotas[0].overrides[1].until: ${WALL}`]],
    ['words around a time', more('on 2026-03-02 09:00', '2026-03-03 09:00'), [`rotas[0].overrides[1].from: ${WALL}`]],
    ['seconds behind a time', more('2026-03-02 09:00:00', '2026-03-03 09:00'), [`rotas[0].overrides[1].from: ${WALL}`]],
    [
      'an override of no length',
      more('2026-03-02 09:00', '2026-03-02 09:00'),
      ['rotas[0].overrides[1].until: must be later than from'],
    ],
    [
      'one inside another',
      more('2026-02-01 10:00', '2026-02-01 11:00'),
      ['rotas[0].overrides[1]: overlaps one before it; one person is on call at a time'],
    ],
    [
      'one around another',
      more('2026-01-01 10:00', '2026-03-01 11:00'),
      ['rotas[0].overrides[1]: overlaps one before it; one person is on call at a time'],
    ],
    [
      'one behind one that is wrong',
      more('2026-02-30 09:00', '2026-03-03 09:00').replace('2026-02-01 09:00', 'x'),
      [`rotas[0].overrides[0].from: ${WALL}`, `rotas[0].overrides[1].from: ${WALL}`],
    ],
    [
      'everything beside PagerDuty',
      GOOD.replace('    zone:', '    pagerduty: PSCHED2\n    zone:'),
      ['zone', 'from', 'handoff', 'every', 'people', 'overrides'].map(
        (key) => `rotas[0].${key}: must not stand beside pagerduty, which alone says who is on call`,
      ),
    ],
    [
      'nothing but a name',
      'people: []\nrotas: [{ name: primary }]\n',
      ['zone', 'from', 'handoff', 'people'].map((key) => `rotas[0].${key}: is missing; a rota has it, or else pagerduty`),
    ],
  ])('is refused with %s, and nothing else is said', (_, text, said) => {
    const lines = problems(text).split('\n').slice(1);
    expect(lines.map((line) => line.replace(/^people\.yaml:\d+:\d+ /, ''))).toEqual(said);
  });

  it('may have overrides that meet, in any order: they are taken by time', () => {
    const [both] = parsePeopleFile(more('2026-01-31T09:00', '2026-02-01 09:00'), 'p').rotas;
    expect(both).toMatchObject({
      overrides: [
        { from: Date.parse('2026-01-31T08:00:00Z'), until: Date.parse('2026-02-01T08:00:00Z'), person: 'ada' },
        { from: Date.parse('2026-02-01T08:00:00Z'), until: Date.parse('2026-02-02T08:00:00Z'), person: 'grace' },
      ],
    });
    expect(parsePeopleFile(more('2026-02-02 09:00', '2026-02-03 09:00'), 'p').rotas[0]).toMatchObject({ overrides: [{}, {}] });
    const bare = parsePeopleFile(changed(`    overrides:\n${OVERRIDE}`, '').replace('every: week', 'every: day'), 'p').rotas[0];
    expect(bare).toMatchObject({ days: 1, overrides: [] });
  });

  it('is refused with overrides that overlap, for one person is on call at a time', () => {
    const twice = '- { from: "2026-02-01 09:00", until: "2026-02-02 09:00", person: grace }';
    expect(
      problems(changed(twice, `${twice}\n      - { from: "2026-02-02 08:59", until: "2026-02-03 09:00", person: ada }`)),
    ).toContain('rotas[0].overrides[1]: overlaps one before it');
  });

  it('is refused as JSON too, where nobody keeps positions', () => {
    const json = JSON.stringify({ people: [{ id: 'ada', name: 'Ada' }], rotas: [{ name: 'primary', people: ['ada'] }] });
    expect(problems(json)).toContain('rotas[0].zone: is missing');
  });
});
