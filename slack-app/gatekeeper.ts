/**
 * The identity gate: who clicked, where, on what, and may that count. Every check in order, deny by default; a check
 * that cannot be made is a refusal. Each refusal is a `StintError` whose sentence says why and who could.
 *
 * The workflow re-checks what adds access; this is the first gate, and the only one for taking access away.
 */
import type { ParsedAction } from '../cards/actions.js';
import { frozenSentence } from '../cards/frozen.js';
import { isStintError, StintError } from '../contract/errors.js';
import type { Actor } from '../contract/messages.js';
import type { Directory, Freeze, Person } from '../contract/ports.js';
import type { ClickKind, Preview } from '../contract/preview.js';
import type { ElevationView } from '../contract/view.js';
import {
  cannotKnow,
  checkApp,
  checkChannel,
  checkDm,
  checkOwn,
  checkPlace,
  checkRound,
  checkStanding,
  checkTeam,
  type RoundAsk,
} from './checks.js';
import type { SlackAppConfig } from './config.js';
import { errorText, type Log } from './log.js';
import type { Member, Members } from './members.js';
import type { Claim, Press } from './payload.js';
import type { Recall, Recalled } from './recall.js';
import type { ReplayGuard } from './replay.js';
import { RULES } from './standing.js';

/** How long a button press is remembered: long after any redelivery. */
const CLICK_KEPT_MS = 24 * 3_600_000;

/** A person of ours behind a Slack account. */
export interface Identified {
  readonly member: Member;
  readonly person: Person;
  readonly actor: Actor;
}

/** A click or a form that may be sent on. `view` is absent only when the store is down or behind. */
export interface Admitted extends Identified {
  readonly view?: ElevationView;
}

export interface Gatekeeper {
  /** Checks 1, 2 and 4: our app, our workspace, a full living member. Enough for looking, never for deciding. */
  member(claim: Claim): Promise<Member>;
  /** The same, and the person whom the directory binds to that account. */
  identify(claim: Claim): Promise<Identified>;
  /** All checks for a press of one of our buttons. Throws a `StintError` for every refusal. */
  click(press: Press, ask: ParsedAction): Promise<Admitted>;
  /** All checks for the submission of a form that a press opened, except where that press happened. */
  form(claim: Claim, ask: RoundAsk): Promise<Admitted>;
  isAdmin(userId: string): boolean;
}

export interface GatekeeperDeps {
  readonly config: SlackAppConfig;
  readonly members: Members;
  readonly directory: Directory;
  /** The people of before, while the people file is not valid: for clicks that take access away, and no others. */
  readonly lastGood: Pick<Directory, 'personBySlack'>;
  readonly preview: Preview;
  readonly recall: Recall;
  readonly replay: ReplayGuard;
  readonly freeze: Pick<Freeze, 'now'>;
  /** Why nothing that adds access may be decided in a channel now (it is not safe), or undefined. */
  readonly troubleIn: (channel: string) => Promise<string | undefined>;
  readonly logger: Log;
}

export function createGatekeeper(deps: GatekeeperDeps): Gatekeeper {
  const { config, members, recall } = deps;
  const isAdmin = (userId: string): boolean => config.adminSlackUserIds.includes(userId);

  async function member(claim: Claim): Promise<Member> {
    checkApp(claim, config);
    checkTeam(claim, config);
    return members.require(claim.userId);
  }

  /** Without a kind of click, as strictly as for one that adds access. */
  async function identify(claim: Claim, kind?: ClickKind): Promise<Identified> {
    const found = await member(claim);
    const known = personOf(found, deps.directory);
    const person = await (kind === undefined || RULES[kind].adds ? known : known.catch((error) => orLast(deps, found, error)));
    return { member: found, person, actor: actorOf(found, person) };
  }

  async function judge(who: Identified, ask: RoundAsk, known: Recalled): Promise<Admitted> {
    const rule = RULES[ask.kind];
    const view = known.how === 'unrecorded' ? undefined : known.view;
    if (known.how !== 'read' && rule.adds) throw cannotKnow(known);
    if (known.how === 'unrecorded' && !known.asked) throw new StintError('unknown-request');
    if (!view) return unjudged(who, ask, deps.logger);
    checkOwn(who.person, view, ask.kind);
    await checkEligible(who, view, ask, { preview: deps.preview, admin: isAdmin(who.member.userId) });
    // A remembered view says who people are, not where things stand: the workflow knows, and ending is harmless to repeat.
    if (known.how !== 'read') return { ...who, view };
    checkRound(view, ask);
    checkStanding(who.person, view, ask);
    if (rule.grants) await refuseFrozen(deps.freeze);
    return { ...who, view };
  }

  return {
    member,
    identify: (claim) => identify(claim),
    isAdmin,
    async form(claim, ask) {
      const known = recall.of(ask.requestId);
      const who = await settle(identify(claim, ask.kind), known);
      const found = await known;
      if (RULES[ask.kind].adds) checkChannel(await deps.troubleIn(found.card?.channel ?? config.approverChannel));
      return judge(who, ask, found);
    },
    async click(press, ask) {
      const { claim, place } = press;
      checkApp(claim, config);
      checkTeam(claim, config);
      const rule = RULES[ask.kind];
      const known = await recall.of(ask.requestId);
      checkPlace(place, ask.kind, known);
      const who = await identify(claim, ask.kind);
      if (place.channelId?.startsWith('D') && known.how !== 'down') {
        checkDm(place, await recall.dmChannels(ask.requestId, who.person.personId));
      }
      if (rule.adds) checkChannel(await deps.troubleIn(known.card?.channel ?? config.approverChannel));
      const admitted = await judge(who, ask, known);
      const store = known.how === 'down' ? 'memory' : rule.adds ? 'insist' : 'ask';
      if (!(await deps.replay.first('slack-click', clickKey(press), CLICK_KEPT_MS, store)))
        throw new StintError('replayed', AGAIN);
      return admitted;
    },
  };
}

/** The process that was to carry it out may have died over it. */
const AGAIN =
  'This very click was already received once, and was not carried out again. If nothing changes, press the button again.';

/** After all else: whose click could not count anyway need not hear of it. `arm` looks again, in its own transaction. */
async function refuseFrozen(freeze: Pick<Freeze, 'now'>): Promise<void> {
  const frozen = await freeze.now();
  if (frozen) throw new StintError('frozen', frozenSentence(frozen));
}

/** Waits for `first`, while `other` is already on its way; its failure is never left unhandled. */
async function settle<T>(first: Promise<T>, other: Promise<unknown>): Promise<T> {
  other.catch(() => undefined);
  return first;
}

// ---- 4 and 7: a person of ours ------------------------------------------------------------------------------------

async function personOf(member: Member, directory: Pick<Directory, 'personBySlack'>): Promise<Person> {
  const person = await directory.personBySlack(member.teamId, member.userId);
  if (!person) throw new StintError('person-unknown');
  // Bound by team and user id, never by name or e-mail; and bound to this very account.
  const bound = person.slack.some((account) => account.teamId === member.teamId && account.userId === member.userId);
  if (!bound) throw new StintError('person-unknown');
  if (!person.active) throw new StintError('person-inactive');
  return person;
}

/** A people file that cannot be read is nobody's fault who wants an access to end, and no reason for it to go on. */
async function orLast({ lastGood, logger }: GatekeeperDeps, member: Member, error: unknown): Promise<Person> {
  if (isStintError(error) && PERSON_SAYS.has(error.code)) throw error;
  const person = await personOf(member, lastGood);
  logger.warn({ personId: person.personId, why: errorText(error) }, 'the people file cannot be read: known by its last content');
  return person;
}

/** What a valid file says of somebody: no other content is asked then. */
const PERSON_SAYS: ReadonlySet<string> = new Set(['person-unknown', 'person-inactive']);

function actorOf(member: Member, person: Person): Actor {
  return { personId: person.personId, slackTeamId: member.teamId, slackUserId: member.userId };
}

// ---- 5 and 6: allowed to say this, about this elevation -------------------------------------------------------------

async function checkEligible(
  { person }: Identified,
  view: ElevationView,
  ask: RoundAsk,
  by: { readonly preview: Preview; readonly admin: boolean },
): Promise<void> {
  // Administrators named in the configuration may end any access, whatever rule it came from.
  if (by.admin && RULES[ask.kind].admin) return;
  const verdict = await by.preview.judgeClick(view, person, ask.kind, ask.windowMs);
  if (!verdict.ok) throw new StintError(RULES[ask.kind].who === 'holder' ? 'not-eligible' : 'not-approver', verdict.sentence);
}

// ---- when the store does not say ------------------------------------------------------------------------------------

/**
 * Taking access away while nothing is known of the elevation: an active person of the directory, on a card that they can
 * see, is enough here, and the message says who it was. To wait for the store would keep access alive.
 */
function unjudged(who: Identified, ask: RoundAsk, logger: Log): Admitted {
  logger.warn({ kind: ask.kind, requestId: ask.requestId, personId: who.person.personId }, 'authorised without the store');
  return who;
}

/** What makes a press the same press, however often it is delivered. */
function clickKey({ claim, actionId, actionTs, place }: Press): string {
  return [claim.teamId ?? claim.enterpriseId, claim.userId, actionTs, actionId, place.channelId, place.messageTs].join('/');
}
