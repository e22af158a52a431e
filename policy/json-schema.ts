/** The policy file as a JSON Schema: what an editor needs to complete keys and to underline mistakes while somebody writes. */
import { z } from 'zod';
import { PERSON_ID, personId } from '../seal/shapes.js';
import { policyFile } from './schema.js';

/** What an editor shows beside a key; beside one of two of that name by the key above it. */
const SAYS: Readonly<Record<string, string>> = {
  version: 'Version of this format.',
  deadlines: 'How long things are waited for. In a rule: for that rule alone.',
  pending: 'Nobody decided: the request lapses after this.',
  start: 'Approved, but the access never came to be: undone after this.',
  evidence: 'How long the log is waited for after the end.',
  reminders: 'When approvers are reminded.',
  every: 'Approvers are reminded this often at first.',
  for: 'Of reminders: for so long they are sent that often. In a rule: self, or others, who may then be asked for as well.',
  // biome-ignore lint/suspicious/noThenProperty: the file's word
  then: 'And this often afterwards, until the request lapses.',
  warn: 'When the holder is warned of the end. In a rule: for that rule alone.',
  before: 'The holder is warned this long before the end.',
  minWindow: 'No warning for windows up to this length.',
  limits: 'How much may be had. Of the file: over all rules. In a rule: of that rule, beside those of the file.',
  live: 'Elevations of one person that are, or may be, there at once.',
  perHour: 'Requests of one person within 60 minutes.',
  perWeek: 'Access of one person within seven days.',
  coolDown: 'After a revoke by somebody else nothing is granted for so long.',
  targets: 'The rules, in order. The first that covers the target and lets the person ask applies, alone.',
  id: 'Names the rule in the ledger and on cards.',
  kind: 'The kind of target.',
  match: 'Which targets of that kind. All that is named must fit; of a list one entry is enough.',
  serials: 'Serial numbers in upper case, in which * stands for any characters.',
  accounts: 'Ids of accounts, in quotes, or names in which * stands for any characters.',
  ous: 'Organisational units at any depth above the account: ids, or names in which * stands for any characters.',
  tags: 'Tags of the account, every one that is named: key to value, in which * stands for any characters.',
  sets: 'Names of permission sets, in which * stands for any characters.',
  effect: 'deny: what this rule covers nobody has whom it keeps out, whatever other rules let. It lets nobody ask for anything.',
  except: 'Where a rule denies: whom it does not keep out.',
  say: 'Where a rule denies: why, in a sentence for whoever asks.',
  tier: 'How much is at stake, from 0 (gravest) to 3.',
  channel: 'Id of the Slack channel where requests of this rule are decided.',
  ask: 'Who may ask: at least one group or person. Where a rule denies: whom it keeps out; everybody, if left out.',
  approve: 'Who may decide: at least one group or person, the manager, or stages.',
  manager: 'Whether the manager of whoever would hold it may decide.',
  stages: 'Pools that all have to approve, in order; nobody counts in two of them.',
  self: 'Whether people may approve their own requests: that needs a step-up with a passkey, which this version does not have.',
  quorum: 'How many different people have to approve.',
  escalate: 'Who may decide, too, when it has waited for so long or hours are over, and is called then.',
  after: 'So long after it was asked.',
  outside: 'Begins when these hours are over: at once, where it is asked outside of them.',
  policy: 'What the policy approves in its own name, without anybody: for oneself, this long at most, so often.',
  upTo: 'The longest window that the policy itself approves.',
  'policy.perHour': 'How many of one person it approves within 60 minutes.',
  'policy.perDay': 'How many of one person it approves within 24 hours.',
  'policy.perWeek': 'How many of one person it approves within seven days.',
  breakGlass: 'What may be taken at once for an incident, without an approver, and who reviews it.',
  incident: 'A regular expression that has to be found in the id of the incident.',
  review: 'Who closes the review; never the person whose access it was.',
  revoke: 'Who else may take it away; the approvers, if left out.',
  groups: 'Groups of the people file, or oncall:<rota> for whoever is on call.',
  people: 'Ids of people of the people file.',
  windows: 'The lengths that may be asked for and approved, ascending.',
  max: 'The longest in all, extensions included.',
  extend: 'Of extensions: how often, by which lengths, and who decides. What is left out is as for the request.',
  times: 'How many extensions may be granted of one elevation; 0: none. As many as `max` leaves room for, if left out.',
  later: 'That it may be asked for with a time at which it is to begin.',
  ahead: 'How far ahead that time may lie.',
  missed: 'How late after it the access may still begin; 1h, if left out.',
  hours: 'When this may be asked for and approved. A window belongs to the day on which it begins.',
  zone: 'IANA name of the time zone by whose clocks it goes, such as Europe/Berlin.',
  days: 'Days on which a window begins: mon to sun. Every day, if left out.',
  from: 'When it opens; midnight, if left out.',
  to: 'When it closes; midnight, if left out. Not after `from`: on the next day.',
  holidays: 'Dates on which no window begins.',
  reason: 'What is asked of the reason that somebody gives.',
  notify: 'Who else is told, and of what, after the fact.',
  on: 'Of what: requested, approved, denied, lapsed, granted, extended, revoked, ended.',
  slack: 'Id of a Slack channel (C…).',
  email: 'Addresses.',
  min: 'Its least length, in characters.',
  pattern: 'A regular expression that has to be found in it; without looking around and without references.',
  message: 'What is said where the pattern is not found.',
  ticket: 'The same for a ticket: a regular expression such as [A-Z]+-[0-9]+; with a check it has to be there, too.',
  category: 'The categories of which the request has to be one.',
  check: 'The check of the file of ticket checks (STINT_TICKETS) by which it is looked up.',
};

/**
 * JSON Schema (draft 7, which editors know best) of what a policy file may say. It takes every file that `parsePolicy` takes, and
 * some more: how values fit together, such as ascending windows, it cannot say.
 */
export function policyJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(policyFile, {
    target: 'draft-07',
    io: 'input', // lengths as they are written, not as milliseconds
    unrepresentable: ({ zodSchema }) =>
      Object.is(zodSchema, personId) ? { type: 'string', pattern: PERSON_ID.source } : 'throw',
    override: ({ jsonSchema, path }) => {
      const key = path.at(-2) === 'properties' ? String(path.at(-1)) : '';
      const says = SAYS[`${String(path.at(-3))}.${key}`] ?? (Object.hasOwn(SAYS, key) ? SAYS[key] : undefined);
      if (says !== undefined) jsonSchema.description = says;
    },
  });
  return { $schema, title: 'Policy of Stint', ...schema };
}
