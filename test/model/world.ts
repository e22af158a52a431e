/**
 * One world: the real story, desk, seals, policy, duties and sweep, between a store in memory, a Temporal of a few lines
 * and targets whose truth is the judge. Everything that happens in it is said by its steps, so that a failure repeats.
 */
import { guarded, relentless } from '../../activities/failure.js';
import { createNews } from '../../activities/news.js';
import { createRecordDuties } from '../../activities/record.js';
import { createSealDuties } from '../../activities/seals.js';
import { type CallContext, createGrantDuties, createRevokeDuties } from '../../activities/target.js';
import { isReviewOpen, reviewClosed } from '../../contract/break-glass.js';
import type { JudgeInput, SlackDuties } from '../../contract/duties.js';
import { StintError } from '../../contract/errors.js';
import type { AnyEvent } from '../../contract/events.js';
import {
  type Instant,
  instant,
  type LocalUser,
  msOf,
  type RequestId,
  type RunId,
  type Serial,
  workflowIdOf,
} from '../../contract/ids.js';
import type { ClaimAnswer, ConfirmAnswer, Envelope, Sender } from '../../contract/messages.js';
import type { Directory, Person } from '../../contract/ports.js';
import type { ElevationRequest, MacAdminTarget } from '../../contract/request.js';
import type { Verdict } from '../../contract/verdict.js';
import type { ElevationView } from '../../contract/view.js';
import { createJudge } from '../../policy/judge.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { judgeReview } from '../../policy/reviewers.js';
import type { Policy } from '../../policy/rules.js';
import { requestDigest, requestIdFrom } from '../../seal/canonical.js';
import { createSealer, type Seal } from '../../seal/envelope.js';
import { generateSealKey, loadTrustedKeys, privateKeyFrom, trustedKeysText } from '../../seal/keys.js';
import { sweepOnce } from '../../workers/sweep.js';
import { ada, everyone, macOf, requestOf } from '../fixtures/people.js';
import { type BrokenFence, createMemory, type Memory } from './memory.js';
import { AHEAD_MS, ASKS, type Ask, type HowAsked, MANAGER, policyText, REVIEWERS, type Rule, SECURITY } from './rule.js';
import { MIN, PROMPT_MS, Rules } from './rules.js';
import type { Attempt, Loss } from './run.js';
import { Server } from './server.js';
import { type BrokenTarget, type Manner, Targets } from './targets.js';
import { attemptNow, inPlace } from './temporal.js';
import { Time } from './time.js';

const SWEEP_EVERY_MS = MIN;
/** Longer than the last deadline of all, with the sweep behind it. */
const END_MS = 70 * MIN;

export type BrokenDuty =
  | 'a call that was given up is sent'
  | 'a proof counts before the last call could land'
  | 'the requester counts'
  | 'a window is doubled'
  | 'nonces are not remembered'
  | 'a revoke waits for the store'
  | 'gone is recorded without a proof'
  | 'the glass leaves no entry'
  | 'its own person closes a review'
  | 'a later start is not judged again'
  | 'it begins before its time';
/** What the product reads otherwise than it was written. */
const MISREAD = {
  'a quorum is one too low': (rule) => ({ ...rule, stages: rule.stages.map((stage) => ({ ...stage, quorum: 1 })) }),
  'a stage is left out': (rule) => ({ ...rule, stages: rule.stages.slice(0, 1) }),
  'an extension is decided by one alone': ({ extend: _, ...rule }) => rule,
  'how many there may be at once is not looked at': ({ live: _, ...rule }) => rule,
  'the policy approves as often as it likes': (rule) => ({ ...rule, ownPerDay: 9 }),
  'a break-glass needs no incident': (rule) => ({ ...rule, glass: rule.glass && { ...rule.glass, incident: '' } }),
  'a break-glass is as long as anything': (rule) => ({ ...rule, glass: rule.glass && { ...rule.glass, max: rule.max } }),
  'anybody may break the glass': (rule) => ({ ...rule, glass: rule.glass && { ...rule.glass, may: 'ada' } }),
} satisfies { readonly [what: string]: (rule: Rule) => Rule };
export type Broken = BrokenFence | BrokenTarget | BrokenDuty | keyof typeof MISREAD;

export interface Setting {
  readonly rule: Rule;
  /** How each of the three requests is asked. */
  readonly asks: readonly Ask[];
  readonly manner: Manner;
  /** Who looks at what was taken by break-glass once all is over. */
  readonly reviewer?: string | undefined;
  /** Ada is an administrator of her first Mac without us. */
  readonly standing?: boolean;
  readonly broken?: Broken;
}

const MACS = ['C02MODEL01', 'C02MODEL02'].map((serial, i) => ({
  serial: serial as Serial,
  localUser: 'ada' as LocalUser,
  name: `ada-mac-${i}`,
}));
const PEOPLE: readonly Person[] = everyone.map((person) => ({
  ...person,
  ...(person.personId === ada.personId && { macs: MACS, manager: MANAGER }),
  groups: [...person.groups, ...(SECURITY.includes(person.personId) ? ['security'] : [])],
}));
const READ = new Map<string, Policy>();
/** Each is read once: many worlds have the same. */
function policyOf(rule: Rule): Policy {
  const text = policyText(rule);
  const policy = READ.get(text) ?? parsePolicy(text, 'policy.yaml');
  READ.set(text, policy);
  return policy;
}
const KEYS = {
  'slack-app': generateSealKey('slack-app'),
  'device-api': generateSealKey('device-api'),
  cli: generateSealKey('cli'),
};
const RING = loadTrustedKeys(trustedKeysText(Object.values(KEYS)));

/** Slack takes what it is told: nothing depends on it. */
const SLACK: SlackDuties = {
  paint: async () => undefined,
  dm: async () => undefined,
  line: async () => undefined,
  call: async () => undefined,
  answer: async () => undefined,
  fileEvidence: async () => undefined,
};

/** One request in a world. */
export interface Asked {
  readonly request: ElevationRequest<MacAdminTarget>;
  readonly digest: ReturnType<typeof requestDigest>;
  readonly requestId: RequestId;
  readonly start: Envelope;
  last: Envelope | undefined;
}

export class World {
  readonly time = new Time();
  readonly memory: Memory;
  readonly targets: Targets;
  readonly rules: Rules;
  readonly server: Server;
  readonly losses = new Map<string, Loss[]>();
  readonly asked: Asked[] = [];
  private readonly seals: { readonly [S in Sender]: Seal };
  /** As the product reads the rule. */
  private readonly policy: Policy;
  private readonly away = new Set<string>();
  private nonces = 0;
  private sweeping = false;

  constructor(readonly setting: Setting) {
    const { broken, manner, rule } = setting;
    const { time } = this;
    const clock = () => time.now;
    this.policy = policyOf((MISREAD as { readonly [what: string]: (rule: Rule) => Rule })[broken ?? '']?.(rule) ?? rule);
    this.memory = createMemory(clock, broken as BrokenFence | undefined, [this.policy]);
    this.rules = new Rules({ rule, isActive: (who) => !this.away.has(who), now: clock });
    const judge = {
      began: (id: RequestId, others: readonly RequestId[]) => this.rules.began(id, others),
      called: (call: Targets['calls'][number]) => {
        const { requestId } = call.order;
        this.rules.called(call, attemptNow()?.runId ?? 'no-run', this.memory.events(requestId));
      },
    };
    this.targets = new Targets(time, manner, judge, broken as BrokenTarget | undefined);
    const sealOf = (sender: Sender) =>
      createSealer({ sender, ...privateKeyFrom(sender, KEYS[sender].privatePem), clock, random: (n) => this.bytes(n) });
    this.seals = { 'slack-app': sealOf('slack-app'), 'device-api': sealOf('device-api'), cli: sealOf('cli') };
    this.server = new Server({ time, work: this.duties(), loss: (name) => this.losses.get(name)?.shift() });
    time.onSettle(() => this.watch());
    this.sweepAgain();
  }

  close(): void {
    this.time.close();
  }

  private bytes(n: number): Uint8Array {
    this.nonces += 1;
    return new Uint8Array(n).map((_, i) => (this.nonces >> (8 * (i % 4))) & 0xff);
  }

  /** Every activity by its name, wrapped as the real workers wrap it. */
  private duties(): (name: string, args: readonly unknown[], attempt: Attempt) => Promise<unknown> {
    const { broken } = this.setting;
    const { store } = this.memory;
    const clock = () => this.time.now;
    const ring = () => RING;
    const never = new AbortController();
    const call: CallContext = {
      runId: () => attemptNow()?.runId ?? ('no-run' as RunId),
      signal: () => (attemptNow()?.abort ?? never).signal,
      sleep: this.time.sleep,
      stillWanted: async () => {
        if (attemptNow()?.wanted() === false && broken !== 'a call that was given up is sent') throw new StintError('fenced');
      },
      beating: (work) => work(),
    };
    const sources = { policy: async () => this.policy, policies: store.policies, usage: store.usage, clock };
    const judge = (input: JudgeInput) => {
      const request = this.requestOf(input.request.requestId);
      return createJudge({ ...sources, directory: this.directory })({ ...input, request });
    };
    const satisfied = new Map<RequestId, Verdict>();
    const judged: typeof judge = async (input) => {
      const { requestId, startAt } = input.request;
      const before = startAt && broken === 'a later start is not judged again' && satisfied.get(requestId);
      const verdict = before || (await judge(input));
      if (verdict.outcome === 'satisfied') satisfied.set(requestId, verdict);
      const first = input.votes[0];
      if (broken === 'the requester counts' && first?.decision === 'approve' && verdict.outcome !== 'deny')
        return { ...verdict, outcome: 'satisfied', windowMs: verdict.windowMs ?? first.windowMs ?? 5 * MIN };
      if (broken === 'a window is doubled' && verdict.windowMs) return { ...verdict, windowMs: 2 * verdict.windowMs };
      return verdict;
    };
    const target = { driverOf: () => this.targets, fence: store.fence, askEvidence: async () => {}, clock, call, watchMs: 1_500 };
    const seals = createSealDuties({ ring, clock });
    const isEarly = broken === 'it begins before its time';
    const recording = { store, judge: judged, clock, runId: call.runId, ring };
    const recorded = createRecordDuties(recording);
    const arming = createRecordDuties(isEarly ? { ...recording, clock: () => clock() + AHEAD_MS } : recording);
    // What is on record has to be what was sealed, or nothing is taken.
    const asSealed = (events: readonly AnyEvent[]): readonly AnyEvent[] =>
      events.map((event) =>
        isEarly && event.type === 'requested'
          ? { ...event, data: { ...event.data, request: this.requestOf(event.requestId) } }
          : event,
      );
    const record: typeof recorded = {
      ...recorded,
      admit: async (...start) => {
        const admission = await recorded.admit(...start);
        if (!admission.ok) return admission;
        if (isEarly) delete (admission.envelope.body.request as { startAt?: Instant }).startAt;
        // The same rule guards the start: a run that sees another one's grant does not come as far as the fence.
        return broken === 'another run may arm' ? { ...admission, held: false } : admission;
      },
      arm: (input) => {
        const noGlass = broken === 'the glass leaves no entry';
        const before = asSealed(noGlass ? input.before.filter(({ type }) => type !== 'glass-broken') : input.before);
        return arming.arm({ ...input, before, request: this.requestOf(input.request.requestId) });
      },
      append: (events, note) =>
        broken === 'gone is recorded without a proof' && note?.endedAt
          ? recorded.append(events, { ...note, gone: { at: note.endedAt, proved: true } })
          : recorded.append(asSealed(events), note),
    };
    const revoking = createRevokeDuties(target);
    const bad: { [name: string]: (...args: never[]) => Promise<unknown> } = {};
    if (broken === 'a proof counts before the last call could land')
      bad.proveGone = (request: ElevationRequest, _: never, begun: never) => revoking.proveGone(request, instant(0), begun);
    if (broken === 'a revoke waits for the store')
      bad.revokeOnce = bad.proveGone = async (request: ElevationRequest, ...rest: never[]) => {
        await this.memory.store.ping();
        return revoking.proveGone(request, rest[0] ?? (instant(0) as never), rest[1] ?? (true as never));
      };
    if (broken === 'nonces are not remembered')
      bad.openMessages = async (requestId: RequestId, raws: never) =>
        (await seals.openMessages(requestId, raws)).map((opened) =>
          opened.ok ? { ...opened, envelope: { ...opened.envelope, nonce: `${this.nonces++}` } } : opened,
        );
    const all = {
      ...relentless({ ...seals, ...record, ...revoking, ...bad }),
      ...guarded(createGrantDuties(target)),
      ...guarded(createNews({ store: record, slack: SLACK, beating: call.beating })),
    } as { [name: string]: ((...args: unknown[]) => Promise<unknown>) | undefined };
    return (name, args, attempt) => inPlace({ attempt }, async () => all[name]?.(...args));
  }

  private requestOf(requestId: RequestId): ElevationRequest {
    const asked = this.asked.find((one) => one.requestId === requestId);
    if (!asked) throw new Error('nobody asked for that');
    return asked.request;
  }

  /** Who is there, and who has left. */
  private get directory(): Directory {
    return directoryFrom(PEOPLE.map((person) => ({ ...person, active: !this.away.has(person.personId) })));
  }

  leave(who: string): void {
    this.away.add(who);
  }
  comeBack(who: string): void {
    this.away.delete(who);
  }

  /** As the entrances let somebody close a review: those whom the policy of then names, once it is over. */
  async review(a: Asked, who: string): Promise<void> {
    const { ledger, policies, fence } = this.memory.store;
    const view = this.memory.down ? undefined : (await ledger.find(a.requestId))?.view;
    const person = PEOPLE.find(({ personId }) => personId === who);
    if (!view || !person || view.state !== 'closed' || !isReviewOpen(view)) return;
    const isThere = !this.away.has(who);
    const said = await judgeReview({ policies, grants: fence, directory: this.directory }, view, { ...person, active: isThere });
    const { reviewedBy } = this.rules.of(a.requestId);
    if (isThere && REVIEWERS.includes(who)) reviewedBy.add(who);
    if (!said.ok && this.setting.broken !== 'its own person closes a review') return;
    const event = reviewClosed(view, { via: 'cli', personId: person.personId }, a.digest, instant(this.time.now));
    await ledger.append([event]);
  }

  /** The n-th request; asked for when it is first spoken of. The first two are for one Mac, the third for another. */
  async of(n: number): Promise<Asked> {
    const there = this.asked[n];
    if (there) return there;
    if (n > this.asked.length) await this.of(this.asked.length);
    const mac = MACS[this.asked.length < 2 ? 0 : 1];
    const requestId = requestIdFrom('model', `${this.asked.length}`);
    const target = macOf({ ...ada, macs: mac ? [mac] : [] });
    const { aheadMs, ...asked }: HowAsked = ASKS[this.setting.asks[this.asked.length] ?? 'now'];
    const { now } = this.time;
    const startAt = aheadMs && { startAt: instant(now + aheadMs) };
    const request = requestOf({ requestId, target, windowMs: 10 * MIN, askedAt: instant(now), ...asked, ...startAt });
    const digest = requestDigest(request);
    const start = this.seals['slack-app']('start', requestId, digest, { request }, { personId: ada.personId }, 'slack');
    const known: Asked = { request, digest, requestId, start, last: undefined };
    this.asked.push(known);
    this.rules.asked(request);
    if (!this.memory.down) await this.memory.store.requests.put(request, digest);
    this.server.start(workflowIdOf(requestId), start);
    await this.time.settle();
    return n < this.asked.length ? (this.asked[n] ?? known) : this.of(n);
  }

  seal: Seal = (kind, requestId, digest, body, actor, via) => {
    const sender = via === 'device' ? 'device-api' : via === 'slack' ? 'slack-app' : 'cli';
    return this.seals[sender](kind, requestId, digest, body, actor, via);
  };

  /** Sends a sealed message, and remembers it for a repeat. */
  async send(a: Asked, envelope: Envelope): Promise<void> {
    a.last = envelope;
    if (envelope.kind === 'approve' || envelope.kind === 'deny') this.rules.of(a.requestId).ballots.add(envelope.nonce);
    this.server.signal(workflowIdOf(a.requestId), envelope.kind, envelope);
    await this.time.settle();
  }

  view(a: Asked): ElevationView | null {
    return this.server.query<ElevationView>(workflowIdOf(a.requestId));
  }

  holds(a: Asked): boolean {
    return this.targets.holds(a.requestId, a.request.target);
  }

  claim(a: Asked): Promise<ClaimAnswer | undefined> {
    return this.tell(a, 'claim');
  }
  confirm(a: Asked): Promise<ConfirmAnswer | undefined> {
    return this.tell(a, 'confirm');
  }

  private tell<A>(a: Asked, kind: 'claim' | 'confirm'): Promise<A | undefined> {
    const { serial, localUser } = a.request.target;
    const body = { serial, localUser, bootSession: 'B00T-1' };
    const envelope = this.seal(kind, a.requestId, a.digest, body, { serial }, 'device');
    return this.server.update<A>(workflowIdOf(a.requestId), kind, envelope);
  }

  /** Something is out of order now. */
  trouble(): void {
    this.rules.troubledAt = this.time.now;
  }

  /** Expects that this elevation's access is over soon, unless something goes wrong meanwhile. */
  expectGone(a: Asked): void {
    const from = this.time.now - MIN;
    this.time.after(PROMPT_MS, () => {
      const calm = this.rules.troubledAt < from && !this.rules.of(a.requestId).killed;
      if (calm) this.rules.must(!this.holds(a), 'I5: access went on after it was ended');
    });
  }

  /** Looks at everything that the rules speak of, after every happening. */
  private watch(): boolean {
    if (this.targets.down || this.targets.silent || this.memory.down) this.trouble();
    for (const a of this.asked) {
      const { requestId } = a;
      const holds = this.holds(a);
      const row = this.memory.grants.get(requestId);
      const isTaken = this.rules.of(requestId).armedBy !== undefined;
      if (row && !row.goneAt && !isTaken) this.rules.armed(requestId, msOf(row.notAfter), this.memory.events(requestId));
      else if (row && isTaken) this.rules.storedEnd(requestId, msOf(row.notAfter));
      if (row?.goneAt && this.rules.of(requestId).goneAt === undefined) this.rules.gone(requestId, holds);
      if (holds) this.rules.outlived(requestId);
      const view = this.view(a);
      const seenAt = this.setting.manner === 'called' && view?.state === 'active' ? view.confirmedAt : undefined;
      if (seenAt && view?.deadlineAt && this.rules.of(requestId).confirmedAt === undefined)
        this.rules.confirmed(requestId, msOf(view.deadlineAt), msOf(seenAt));
      if (view?.deadlineAt && view.state === 'active') this.rules.shownDeadline(requestId, msOf(view.deadlineAt));
    }
    return false;
  }

  private sweepAgain(): void {
    this.time.after(SWEEP_EVERY_MS, () => {
      this.sweepAgain();
      this.sweepNow();
    });
  }

  sweepNow(): void {
    if (!this.sweeping) void this.sweep();
  }

  private async sweep(): Promise<void> {
    this.sweeping = true;
    const { store } = this.memory;
    const deps = { store, driverOf: () => this.targets, clock: () => this.time.now, sleep: this.time.sleep, alarm: () => {} };
    await sweepOnce({ ...deps, watchMs: 3_000 }).catch(() => undefined);
    this.sweeping = false;
  }

  /** Heals everything and lets all deadlines pass. Then nothing may be left: every elevation is over, or was never begun. */
  async finish(standingBefore: ReadonlySet<string>): Promise<void> {
    this.memory.down = false;
    this.targets.down = false;
    this.targets.silent = false;
    this.losses.clear();
    const end = this.time.now + END_MS;
    while (this.time.now < end && !this.isOver()) await this.time.pass(MIN);
    const { must } = { must: this.rules.must.bind(this.rules) };
    for (const a of this.asked) {
      await this.review(a, this.setting.reviewer ?? 'nobody');
      const row = this.memory.grants.get(a.requestId);
      const timeline = this.memory.events(a.requestId);
      this.rules.recorded(a.requestId, timeline, this.holds(a));
      must(!this.holds(a), 'I15: access is left');
      must(!row || row.goneAt !== undefined, 'I6: a grant that nobody saw gone');
    }
    must(this.server.stuck.length === 0, `a story stopped: ${this.server.stuck[0]}`);
    must(this.server.running === 0, 'I6: an elevation does not end');
    must(
      [...standingBefore].every((key) => this.targets.standing.has(key)),
      'I12: standing access was removed',
    );
  }

  private isOver(): boolean {
    const open = [...this.memory.grants.values()].some((row) => !row.goneAt);
    return this.server.running === 0 && !open && !this.asked.some((a) => this.holds(a));
  }
}
