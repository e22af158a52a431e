/**
 * Lives one sequence on the real server, and after each act holds what the elevation shows, and whether the access is there, against
 * the model. Nothing else happens meanwhile: an act is over when the run rests.
 */
import { isReviewOpen, reviewClosed } from '../../../contract/break-glass.js';
import { instant, msOf, workflowIdOf } from '../../../contract/ids.js';
import type { Preview } from '../../../contract/preview.js';
import type { ElevationView } from '../../../contract/view.js';
import { macOf, refOf, requestOf } from '../../fixtures/people.js';
import type { Asked, Harness } from '../harness.js';
import { until } from '../until.js';
import { type Ahead, goBy, inTime } from './ahead.js';
import {
  hasStepsAhead,
  judge,
  mayRefuse,
  mayReview,
  ownersOf,
  type People,
  type Round,
  type Said,
  timesOf,
  type Vote,
} from './model.js';
import { type Act, CAST, type Name, type Rule, type Sequence, type Setting, VOTERS } from './plan.js';
import { BEGUN_BY_MS, PENDING_MS, START_MS, type Town } from './town.js';

const MIN = 60_000;
const UNHEARD: readonly Act['do'][] = ['leave', 'return', 'move', 'reload'];

export interface Stage {
  readonly h: Harness;
  readonly town: Town;
  /** The policy's first word on a click, as the Slack app has it. */
  readonly preview: Preview;
}

/** What came of a sequence, and what was not as the model has it: there it stopped. */
export interface Lived {
  readonly wrong: readonly string[];
  readonly how: Setting['how'];
  readonly granted: boolean;
  readonly extended: number;
  readonly outcome: string;
}

interface Extension {
  readonly round: Round;
  readonly digest: Asked['digest'];
  readonly votes: Vote[];
  open: boolean;
  /** How often the rules let it be extended by which it was judged last. */
  times?: number;
}

/** The elevation as the model has it. */
interface Expected {
  state: 'requested' | 'approved' | 'active' | 'closed';
  outcome?: string;
  counted: readonly Name[];
  votes: number;
  refusals: number;
  /** From the confirmation to the deadline, in minutes. */
  minutes: number;
  armed: boolean;
  times: number;
}

export function live(stage: Stage, sequence: Sequence, n: number): Promise<Lived> {
  const ahead = { ms: 0 };
  return inTime(ahead, () => lived(new Life(stage, sequence, n, ahead), sequence));
}

async function lived(life: Life, sequence: Sequence): Promise<Lived> {
  const steps = [() => life.begin(), ...sequence.acts.map((act) => () => life.act(act)), () => life.finish()];
  for (const step of steps) if (life.wrong.length === 0) await step();
  const { wrong, expected, extensions } = life;
  return { wrong, how: sequence.setting.how, granted: expected.armed, extended: extensions, outcome: expected.outcome ?? '' };
}

class Life {
  readonly wrong: string[] = [];
  readonly expected: Expected = {
    state: 'requested',
    counted: [],
    votes: 0,
    refusals: 0,
    minutes: 0,
    armed: false,
    times: Number.POSITIVE_INFINITY,
  };
  extensions = 0;
  private readonly votes: Vote[] = [];
  private extension: Extension | undefined;
  private people: People;
  private now: Rule;
  private asked = 1;
  private automatic = 0;
  private revoked = false;
  /** When it was judged last somebody was to join later: then it is looked who can decide, by the clock of those who judge. */
  private stepsAhead = false;
  /** Nobody has put the stranger into a group yet. */
  private isStranger = true;
  private macs = 0;
  private e!: Asked;

  constructor(
    private readonly stage: Stage,
    private readonly sequence: Sequence,
    private readonly n: number,
    private readonly ahead: Ahead,
  ) {
    const { groups, rules } = sequence.setting;
    this.people = Object.fromEntries(CAST.map((name) => [name, { active: true, groups: groups[name] }])) as unknown as People;
    this.now = rules[0];
  }

  private get setting() {
    return this.sequence.setting;
  }
  private get owners() {
    return ownersOf(this.setting);
  }
  /** That of the request, and that of now. */
  private get rules(): readonly Rule[] {
    return [this.setting.rules[0], this.now];
  }

  private must(holds: boolean, what: string): void {
    if (!holds) this.wrong.push(what);
  }

  private ask(minutes: number, how: Setting['how'] = 'now'): Promise<Asked> {
    const [asker, holder] = this.owners.map((name) => this.stage.town.person(this.n, name));
    const mac = holder?.macs[this.macs++];
    if (!asker || !holder || !mac) throw new Error('this sequence asks for more than there are Macs');
    const target = macOf({ ...holder, macs: [mac] });
    const more = {
      now: {},
      later: { startAt: instant(Date.now() + START_MS) },
      glass: { breakGlass: { incident: 'INC-417' } },
    }[how];
    const request = requestOf({ requester: refOf(asker), subject: refOf(holder), target, windowMs: minutes * MIN, ...more });
    goBy(workflowIdOf(request.requestId), this.ahead);
    return this.stage.h.askFor(request);
  }

  async begin(): Promise<void> {
    const { minutes, how } = this.setting;
    this.e = await this.ask(minutes, how);
    const said = this.judge([this.now], this.request, []);
    this.stepsAhead = hasStepsAhead([this.now]);
    const own = how === 'now' && said.outcome === 'needs-approval' && this.isOwnWord(minutes);
    if (said.outcome === 'deny') {
      // What is refused at once is no request that a limit counts.
      this.asked = 0;
      this.close('denied');
    }
    if (said.outcome === 'satisfied') this.grant(said, [this.now]);
    if (own) {
      this.automatic += 1;
      this.grant({ ...said, minutes }, [this.now]);
    }
    await this.settles((state) => state !== 'approved' && state !== 'granting', 'the first word');
    if (this.setting.rules.some(({ stages }) => stages.some(({ later }) => later?.begun)))
      await until(async () => Date.now() > msOf(this.e.request.askedAt) + BEGUN_BY_MS, 'the steps that have begun by then');
    if (this.wrong.length === 0) await this.look('asked');
  }

  /** What the elevation hears nothing of changes nothing that it shows. */
  async act(act: Act): Promise<void> {
    await this.carryOut(act);
    if (!UNHEARD.includes(act.do)) await this.look(JSON.stringify(act));
  }

  // ---- what the model says -------------------------------------------------------------------------------------------------

  private readonly request: Round = { kind: 'request', minutes: 0, granted: 0 };

  private judge(rules: readonly Rule[], round: Round, votes: readonly Vote[]): Said {
    const asked = round.kind === 'request' ? { ...round, minutes: this.setting.minutes } : round;
    return judge(rules, this.setting, this.people, asked, votes);
  }

  /** Of what somebody asks for themselves. */
  private isOwnWord(minutes: number): boolean {
    const { ownPerDay = 0 } = this.now;
    return minutes <= 5 && !this.setting.onBehalf && this.automatic < ownPerDay;
  }

  private close(outcome: string): void {
    Object.assign(this.expected, { state: 'closed', outcome });
    if (this.extension) this.extension.open = false;
  }

  private grant(said: Said, rules: readonly Rule[]): void {
    const waits = this.setting.how === 'later' && this.ahead.ms === 0;
    const state = waits ? 'approved' : 'active';
    Object.assign(this.expected, { state, armed: !waits, minutes: said.minutes, times: timesOf(rules) });
  }

  // ---- what people do ------------------------------------------------------------------------------------------------------

  private async carryOut(act: Act): Promise<void> {
    const { town, h } = this.stage;
    switch (act.do) {
      case 'approve':
      case 'ext-approve':
        return this.approve(act);
      case 'deny':
      case 'ext-deny':
        return this.deny(act);
      case 'revoke':
      case 'end':
      case 'withdraw':
        return this.takeAway(act.do, act.who);
      case 'extend':
        return this.extend(act.who, act.minutes);
      case 'leave':
      case 'return': {
        const active = act.do === 'return';
        this.people = { ...this.people, [act.who]: { ...this.people[act.who], active } };
        return town.change(this.n, act.who, { active });
      }
      case 'move':
        this.people = { ...this.people, [act.who]: { ...this.people[act.who], groups: act.to } };
        if (act.who === 'stranger') this.isStranger = false;
        return town.change(this.n, act.who, { groups: act.to });
      case 'reload':
        this.now = this.setting.rules[act.rule] ?? this.now;
        town.apply(this.n, this.now);
        return h.setPolicy(town.policy());
      case 'ask-more':
        return this.askMore(act.minutes);
    }
  }

  private person(who: Name, account = 0) {
    const person = this.stage.town.person(this.n, who);
    return { ...person, slack: person.slack.slice(account, account + 1) };
  }

  /** The policy's first word on a click, which has to be the model's. */
  private async isLetIn(
    kind: Parameters<Preview['judgeClick']>[2],
    who: Name,
    wanted: boolean,
    minutes?: number,
  ): Promise<boolean> {
    const view = await this.e.view();
    if (!view) throw new Error('nothing to click at');
    const { ok } = await this.stage.preview.judgeClick(view, this.person(who), kind, minutes && minutes * MIN);
    this.must(ok === wanted, `${kind} of ${who} was ${ok ? 'let in' : 'refused at the door'}`);
    return ok;
  }

  private async approve({ do: kind, who, minutes, door, account }: Act & { do: 'approve' | 'ext-approve' }): Promise<void> {
    const { e, expected, extension } = this;
    const isRequest = kind === 'approve';
    if (!isRequest && !extension) return;
    const open = isRequest ? expected.state === 'requested' : expected.state === 'active' && extension?.open === true;
    const round = isRequest || !extension ? this.request : extension.round;
    if (open && door) {
      const alone = this.judge([this.now], round, [{ who, minutes }]);
      const wanted = alone.outcome !== 'deny' && alone.counted.includes(who);
      if (!(await this.isLetIn(kind, who, wanted, minutes))) return;
    }
    await e.approve(this.person(who, account), minutes * MIN, isRequest ? e.digest : extension?.digest);
    if (expected.state === 'closed') return;
    if (!open || this.owners.includes(who)) expected.refusals += 1;
    else if (isRequest) this.voted({ who, minutes });
    else if (extension) this.votedFor(extension, { who, minutes });
  }

  private voted(vote: Vote): void {
    this.votes.push(vote);
    const said = this.judge(this.rules, this.request, this.votes);
    this.expected.votes += 1;
    this.expected.counted = said.counted;
    this.stepsAhead = hasStepsAhead(this.rules);
    if (said.outcome === 'deny') this.close('denied');
    if (said.outcome === 'satisfied') this.grant(said, this.rules);
  }

  private votedFor(extension: Extension, vote: Vote): void {
    extension.votes.push(vote);
    const said = this.judge(this.rules, extension.round, extension.votes);
    extension.times = timesOf(this.rules);
    if (said.outcome === 'needs-approval') return;
    extension.open = false;
    if (said.outcome === 'deny') return;
    this.extensions += 1;
    const { expected } = this;
    expected.minutes = Math.max(expected.minutes, Math.min(expected.minutes + said.minutes, said.max));
  }

  private async deny({ do: kind, who }: Act & { do: 'deny' | 'ext-deny' }): Promise<void> {
    const { e, expected, extension } = this;
    if (expected.state === 'closed') return;
    const isUnbegun = expected.state === 'requested' || expected.state === 'approved';
    const open = kind === 'deny' ? isUnbegun : extension?.open === true;
    if (!open && kind === 'ext-deny') return;
    if (open && !(await this.isLetIn(kind, who, await this.mayRefuse(who)))) return;
    await e.deny(this.person(who), kind === 'deny' ? e.digest : extension?.digest);
    if (!open) expected.refusals += 1;
    else if (kind === 'deny') this.denied();
    else if (extension) extension.open = false;
  }

  private denied(): void {
    this.expected.votes += 1;
    this.close('denied');
  }

  /** Whoever was asked may refuse, too, whatever the rules are now. */
  private async mayRefuse(who: Name): Promise<boolean> {
    const { verdict } = (await this.e.view()) ?? {};
    const named = verdict?.approvers.map((id) => this.stage.town.nameOf(id)) ?? [];
    const isNamed = named.includes(who) && this.people[who].active;
    return isNamed || mayRefuse(this.now, this.setting, this.people, who);
  }

  private async takeAway(kind: 'revoke' | 'end' | 'withdraw', who: Name): Promise<void> {
    const { e, expected, owners } = this;
    const isTime = { requested: kind === 'withdraw', approved: true, active: kind !== 'withdraw', closed: false };
    if (!isTime[expected.state]) return;
    const own = owners.includes(who) && this.people[who].active;
    const may = own || (kind === 'revoke' && (await this.mayRefuse(who)));
    if (!(await this.isLetIn(kind, who, may))) return;
    await e[kind](this.person(who));
    if (kind === 'revoke') this.revoked = !own;
    this.close(kind === 'revoke' ? 'revoked' : kind === 'end' ? 'ended' : 'withdrawn');
  }

  private async extend(who: Name, minutes: number): Promise<void> {
    const { e, expected, extension } = this;
    if (expected.state === 'closed') return;
    await e.extend(this.person(who), minutes * MIN);
    const times = (extension?.times ?? expected.times) - this.extensions;
    const taken = expected.state === 'active' && this.owners.includes(who) && !extension?.open && times > 0;
    if (!taken) {
      expected.refusals += 1;
      return;
    }
    const { extension: asked } = await e.sees((view) => view.extension?.state === 'waiting' && view.extension, 'the extension');
    if (!asked) throw new Error('no extension');
    const round = { kind: 'extension', minutes, granted: this.extensions } as const;
    this.extension = { round, digest: asked.roundDigest, votes: [], open: true };
  }

  /** One more of the same person, for another Mac: what the limits let through, which is over at once. */
  private async askMore(minutes: number): Promise<void> {
    const { live: most, perHour, coolDown } = this.now.limits ?? {};
    const setting = { ...this.setting, how: 'now' } as const;
    const said = judge([this.now], setting, this.people, { kind: 'request', minutes, granted: 0 }, []);
    const held = this.expected.state === 'active' ? 1 : 0;
    const reached = held >= (most ?? 2) || this.asked >= (perHour ?? 100) || (coolDown !== undefined && this.revoked);
    const wanted = said.outcome === 'deny' || reached ? 'deny' : this.isOwnWord(minutes) ? 'auto' : 'needs-approval';
    const more = await this.ask(minutes);
    const { verdict } = await more.sees((view) => view.verdict, 'the first word on one more');
    this.must(verdict.outcome === wanted, `one more was judged ${verdict.outcome} and not ${wanted}`);
    if (verdict.outcome === 'auto') {
      await more.in('active');
      await more.end(this.person('asker'));
    } else if (verdict.outcome === 'needs-approval') await more.withdraw(this.person('asker'));
    const outcome = await more.result();
    const ends = { deny: 'denied', auto: 'ended', 'needs-approval': 'withdrawn', satisfied: '' };
    this.must(outcome === ends[wanted] && !more.isAdmin, `one more, ${wanted}, came to ${outcome}`);
    if (wanted !== 'deny') this.asked += 1;
    if (wanted === 'auto') this.automatic += 1;
  }

  // ---- the comparison ------------------------------------------------------------------------------------------------------

  private async look(after: string): Promise<void> {
    const { e, expected } = this;
    if (expected.state === 'closed') await e.result();
    else await e.rests();
    const view = await e.view();
    if (!view) throw new Error('the elevation shows nothing');
    const same = (what: string, is: unknown, wanted: unknown) =>
      this.must(JSON.stringify(is) === JSON.stringify(wanted), `${what} is ${is} and not ${wanted} after ${after}`);
    same('the state', view.state, expected.state);
    same('the outcome', view.outcome, expected.outcome);
    same('the number of votes', view.votes.length, expected.votes);
    if (expected.state !== 'closed') same('the number of refusals', view.refusals, expected.refusals);
    if (expected.outcome !== 'denied') same('who counted', view.verdict.approvedBy.map(this.stage.town.nameOf), expected.counted);
    same('whether the access is there', e.isAdmin, expected.state === 'active');
    same('the number of grant calls', e.calls('grant'), expected.armed ? 1 : 0);
    if (expected.armed) this.lookAtTime(view, same);
    this.lookAtNamed(view);
  }

  private lookAtTime(view: ElevationView, same: (what: string, is: unknown, wanted: unknown) => void): void {
    const { confirmedAt, deadlineAt } = view;
    if (!confirmedAt || !deadlineAt) return void this.wrong.push('the access is there and has no deadline');
    same('the time until the deadline', (msOf(deadlineAt) - msOf(confirmedAt)) / MIN, this.expected.minutes);
    same('the number of extensions', view.extensions ?? 0, this.extensions);
  }

  /** Whoever is called may have left meanwhile; those whose elevation it is, and whoever never was of any group, never were to be. */
  private lookAtNamed({ verdict }: ElevationView): void {
    const named = [...verdict.approvers, ...verdict.approvedBy].map(this.stage.town.nameOf);
    const never = [...this.owners, ...(this.isStranger ? ['stranger'] : [])];
    const wrongly = named.filter((name) => never.includes(name));
    this.must(wrongly.length === 0, `${wrongly.join(', ')} may decide`);
  }

  /** To its end, whatever it is by now; then nothing is left, and the ledger has one grant at most. */
  async finish(): Promise<void> {
    const { e, expected, owners, stage } = this;
    const { last, how } = this.setting;
    if (expected.state === 'approved') await this.begins();
    if (this.wrong.length > 0) return;
    if (expected.state === 'requested') {
      // Who came back may make up a quorum that was short: time alone would then grant it, when it is looked who can decide.
      const said = this.judge(this.rules, this.request, this.votes);
      const waits = last === 'time' && said.outcome !== 'satisfied';
      // One with a start of its own lapses with it, before such a step.
      if (waits && this.stepsAhead && how !== 'later' && said.outcome === 'needs-approval') expected.counted = said.counted;
      await (waits ? e.skip(PENDING_MS + 1000) : e.withdraw(this.person(owners[0])));
      this.close(waits ? 'lapsed' : 'withdrawn');
    } else if (expected.state === 'active') {
      if (last === 'time') await e.skip(expected.minutes * MIN + 500);
      else await (last === 'person' ? e.end(this.person(owners[1])) : e.revoke(this.person(VOTERS[0])));
      this.close(last === 'time' ? 'expired' : last === 'person' ? 'ended' : 'revoked');
    }
    await this.look('the end');
    const types = (await stage.h.store.ledger.timeline(e.requestId)).map(({ type }) => type);
    const armed = types.filter((type) => type === 'armed').length;
    this.must(armed === (expected.armed ? 1 : 0), `${armed} entries of a grant`);
    this.must((await stage.h.store.fence.live(e.request.target.key)) === undefined, 'the target is still taken');
    if (how === 'glass' && expected.armed) await this.review();
  }

  /** Its time comes, for all of it. What was approved is judged once more, by people and rules as they are then. */
  private async begins(): Promise<void> {
    const { e, expected } = this;
    this.ahead.ms = START_MS;
    e.trouble.macAheadMs += START_MS;
    e.trouble.seenEarlyMs -= START_MS;
    const said = this.judge(this.rules, this.request, this.votes);
    if (said.outcome === 'satisfied' && said.minutes >= expected.minutes)
      this.grant({ ...said, minutes: expected.minutes }, this.rules);
    else this.close('failed');
    await e.skip(START_MS);
    await this.settles((state) => state === 'active' || state === 'closed', 'its start');
    if (this.wrong.length === 0) await this.look('its start');
  }

  /** What was given although it should be over would be waited for in vain. */
  private async settles(isThere: (state: ElevationView['state']) => boolean, what: string): Promise<void> {
    const { state } = await this.e.sees((view) => isThere(view.state), what);
    const isGiven = state === 'active' && this.expected.state === 'closed';
    this.must(!isGiven, `the state is active and not closed after ${what}`);
  }

  /** It stays open past the end, until somebody closes it whom the rule of then names. */
  private async review(): Promise<void> {
    const { h } = this.stage;
    const { reviewer, rules } = this.setting;
    const isOpen = async () => {
      const view = (await h.store.ledger.find(this.e.requestId))?.view;
      return view !== undefined && isReviewOpen(view);
    };
    this.must(await isOpen(), 'nobody has to review it');
    const view = await this.e.view();
    if (!view || !(await this.isLetIn('review', reviewer, mayReview(rules[0], this.setting, this.people, reviewer)))) return;
    const by = { via: 'cli', personId: this.person(reviewer).personId } as const;
    await h.store.ledger.append([reviewClosed(view, by, this.e.digest, instant(Date.now()))]);
    this.must(!(await isOpen()), 'its review is open for ever');
  }
}
