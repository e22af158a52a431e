/** Which checks there are for a process, from its settings: an area whose settings are not valid is not looked at. */
import { isStintError } from '../../contract/errors.js';
import type { ConfigPart, PartConfigs } from '../config.js';
import type { Source } from '../config-reader.js';
import { checkAws, noAws } from './aws.js';
import type { Area, Check } from './check.js';
import { type AskClock, checkClock, httpClock } from './clock.js';
import { checkKeys } from './keys.js';
import { checkMail } from './mail.js';
import { checkMdm } from './mdm.js';
import { checkOnCall } from './on-call.js';
import { checkPolicy, peopleFileOf, peopleOf, policyOf } from './policy.js';
import { checkSettings, readSettings, type Settings } from './settings.js';
import { checkSlack, type NamedChannel } from './slack.js';
import { askInForce, checkStore, storeClock } from './store.js';
import { checkTemporal, temporalClock } from './temporal.js';
import { checkTickets } from './tickets.js';

export interface AreaDeps extends Source {
  /** What the process needs, as it names it itself. */
  readonly parts: readonly ConfigPart[];
  readonly clock: () => number;
}
export type Checks = Partial<Readonly<Record<Area, Check>>>;

/** The checks of all areas that this process has to do with. */
export function checksOf(deps: AreaDeps): Checks {
  const settings = readSettings(deps, deps.parts);
  const { base, parts: valid } = settings;
  const { parts, clock, readFile } = deps;
  const unread = notLookedAt(settings);
  /** The check of an area when the process has to do with it, and whether its settings can be used. */
  const area = (part: ConfigPart, check: Check | undefined) => (parts.includes(part) ? (check ?? unread) : undefined);
  const { seals, policy, oncall, tickets, store, temporal, posting, workspace, slack, mdm, device, alarms, aws } = valid;
  const slackReady = posting && workspace && (slack || !parts.includes('slack'));
  const all = {
    configuration: checkSettings(settings, parts),
    keys: area('seals', seals && checkKeys({ seals, ...(device && { device }), parts, clock })),
    policy: area('policy', policy && checkPolicy({ policy, readFile, inForce: askInForce(base, store), ...namesOf(tickets) })),
    'on-call': area(
      'oncall',
      oncall && checkOnCall({ oncall, clock, people: () => ifValid(() => policy && peopleFileOf({ policy, readFile })) }),
    ),
    tickets: area('tickets', tickets && checkTickets({ tickets, readFile, clock })),
    store: area('store', base && store && checkStore({ base, store, clock })),
    temporal: area('temporal', temporal && checkTemporal(temporal, aws?.workers)),
    slack: area(
      'posting',
      slackReady
        ? checkSlack({
            posting,
            workspace,
            ofRules: () => channelsOf(policy, readFile),
            ...(slack && { slack }),
            ...(alarms && { alarms }),
          })
        : undefined,
    ),
    mdm: area('mdm', mdm && checkMdm({ mdm, clock, people: () => ifValid(() => policy && peopleOf({ policy, readFile })) })),
    aws: area('aws', awsCheck(settings, readFile)),
    mail: area('mail', mailCheck(settings, readFile)),
    clock: checkClock(clocksOf(valid, clock)),
  };
  return Object.fromEntries(Object.entries(all).filter(([, check]) => check !== undefined));
}

const namesOf = (tickets: PartConfigs['tickets'] | undefined) =>
  tickets ? { checks: tickets.checks.map(({ name }) => name) } : {};

/** Everybody whose clock can be asked with these settings. */
export function clocksOf({ store, temporal, posting, mdm }: Partial<PartConfigs>, clock: () => number): readonly AskClock[] {
  return [
    ...(store?.kind === 'postgres' ? [storeClock(store.url.reveal(), clock)] : []),
    ...(temporal ? [temporalClock(temporal, clock)] : []),
    ...(posting ? [httpClock('Slack', `${posting.apiUrl}api.test`, 'POST', clock)] : []),
    ...(mdm ? [httpClock('the MDM', `${mdm.url.replace(/\/+$/, '')}/api/v1/devices?limit=1`, 'GET', clock)] : []),
  ];
}

/** Each channel that a rule names, once, by the first rule that does. */
async function channelsOf(
  policy: PartConfigs['policy'] | undefined,
  readFile: (path: string) => string,
): Promise<readonly NamedChannel[]> {
  const rules = (await ifValid(() => policy && policyOf({ policy, readFile })))?.rules ?? [];
  const named = rules.flatMap(({ id, channel, notify = [] }) => [
    ...(channel === undefined ? [] : [[channel, `channel of ${id}`] as const]),
    ...notify.flatMap(({ slack }) => (slack === undefined ? [] : [[slack, `told by ${id}`] as const])),
  ]);
  return [...new Map([...named].reverse())].map(([channel, name]) => [name, channel] as const);
}

/** Undefined while its settings are wrong. */
function awsCheck({ parts: { aws, policy }, problems }: Settings, readFile: (path: string) => string): Check | undefined {
  if (problems.some((problem) => problem.startsWith('STINT_AWS'))) return undefined;
  if (!aws) return noAws;
  return checkAws({
    aws,
    policy: () => ifValid(() => policy && policyOf({ policy, readFile })),
    people: () => ifValid(() => policy && peopleOf({ policy, readFile })),
  });
}

/** Undefined while its settings are wrong. */
function mailCheck({ parts: { mail, policy }, problems }: Settings, readFile: (path: string) => string): Check | undefined {
  if (problems.some((problem) => /^STINT_(SMTP|MAIL)/.test(problem))) return undefined;
  const wanted = async () => {
    const rules = (await ifValid(() => policy && policyOf({ policy, readFile })))?.rules ?? [];
    return rules.filter(({ notify = [] }) => notify.some(({ email }) => email)).map(({ id }) => id);
  };
  return checkMail({ mail, wanted, readFile });
}

/** Undefined for a file that is not valid: the check of the policy says so. */
async function ifValid<T>(read: () => T): Promise<T | undefined> {
  try {
    return read();
  } catch (error) {
    if (!isStintError(error)) throw error;
    return undefined;
  }
}

/** Said in place of a check whose settings are wrong: that nothing is known is not that nothing is wrong. */
function notLookedAt({ problems }: Settings): Check {
  return async (say) =>
    say.fail('settings', `not looked at: its settings are not valid (see "configuration"; ${problems.length} in all)`);
}
