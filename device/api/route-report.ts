/** POST /device/v1/report: what is true on the Mac. Goes to the store and is answered without Temporal or workers. */
import { isStintError } from '../../contract/errors.js';
import { instant, type LocalUser, type RequestId } from '../../contract/ids.js';
import { targetOf } from '../../contract/request.js';
import type { ElevationView } from '../../contract/view.js';
import type { Caller } from './caller.js';
import type { App, DeviceApiDeps } from './deps.js';
import type { Desk, StoredRequest } from './desk.js';
import { ProblemReply, ReportBody, ReportReply } from './schemas.js';
import { isOver, maxS, remainingS, stillAsks } from './standing.js';

type Report = (typeof ReportBody)['_output'];
type Reply = (typeof ReportReply)['_output'];

/** A window that is nearly over ends by its own deadline; then nobody needs to be told that the Mac was a little faster. */
const EARLY_S = 10;

export function reportRoute(app: App, deps: DeviceApiDeps, desk: Desk): void {
  const tell = createEarlyEnd(deps);
  const response = { 200: ReportReply, '4xx': ProblemReply, '5xx': ProblemReply };
  const schema = { body: ReportBody, response };
  app.post('/device/v1/report', { schema, config: { yields: true } }, async (call): Promise<Reply> => {
    const { caller, body } = call;
    const requestId = body.requestId ? body.requestId : undefined;
    const stored = requestId ? await boundTo(desk, caller, requestId, body.localUser) : undefined;
    if (stored || (await isKnown(deps, desk, caller, body.localUser))) await keep(deps, caller, body, stored);
    if (!requestId) return { order: 'none', state: 'none' };
    const view = stored ? await desk.view(requestId) : undefined;
    if (stored && view) tell(stored, view, body, caller);
    const order = (await mustEnd(deps, caller, body, stored, view)) ? 'end' : 'none';
    return { order, state: view?.state ?? 'none', ...time(view, deps.clock()) };
  });
}

/** What is left of the window, and how long it is in all. */
function time(view: ElevationView | undefined, nowMs: number): Pick<Reply, 'remainingS' | 'maxS'> {
  const left = remainingS(view, nowMs);
  if (!view || left === undefined) return {};
  return left > 0 ? { remainingS: left, maxS: maxS(view) } : { remainingS: left };
}

/** The request if it is about this Mac and this account. A report that names another's is kept without its name. */
async function boundTo(
  desk: Desk,
  caller: Caller,
  requestId: RequestId,
  localUser: LocalUser,
): Promise<StoredRequest | undefined> {
  const stored = await desk.find(caller, requestId);
  return stored?.request.target.localUser === localUser ? stored : undefined;
}

/**
 * Whether somebody other than the Mac named this account: an elevation under way, or the people file. What a Mac says of
 * others is answered but not kept, or one key could fill the store with accounts that it makes up. A people file that
 * can't be read names nobody: reports on an elevation do not come here.
 */
async function isKnown({ directory }: DeviceApiDeps, desk: Desk, { serial }: Caller, localUser: LocalUser): Promise<boolean> {
  if ((await desk.live(serial)).some(({ request }) => targetOf('mac-admin', request.target)?.localUser === localUser))
    return true;
  try {
    return (await directory.personByMac(serial, localUser)) !== undefined;
  } catch (error) {
    if (isStintError(error)) return false;
    throw error;
  }
}

async function keep(deps: DeviceApiDeps, caller: Caller, body: Report, stored: StoredRequest | undefined): Promise<void> {
  const { localUser, admin, standing, bootSession } = body;
  await deps.store.devices.report({
    serial: caller.serial,
    ...(stored ? { requestId: stored.request.requestId } : {}),
    localUser,
    admin,
    standing,
    bootSession,
    at: instant(deps.clock()),
  });
}

/**
 * Whether the Mac has to take the access away: it was ordered, or the window is over whatever else is down, or it
 * holds access in the name of an elevation that is not of this account on this Mac.
 */
async function mustEnd(
  { store, clock }: DeviceApiDeps,
  caller: Caller,
  body: Report,
  stored: StoredRequest | undefined,
  view: ElevationView | undefined,
): Promise<boolean> {
  const holds = body.admin && !body.standing;
  if (!stored) return holds;
  if (holds && isOver(view, clock())) return true;
  const orders = await store.devices.openOrders([caller.serial]);
  const ends = orders.filter((order) => order.kind === 'end' && order.requestId === stored.request.requestId);
  return ends.some((order) => stillAsks(order, { view, report: undefined, logComplete: false }));
}

/**
 * A Mac that ended by itself (its user, a restart, a failed confirmation) says so in a report; the workflow would hear
 * of it only at the deadline. Best effort, once per elevation and process: the deadline remains.
 */
function createEarlyEnd(deps: DeviceApiDeps) {
  const told = new Set<RequestId>();
  return ({ request, digest }: StoredRequest, view: ElevationView, body: Report, caller: Caller): void => {
    const { requestId, subject } = request;
    const left = remainingS(view, deps.clock()) ?? 0;
    if (body.admin || view.state !== 'active' || left <= EARLY_S || told.has(requestId)) return;
    if (told.size > 10_000) told.clear();
    told.add(requestId);
    const actor = { personId: subject.personId, serial: caller.serial };
    deps.gate.send('end', requestId, digest, {}, actor).catch((error: unknown) => {
      told.delete(requestId);
      deps.logger.warn({ err: error, requestId }, 'could not tell that a Mac ended by itself');
    });
  };
}
