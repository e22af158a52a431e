/** Reads a policy file. A file with any problem is no policy at all: all problems are told at once, and it is never put in force. */
import { few } from '../contract/few.js';
import { digestOf } from '../seal/canonical.js';
import { automaticOf, automaticProblems } from './automatic.js';
import { glassProblems } from './break-glass.js';
import { type Document, type Problem, readDocument } from './document.js';
import { durationText } from './duration.js';
import { stepProblems } from './escalation.js';
import { extendOf, extensionProblems } from './extension.js';
import { laterOf } from './later.js';
import { limitProblems, limitsOf } from './limit-file.js';
import { approvalOf, pastReach } from './pools.js';
import { pathText, problemError, problemsOf } from './problems.js';
import { type Deny, deniesAll, hides, hideTogether, type Policy, type Rule, type Who } from './rules.js';
import { type DenyEntry, type PolicyFile, policyFile, type RuleEntry } from './schema.js';

const CAP_BYTES = 1024 * 1024;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A closed laptop may be opened hours later; AWS needs minutes, and whoever asked is waiting for it. */
const START_MS = { 'mac-admin': 4 * HOUR, 'aws-permission-set': 30 * MINUTE } as const;

/**
 * The policy of a YAML or JSON text. `name` is the file's name for the messages. Throws `bad-policy`; its sentence lists
 * every problem as `file:line:column path: what is wrong`, with what is allowed.
 */
export function parsePolicy(text: string, name: string): Policy {
  const doc = readDocument(text, name, CAP_BYTES);
  if (doc.problems.length > 0) throw problemError('bad-policy', 'The policy', doc.problems);
  const parsed = policyFile.safeParse(doc.value);
  if (!parsed.success) throw problemError('bad-policy', 'The policy', problemsOf(parsed.error.issues, policyFile, doc));
  const each = parsed.data.targets.map((entry) =>
    entry.effect === 'deny' ? { deny: denyOf(entry) } : { rule: ruleOf(entry, parsed.data) },
  );
  const rules = each.flatMap(({ rule }) => rule ?? []);
  const denies = each.flatMap(({ deny }) => deny ?? []);
  const problems = [...ruleProblems(each, doc), ...orderProblems(each, doc)];
  if (problems.length > 0) throw problemError('bad-policy', 'The policy', problems);
  const all = denies.length > 0 ? { rules, denies } : { rules };
  return { hash: digestOf({ t: 'stint-policy-v1', ...all }), source: text, ...all };
}

/** An entry of the file, at its place there. */
interface Each {
  readonly rule?: Rule;
  readonly deny?: Deny;
}

function denyOf({ id, kind, match, ask, except, say }: DenyEntry): Deny {
  const said = say === undefined ? {} : { say };
  const named = { ...(ask ? { ask: whoOf(ask) } : {}), ...(except ? { except: whoOf(except) } : {}) };
  // The schema has seen that kind and match belong together.
  return { id, kind, match, ...named, ...said } as Deny;
}

function ruleOf(entry: RuleEntry, file: PolicyFile): Rule {
  const approval = approvalOf(entry.approve);
  const deadlines = { ...file.deadlines, ...entry.deadlines };
  const warn = { ...file.warn, ...entry.warn };
  const limits = limitsOf(entry.id, file.limits, entry.limits);
  const rule: Omit<Rule, 'kind' | 'match'> = {
    id: entry.id,
    ...(entry.tier === undefined ? {} : { tier: entry.tier }),
    ...(entry.channel === undefined ? {} : { channel: entry.channel }),
    ...(entry.hours === undefined ? {} : { hours: entry.hours }),
    ...(entry.reason === undefined ? {} : { reason: entry.reason }),
    ask: whoOf(entry.ask),
    ...(entry.for === 'others' ? { for: entry.for } : {}),
    ...approval,
    ...automaticOf(entry.approve),
    revoke: entry.revoke ? whoOf(entry.revoke) : approval.approve,
    windowsMs: entry.windows,
    maxMs: entry.max,
    ...(entry.extend === undefined ? {} : { extend: extendOf(entry.extend) }),
    ...(entry.later === undefined ? {} : { later: laterOf(entry.later) }),
    warnBeforeMs: warn.before ?? 5 * MINUTE,
    warnMinWindowMs: warn.minWindow ?? 5 * MINUTE,
    deadlines: {
      pendingMs: deadlines.pending ?? 24 * HOUR,
      startMs: deadlines.start ?? START_MS[entry.kind],
      evidenceMs: deadlines.evidence ?? 30 * MINUTE,
      remindEveryMs: file.reminders?.every ?? 10 * MINUTE,
      remindForMs: file.reminders?.for ?? HOUR,
      remindThenMs: file.reminders?.then ?? HOUR,
    },
    ...(limits.length === 0 ? {} : { limits }),
    ...(entry.notify === undefined ? {} : { notify: entry.notify }),
    ...glassOfFile(entry.breakGlass),
  };
  // The schema has seen that the two belong together.
  return { ...rule, kind: entry.kind, match: entry.match } as Rule;
}

function glassOfFile(entry: RuleEntry['breakGlass']): Pick<Rule, 'breakGlass'> {
  if (!entry) return {};
  const { ask, max, incident, review } = entry;
  return { breakGlass: { ask: whoOf(ask), maxMs: max, ...(incident === undefined ? {} : { incident }), review: whoOf(review) } };
}

function whoOf({ groups = [], people = [] }: { groups?: Who['groups'] | undefined; people?: Who['people'] | undefined }): Who {
  return { groups, people };
}

/** What the schema can't see: how the values of one rule fit together. */
function ruleProblems(each: readonly Each[], doc: Document): Problem[] {
  return each.flatMap(({ rule }, index) => {
    if (!rule) return [];
    const found: Problem[] = [];
    const say = (path: readonly PropertyKey[], what: string) => {
      const full = ['targets', index, ...path];
      found.push({ at: doc.at(full), path: pathText(full), what });
    };
    const ascend = (windowsMs: readonly number[], path: readonly PropertyKey[]) =>
      windowsMs.forEach((window, i) => {
        const before = windowsMs[i - 1];
        if (before !== undefined && window <= before) say([...path, i], 'must be longer than the one before it');
        if (window > rule.maxMs) say([...path, i], `must not be longer than max (${durationText(rule.maxMs)})`);
      });
    ascend(rule.windowsMs, ['windows']);
    ascend(rule.extend?.windowsMs ?? [], ['extend', 'windows']);
    const early = rule.windowsMs.find((window) => window > rule.warnMinWindowMs && window <= rule.warnBeforeMs);
    if (early !== undefined) {
      const [before, window] = [durationText(rule.warnBeforeMs), durationText(early)];
      say(
        ['warn'],
        `before (${before}) must be shorter than the window ${window}, which is warned of: raise minWindow to ${window}`,
      );
    }
    for (const { path, what } of pastReach(rule)) say(['approve', ...path], what);
    for (const { path, what } of stepProblems(rule)) say(path, what);
    for (const { path, what } of extensionProblems(rule)) say(['extend', ...path], what);
    for (const what of limitProblems(rule)) say(['limits'], what);
    for (const { path, what } of glassProblems(rule)) say(['breakGlass', path], what);
    for (const what of automaticProblems(rule)) say(['approve', 'policy'], what);
    return found;
  });
}

/** Rules that never apply, because an earlier one takes everything, or one that denies; the first in the file wins. */
function orderProblems(each: readonly Each[], doc: Document): Problem[] {
  const denies = each.flatMap(({ deny }) => deny ?? []);
  return each.flatMap(({ rule, deny }, index) => {
    const before = each.slice(0, index);
    const id = rule?.id ?? deny?.id;
    const found: Problem[] = [];
    const path = ['targets', index, 'id'];
    const say = (what: string) => found.push({ at: doc.at(path), path: pathText(path), what });
    const first = before.findIndex((other) => (other.rule ?? other.deny)?.id === id);
    if (first !== -1) say(`${id} is used twice, first at ${doc.at(['targets', first, 'id'])}; each rule needs its own id`);
    if (!rule) return found;
    const denier = denies.find((other) => deniesAll(other, rule));
    if (denier)
      say(
        `this rule can never apply: the rule ${denier.id} denies every request of it. Leave one of them out, or narrow that one`,
      );
    const earlier = before.flatMap((other) => other.rule ?? []);
    const hider = earlier.find((other) => hides(other, rule));
    if (hider)
      say(
        `this rule can never apply: the rule ${hider.id} stands before it and takes every request of it. Put this one first, or narrow that one`,
      );
    const together = hider || denier ? [] : hideTogether(earlier, rule);
    if (together.length > 0) {
      const names = few(
        together.map((other) => other.id),
        NAMED,
      );
      say(
        `this rule can never apply: the rules ${names} stand before it and take every request of it together. Put this one first, or narrow them`,
      );
    }
    return found;
  });
}

const NAMED = 5;
