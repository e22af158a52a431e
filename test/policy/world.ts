/** People, a policy, a request and votes for the tests of the policy. */
import type { Digest, Instant, LocalUser, PersonId, Serial, SlackUserId } from '../../contract/ids.js';
import { instant } from '../../contract/ids.js';
import type { Person } from '../../contract/ports.js';
import { type ElevationRequest, type MacAdminTarget, targetOf } from '../../contract/request.js';
import type { Round, Verdict, Vote } from '../../contract/verdict.js';
import type { ElevationView } from '../../contract/view.js';
import { parsePolicy } from '../../policy/load.js';
import { lookAtMac } from '../../policy/macs.js';
import type { Policy } from '../../policy/rules.js';
import type { Facts } from '../../policy/terms.js';
import { requestDigest, requestIdFrom, sha256 } from '../../seal/canonical.js';

export const NOW = Date.parse('2026-03-02T09:00:00.000Z');
export const MIN = 60_000;

export function person(id: string, change: Partial<Person> = {}): Person {
  const user = `U0${id.toUpperCase()}`;
  return {
    personId: id as PersonId,
    name: id[0]?.toUpperCase() + id.slice(1),
    active: true,
    groups: ['staff'],
    slack: [{ teamId: 'T0001', userId: user as SlackUserId }],
    macs: [{ serial: `C02${id.toUpperCase()}01` as Serial, localUser: id as LocalUser, name: `${id}-mac` }],
    ...change,
  };
}

export const ADA = person('ada');
export const GRACE = person('grace', { groups: ['staff', 'it'] });
export const LINUS = person('linus', { groups: ['staff', 'it'] });
export const MARGARET = person('margaret', { groups: ['staff', 'security'] });
export const MALLORY = person('mallory', { groups: ['contractors'] });
export const EVERYBODY: readonly Person[] = [ADA, GRACE, LINUS, MARGARET, MALLORY];

/** A policy of one rule for all Macs, with some of its lines replaced. */
export function policyOf(
  change: { ask?: string; approve?: string; revoke?: string; windows?: string; max?: string; more?: string } = {},
): Policy {
  return parsePolicy(
    `version: 1
targets:
  - id: macs
    kind: mac-admin
    match: { serials: ["*"] }
    ask: ${change.ask ?? '{ groups: [staff] }'}
    for: others
    approve: ${change.approve ?? '{ groups: [it], quorum: 1 }'}
    revoke: ${change.revoke ?? '{ groups: [it, security] }'}
    windows: ${change.windows ?? '[5m, 10m, 15m, 30m]'}
    max: ${change.max ?? '30m'}
${change.more ?? ''}`,
    'policy.yaml',
  );
}

export function requestOf(
  change: Partial<ElevationRequest<MacAdminTarget>> = {},
  who: Person = ADA,
): ElevationRequest<MacAdminTarget> {
  const mac = who.macs[0];
  if (!mac) throw new Error(`${who.name} has no Mac`);
  return {
    v: 1,
    requestId: requestIdFrom('slack', 'V1'),
    requester: { personId: who.personId, name: who.name },
    subject: { personId: who.personId, name: who.name },
    target: {
      kind: 'mac-admin',
      key: `mac-admin/${mac.serial}`,
      serial: mac.serial,
      localUser: mac.localUser,
      display: mac.name,
    },
    windowMs: 10 * MIN,
    category: 'debug',
    reasonDigest: sha256('a reason'),
    via: 'slack',
    askedAt: instant(NOW),
    ...change,
  };
}

export function roundOf(request: ElevationRequest): Round {
  return { digest: requestDigest(request), kind: 'request', windowMs: request.windowMs };
}

export function approval(by: Person, windowMs = 10 * MIN, roundDigest: Digest = requestDigest(requestOf())): Vote {
  return { decision: 'approve', personId: by.personId, roundDigest, windowMs, at: instant(NOW) };
}

export function denial(by: Person, roundDigest: Digest = requestDigest(requestOf())): Vote {
  return { decision: 'deny', personId: by.personId, roundDigest, at: instant(NOW) };
}

/** Facts as the directory of these people would give them. */
export function factsOf(people: readonly Person[] = EVERYBODY, request: ElevationRequest = requestOf()): Facts {
  const find = (id: PersonId) => people.find((p) => p.personId === id);
  const [requester, subject] = [find(request.requester.personId), find(request.subject.personId)];
  const mac = targetOf('mac-admin', request.target);
  const look = mac && subject ? lookAtMac(mac, subject) : {};
  return { ...(requester ? { requester } : {}), ...(subject ? { subject } : {}), look, voters: people, approverPool: people };
}

export function viewOf(verdict: Verdict, change: Partial<ElevationView> = {}): ElevationView {
  const request = requestOf();
  return {
    request,
    digest: requestDigest(request),
    state: 'requested',
    verdict,
    votes: [],
    unprovenBy: [],
    reminders: 0,
    refusals: 0,
    ...change,
  };
}

export const at = (ms: number): Instant => instant(NOW + ms);
