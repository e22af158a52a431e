/** What is fetched for a decision: all that a rule for the target needs, of whichever of them, and nothing that none needs. */
import { describe, expect, it } from 'vitest';
import type { Directory, Person, TargetFacts } from '../../contract/ports.js';
import type { ElevationRequest } from '../../contract/request.js';
import { everybodyOf, gatherFacts, type Sources } from '../../policy/facts.js';
import { NO_USAGE } from '../../policy/limits.js';
import { parsePolicy } from '../../policy/load.js';
import { MACS } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import { knownOf, lookAt } from '../../policy/targets.js';
import { sha256 } from '../../seal/canonical.js';
import { ADA, EVERYBODY, GRACE, LINUS, MARGARET, person, requestOf } from './world.js';

const TEXT = 'The printer of the third floor';
const request: ElevationRequest = requestOf({ reasonDigest: sha256(TEXT) });
const rule = (id: string, approve: string, more = '', serial = '*') => `  - id: ${id}
    kind: mac-admin
    match: { serials: ["${serial}"] }
    ask: { groups: [staff] }
    approve: ${approve}
    windows: [10m]
    max: 10m
${more}`;
const policyOf = (...rules: string[]) => parsePolicy(`version: 1\ntargets:\n${rules.join('')}`, 'policy.yaml');

/** Facts by these rules, and who and what was asked for. */
async function gathered(rules: readonly string[], people: readonly Person[] = EVERYBODY) {
  const asked: string[] = [];
  const plain = directoryFrom(people);
  const directory: Directory = {
    ...plain,
    person: (id) => {
      asked.push(id);
      return plain.person(id);
    },
    membersOf: (group) => {
      asked.push(`@${group}`);
      return plain.membersOf(group);
    },
  };
  const sources: Sources = {
    directory,
    texts: {
      getText: async () => {
        asked.push('reason');
        return TEXT;
      },
    },
    usage: {
      of: async () => {
        asked.push('usage');
        return NO_USAGE;
      },
    },
  };
  const facts = await gatherFacts(sources, policyOf(...rules), request, []);
  return { facts, asked: [...new Set(asked)] };
}
const names = (people: readonly Person[]) => people.map(({ personId }) => personId);
const ADAS = ADA.macs[0]?.serial ?? '';

describe('facts', () => {
  it('name whom rules for this target name, by group and by name, each once, and nobody of other rules', async () => {
    const own = rule('own', '{ groups: [it], people: [margaret, grace] }', '', ADAS);
    const { facts, asked } = await gathered([rule('other', '{ groups: [security] }', '', 'C02OTHER'), own]);
    expect(names(facts.approverPool).sort()).toEqual(['grace', 'linus', 'margaret']);
    expect(asked).not.toContain('@security');
  });

  it('hold reason and use where any rule for the target goes by them, and managers where one asks for one', async () => {
    const led = EVERYBODY.map((one) => (one === ADA ? { ...ADA, manager: MARGARET.personId } : one));
    for (const others of [[rule('plain', '{ groups: [it] }', '', ADAS)], []]) {
      const needs = rule('needs', '{ manager: true }', '    reason: { min: 15 }\n    limits: { live: 1 }\n');
      const { facts } = await gathered([...others, needs], led);
      expect(facts).toMatchObject({ reason: TEXT, usage: NO_USAGE });
      expect(names(facts.managers ?? [])).toEqual(['margaret']);
      expect(names(facts.approverPool)).toContain('margaret');
    }
  });

  it('hold nothing of the three, and nobody is asked for it, where no rule for the target does', async () => {
    const led = EVERYBODY.map((one) => (one === ADA ? { ...ADA, manager: MARGARET.personId } : one));
    const elsewhere = rule('other', '{ manager: true }', '    reason: { min: 15 }\n    limits: { live: 1 }\n', 'C02OTHER');
    const { facts, asked } = await gathered([elsewhere, rule('plain', '{ groups: [it] }')], led);
    expect(Object.keys(facts).sort()).toEqual(['approverPool', 'look', 'requester', 'subject', 'voters']);
    expect(asked).toEqual(['ada', '@it']);
  });

  it('of a subject who is not in the people file name no manager', async () => {
    const { facts } = await gathered([rule('needs', '{ manager: true }')], [GRACE]);
    expect(facts).toEqual({ look: {}, voters: [], approverPool: [] });
  });
});

describe('a target', () => {
  const target = request.target;
  const accounts: TargetFacts = {
    ...MACS,
    kind: 'aws-permission-set',
    look: async () => ({ refusal: 'This is another kind.' }),
    known: () => undefined,
  };

  it('of a kind that this process does not know is refused, and nothing is known of it', async () => {
    for (const targets of [[], [accounts]]) {
      expect((await lookAt(targets, target, ADA)).refusal).toMatch(/no access to Macs here/);
      expect(knownOf(targets, target)).toBeUndefined();
    }
  });

  it('is looked at by its own kind, and by none without somebody who would hold it', async () => {
    for (const targets of [
      [accounts, MACS],
      [MACS, accounts],
    ]) {
      expect(await lookAt(targets, target, ADA)).toEqual({ about: { kind: 'mac-admin', serial: ADAS } });
      expect(await lookAt(targets, target, undefined)).toEqual({});
      expect(knownOf(targets, target)).toEqual({ kind: 'mac-admin', serial: ADAS });
    }
  });
});

it('everybody whom some name is there once, by group or by name, and nobody who is not in the people file', async () => {
  const all = await everybodyOf(directoryFrom([...EVERYBODY, person('zoe')]), [
    { groups: ['it'], people: [GRACE.personId] },
    { groups: ['it', 'nobody'], people: [LINUS.personId, 'zoe' as never, 'ghost' as never] },
  ]);
  expect(names(all).sort()).toEqual(['grace', 'linus', 'zoe']);
});
