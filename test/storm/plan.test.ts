/** The storm's plan and command line. */
import { describe, expect, it } from 'vitest';
import { INCIDENT, WINDOWS_MS } from './law.js';
import { BadOption, HELP, readOptions } from './options.js';
import { AWS_FAULTS, FAULTS, type FaultKind, faults, kills, stories, ways, weather, wishes } from './plan.js';

const some = <T>(next: () => T, n = 300): readonly T[] => Array.from({ length: n }, next);
const all = (seed: number) => [
  some(stories(seed, 'user1')),
  some(kills(seed, 'stint')),
  some(weather(seed)),
  some(faults(seed)),
  some(wishes(seed, 'user1')),
  some(ways(seed, 'user1')),
];

describe('the plan', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(all(7)).toEqual(all(7));
    expect(all(7)).not.toEqual(all(8));
  });

  it('gives each person and each process a fate of their own', () => {
    expect(some(stories(7, 'user1'))).not.toEqual(some(stories(7, 'user2')));
    expect(some(kills(7, 'stint'))).not.toEqual(some(kills(7, 'temporal')));
  });

  it('knows every decision, every ending and every fault', () => {
    const told = some(stories(1, 'user1'), 1000);
    expect(new Set(told.map((s) => s.decision)).size).toBe(6);
    expect(new Set(told.map((s) => s.ending)).size).toBe(6);
    expect(new Set(some(wishes(1, 'user1')).map((w) => w.aws)).size).toBe(2);
    const asked = some(ways(1, 'user1'), 1000);
    expect(new Set(asked.map((w) => w.how)).size).toBe(3);
    expect(new Set(asked.map((w) => w.review)).size).toBe(3);
    expect(new Set(asked.map((w) => w.calledOff)).size).toBe(3);
    expect(new Set(asked.map((w) => w.glass.windowMs))).toEqual(new Set(WINDOWS_MS));
    expect(new Set(asked.map((w) => w.glass.drill)).size).toBe(2);
    expect(new Set(asked.map((w) => new RegExp(INCIDENT).test(w.glass.incident))).size).toBe(2);
    expect(new Set(some(faults(1), 4000).map((f) => f.kind)).size).toBe(Object.keys(FAULTS).length);
  });

  it('leaves out what it is told to', () => {
    const without: readonly FaultKind[] = ['temporal-terminate'];
    expect(some(faults(1, without), 4000).map((f) => f.kind)).not.toContain('temporal-terminate');
  });

  it('has longer gusts where more fury is asked for, and the same lulls', () => {
    const [usual, fierce] = [some(weather(3), 50), some(weather(3, 2), 50)];
    expect(fierce.map(({ gustMs }) => gustMs)).toEqual(usual.map(({ gustMs }) => gustMs * 2));
    expect(fierce.map(({ lullMs }) => lullMs)).toEqual(usual.map(({ lullMs }) => lullMs));
  });
});

describe('the command line', () => {
  it('has a default for everything', () => {
    expect(readOptions([], 5)).toMatchObject({
      kills: 20,
      elevations: 40,
      seed: 5,
      fury: 1,
      topology: 'embedded',
      without: [],
      aws: true,
      json: false,
    });
  });

  it('leaves AWS out as a whole, with all that goes wrong there', () => {
    expect(readOptions(['--without', 'aws,mdm-lie'], 1)).toMatchObject({ aws: false, without: ['mdm-lie', ...AWS_FAULTS] });
    expect(readOptions(['--without', 'aws-down'], 1)).toMatchObject({ aws: true, without: ['aws-down'] });
  });

  it('has examples whose output can be piped: npm keeps its banner to itself', () => {
    expect(HELP).toMatch(/npm run -s storm -- .*--json \| jq/);
    expect(HELP).not.toMatch(/npm run (?!-s )/);
  });

  it('names the option that it does not understand', () => {
    expect(() => readOptions(['--kills', 'many'], 1)).toThrow(BadOption);
    expect(() => readOptions(['--kills', ''], 1)).toThrow(/--kills is a number of at least 0/);
    expect(() => readOptions(['--elevations', '1.5'], 1)).toThrow(/--elevations is a whole number/);
    expect(() => readOptions(['--topology', 'docker'], 1)).toThrow(/--topology is embedded or postgres/);
    expect(() => readOptions(['--fast'], 1)).toThrow(/--fast/);
    expect(() => readOptions(['--without', 'rain'], 1)).toThrow(/no fault rain/);
  });
});
