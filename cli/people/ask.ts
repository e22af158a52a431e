/** Asking for access from the command line: what was given is checked, the target found, asked for, and waited for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isStintError, StintError } from '../../contract/errors.js';
import { few } from '../../contract/few.js';
import type { Instant } from '../../contract/ids.js';
import { type BreakingGlass, CATEGORIES, REASON_MAX, REASON_MIN, type TargetKind } from '../../contract/request.js';
import { durationText, parseDuration } from '../../policy/duration.js';
import { createPeopleClient, type PeopleClient, plain, serverKeyOf, serverOf } from './client.js';
import { keyFileOf, readOwnKey } from './key.js';
import { NAMINGS } from './kinds/index.js';
import { type Found, given, type Named, type Names, type Naming } from './kinds/naming.js';
import { linesOf, type Standing, verdictOf } from './progress.js';
import { startOf } from './start.js';

export interface AskOptions extends Names {
  readonly for?: string;
  readonly onBehalfOf?: string;
  readonly start?: string;
  readonly reason?: string;
  readonly category: string;
  readonly confirm?: string;
  readonly wait?: boolean;
  readonly search?: string;
  readonly breakGlass?: boolean;
  readonly incident?: string;
  readonly drill?: boolean;
  readonly server?: string;
  readonly json?: boolean;
}

export interface AskWorld {
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** That many random bytes, in hex. */
  readonly random: (bytes: number) => string;
  /** What was asked for: standard output. */
  readonly out: (text: string) => void;
  /** How it goes: standard error. */
  readonly say: (line: string) => void;
  /** Between two looks, ms. */
  readonly everyMs?: number;
}

const EVERY_MS = 2_000;
/** A server that is away for so long is not waited for. */
const AWAY_MS = 5 * 60_000;
const TRIES = 4;

/** The exit code. Throws `bad-input` and `unknown-target` for mistakes, and whatever the server refuses with. */
export async function askFor(kind: TargetKind, options: AskOptions, world: AskWorld): Promise<number> {
  const { env, clock } = world;
  const wanted = options.search === undefined ? wantedOf(NAMINGS[kind], options, clock()) : undefined;
  const server = serverOf(options.server ?? env.STINT_SERVER_URL);
  const serverKey = serverKeyOf(env.STINT_SERVER_KEY_FILE);
  const key = readOwnKey(keyFileOf(env));
  const client = createPeopleClient({ server, key, ...(serverKey && { serverKey }), clock });
  const { onBehalfOf: subject } = options;
  const how = { kind, subject, glass: options.breakGlass === true };
  if (!wanted) return show(NAMINGS[kind], await find(client, options.search ?? '', how), options, world);
  const target = await choose(client, wanted.named, how);
  checkLength(target, wanted.windowMs);
  const asked = await handOver(client, target, { ...wanted, ...(subject && { subject }) }, world);
  const from = wanted.startAt ? ` from ${wanted.startAt}` : '';
  if (!options.json)
    world.say(
      `handed over: ${plain(target.display)} for ${durationText(wanted.windowMs)}${from}, elevation ${asked.requestId.slice(0, 8)}`,
    );
  if (!options.wait) return tell(options, world, { ok: true, ...asked }, 0);
  const end = await follow(client, asked.requestId, options, world);
  const ok = verdictOf(end) !== 'refused';
  return tell(options, world, { ok, ...end }, ok ? 0 : 1);
}

interface Wanted {
  readonly named: Named;
  readonly windowMs: number;
  readonly startAt?: Instant;
  readonly reason: string;
  readonly category: string;
  readonly confirm?: string;
  /** Whose the access will be, where that is somebody else. */
  readonly subject?: string;
  readonly breakGlass?: BreakingGlass;
}

/** Everything that can be wrong without asking anybody. */
function wantedOf(naming: Naming, options: AskOptions, now: number): Wanted {
  const { for: length, start, reason, category, confirm } = options;
  const windowMs = parseDuration(given('--for', length, naming));
  if (!windowMs) throw bad(`--for must be a length such as 30s, 45m or 2h, not ${plain(length ?? '')}.`);
  const why = given('--reason', reason, naming);
  if (why.length < REASON_MIN || why.length > REASON_MAX)
    throw bad(`--reason needs ${REASON_MIN} to ${REASON_MAX} characters; this has ${why.length}.`);
  if (!CATEGORIES.some((known) => known === category)) throw bad(`--category must be one of: ${CATEGORIES.join(', ')}.`);
  return {
    named: naming.named(options),
    windowMs,
    ...(start !== undefined && { startAt: startOf(start, now) }),
    reason: why,
    category,
    ...(confirm && { confirm }),
    ...incidentOf(naming, options),
  };
}

/** They belong together: an incident alone would be an ordinary request, which somebody in a hurry takes for the other. */
function incidentOf(naming: Naming, options: AskOptions): Pick<Wanted, 'breakGlass'> {
  const { breakGlass, incident, drill, start, onBehalfOf } = options;
  if (!breakGlass && incident === undefined && !drill) return {};
  if (!breakGlass) throw bad(`${drill ? '--drill' : '--incident'} belongs to --break-glass, which is not there.`);
  if (start !== undefined) throw bad('--start does not go with --break-glass, which begins at once.');
  if (onBehalfOf !== undefined) throw bad('--on-behalf-of does not go with --break-glass: everybody does that for themselves.');
  const id = given('--incident', incident, naming);
  if (!INCIDENT.test(id)) throw bad(`--incident must be one word of letters, digits and . _ # / -, not ${plain(id)}.`);
  return { breakGlass: { incident: id, ...(drill && { drill }) } };
}

/** As the server takes it. */
const INCIDENT = /^[A-Za-z0-9][A-Za-z0-9._#/-]{0,63}$/;

const bad = (sentence: string): StintError => new StintError('bad-input', sentence);

function checkLength({ display, windowsMs }: Found, windowMs: number): void {
  if (windowsMs.includes(windowMs)) return;
  throw bad(
    `${plain(display)} may be had for ${windowsMs.map(durationText).join(', ')}, and not for ${durationText(windowMs)}: say so with --for.`,
  );
}

/** For whom it is searched, and whether for what may be taken by break-glass. */
interface Manner {
  readonly kind: TargetKind;
  readonly subject: string | undefined;
  readonly glass: boolean;
}

/** Where nothing is found because it can't be known yet, that is said, and not that there is nothing. */
async function find(client: PeopleClient, words: string, { kind, subject, glass }: Manner): Promise<readonly Found[]> {
  const whom = subject ? `&subject=${encodeURIComponent(subject)}` : '';
  const query = `q=${encodeURIComponent(words.slice(0, 300))}&kind=${kind}${whom}${glass ? '&breakGlass=1' : ''}`;
  const answer = await client.call('GET', `/people/v1/targets?${query}`);
  const { targets, note } = answer as { readonly targets: readonly Found[]; readonly note?: string };
  if (targets.length === 0 && note) throw new StintError(NAMINGS[kind].away, `Nothing was found yet. ${plain(note)}`);
  return targets.filter((one) => one.kind === kind);
}

/** The target that was named. Throws `unknown-target`, `not-eligible`, and `bad-input` where it may be one of several. */
async function choose(client: PeopleClient, named: Named, how: Manner): Promise<Found> {
  const target = await search(client, named, how).catch(async (error: unknown) => {
    throw (how.glass && isUnknown(error) && (await unbroken(client, named, how))) || error;
  });
  if (target.barred) throw new StintError('not-eligible', plain(target.barred));
  return target;
}

async function search(client: PeopleClient, { words, wider, among }: Named, how: Manner): Promise<Found> {
  const found = await find(client, words, how);
  try {
    return among(found);
  } catch (error) {
    if (!isUnknown(error) || found.length > 0 || wider === undefined) throw error;
    return among(await find(client, wider, how));
  }
}

const isUnknown = (error: unknown): boolean => isStintError(error) && error.code === 'unknown-target';

/** Whoever may not break the glass may have another way in. Nothing where there is none, or where that can't be told now. */
async function unbroken(client: PeopleClient, named: Named, how: Manner): Promise<StintError | undefined> {
  const usual = await search(client, named, { ...how, glass: false }).catch(() => undefined);
  if (!usual || usual.barred) return undefined;
  const who = usual.approvers.length > 0 ? ` ${few(usual.approvers.map(plain), 5)} can approve it.` : '';
  return new StintError(
    'not-eligible',
    `The policy does not let you take ${plain(usual.display)} by break-glass. You may ask for it without --break-glass.${who}`,
  );
}

interface Asked {
  readonly requestId: string;
  readonly state: string;
  readonly display: string;
}

/** The same id each time: however often it is sent, and whatever became of the answer, it is one request. */
async function handOver(
  client: PeopleClient,
  { key, display, tier, confirmBy, later }: Found,
  wanted: Wanted,
  world: AskWorld,
): Promise<Asked> {
  const { windowMs, startAt, reason, category, confirm, subject, breakGlass } = wanted;
  if (tier === 0 && !confirm) {
    const name = plain(confirmBy);
    throw bad(`${plain(display)} is of the highest risk (tier 0). To confirm, add: --confirm "${name}"`);
  }
  if (startAt && !later)
    throw bad(`--start: ${plain(display)} may be asked for now only. Leave it out, and ask when you need it.`);
  const more = {
    ...(startAt && { startAt }),
    ...(confirm && { confirm }),
    ...(subject && { subject }),
    ...(breakGlass && { breakGlass }),
  };
  const body = { askId: world.random(16), key, windowMs, category, reason, ...more };
  for (let tried = 1; ; tried += 1) {
    try {
      return (await client.call('POST', '/people/v1/requests', body)) as Asked;
    } catch (error) {
      if (isStintError(error) && error.code === 'bad-start') throw new StintError('bad-start', `--start: ${error.sentence}`);
      if (!isStintError(error) || !mayPass(error) || tried >= TRIES) throw error;
      world.say(`not yet: ${error.sentence}`);
      await sleep(world.everyMs ?? EVERY_MS);
    }
  }
}

const mayPass = (error: StintError): boolean => error.retryable || error.code === 'not-ready';

/** Until it is granted or will not be. What is away for a while is asked again. */
async function follow(client: PeopleClient, requestId: string, { json }: AskOptions, world: AskWorld): Promise<Standing> {
  const told = new Set<string>();
  let heard = world.clock();
  for (;;) {
    try {
      const now = (await client.call('GET', `/people/v1/requests/${requestId}`)) as Standing;
      heard = world.clock();
      for (const line of linesOf(now)) if (!told.has(line) && told.add(line) && !json) world.say(line);
      if (verdictOf(now) !== 'waiting') return now;
    } catch (error) {
      if (!isStintError(error) || !mayPass(error) || world.clock() - heard > AWAY_MS) throw error;
    }
    await sleep(world.everyMs ?? EVERY_MS);
  }
}

function tell({ json }: AskOptions, { out }: AskWorld, value: object, code: number): number {
  if (json) out(JSON.stringify(value, null, 2));
  return code;
}

function show(naming: Naming, found: readonly Found[], { json }: AskOptions, { out }: AskWorld): number {
  if (json) out(JSON.stringify({ ok: true, targets: found }, null, 2));
  else
    out(
      found.length === 0
        ? 'Nothing that the policy lets you ask for holds these words.'
        : found.map((one) => row(naming, one)).join('\n'),
    );
  return 0;
}

function row(naming: Naming, one: Found): string {
  const risk = one.tier === undefined ? '' : `, tier ${one.tier}`;
  const later = one.later === undefined ? '' : `; --start: ${plain(one.later)}`;
  const able = one.barred
    ? `not possible: ${plain(one.barred)}`
    : `for ${one.windowsMs.map(durationText).join(', ')}${risk}${later}`;
  return `${plain(one.display)}  (${naming.numberOf(one)})  ${able}`;
}
