/** What a rule may say of who else is told. */
import { describe, expect, it } from 'vitest';
import { policyOf } from './world.js';

describe('a policy file', () => {
  it.each([
    ['[{ on: [granted] }]', /notify\[0\]: must say where: slack, email or both/],
    ['[{ on: [grantd], slack: C0123 }]', /notify\[0\]\.on\[0\]: must be one of: .*did you mean "granted"/],
    ['[{ on: [], slack: C0123 }]', /notify\[0\]\.on: must have at least 1 entry/],
    ['[{ on: [granted], slack: "#sec" }]', /must be the id of a Slack channel/],
    ['[{ on: [granted], email: ["sec@example.com\\nBcc: x@example.com"] }]', /must be an e-mail address/],
    ['[{ on: [granted], email: ["Sec <sec@example.com>"] }]', /must be an e-mail address/],
    ['[{ on: [granted], emails: [sec@example.com] }]', /"emails" is not known here; did you mean "email"/],
  ])('with notify: %s is refused', (notify, said) => {
    expect(() => policyOf({ more: `    notify: ${notify}` })).toThrow(said);
  });

  it('without it is the policy that it was before', () => {
    expect(policyOf().rules[0]).not.toHaveProperty('notify');
  });
});
