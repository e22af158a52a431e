/** GET /device/v1/orders: what the Mac should do now, waiting a while for it. Needs neither Temporal nor workers. */
import type { DeviceOrder } from '../../contract/ports.js';
import { targetOf } from '../../contract/request.js';
import type { ElevationView } from '../../contract/view.js';
import type { Caller } from './caller.js';
import type { App, DeviceApiDeps } from './deps.js';
import type { Desk, Picked } from './desk.js';
import type { OrderBoard } from './order-board.js';
import { PollQuery, PollReply, ProblemReply, WAIT_MAX_S } from './schemas.js';
import { isWaiting, remainingS } from './standing.js';

/** Seconds until the next poll: right after an order, while something is under way, and otherwise. */
const AFTER_ORDER_S = 2;
const WHILE_WAITING_S = 1;
const WHILE_LIVE_S = 5;
const IDLE_S = 4;

type Reply = (typeof PollReply)['_output'];

export function pollRoute(app: App, deps: DeviceApiDeps, desk: Desk, board: OrderBoard): void {
  const response = { 200: PollReply, '4xx': ProblemReply, '5xx': ProblemReply };
  app.get('/device/v1/orders', { schema: { querystring: PollQuery, response } }, async (call, reply) => {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const waitS = Math.min(Number(call.query.wait ?? '0'), WAIT_MAX_S);
    return poll(deps, desk, board, call.caller, deps.clock() + waitS * 1000, gone.signal);
  });
}

async function poll(
  deps: DeviceApiDeps,
  desk: Desk,
  board: OrderBoard,
  caller: Caller,
  untilMs: number,
  abort: AbortSignal,
): Promise<Reply> {
  let known: readonly DeviceOrder[] = await board.orders(caller.serial);
  let picked = await desk.pick(caller, known);
  if (!picked && deps.clock() < untilMs) {
    known = await board.orders(caller.serial, { known, untilMs, abort });
    picked = await desk.pick(caller, known);
  }
  if (picked) return replyOf(deps, picked);
  const [view] = await desk.live(caller.serial);
  return replyOf(deps, { view, account: view && targetOf('mac-admin', view.request.target)?.localUser });
}

function replyOf(deps: DeviceApiDeps, { order, view, account }: Omit<Picked, 'order'> & Partial<Pick<Picked, 'order'>>): Reply {
  const left = remainingS(view, deps.clock());
  return {
    order: order?.kind ?? 'none',
    requestId: order?.requestId ?? view?.request.requestId ?? '',
    ...(account && { localUser: account }),
    pollAfterS: Math.min(pauseS(deps.random, order, view), Math.max(1, Math.floor(deps.contactGraceMs / 4000))),
    waiting: isWaiting(view),
    state: view?.state ?? 'none',
    ...(left === undefined ? {} : { remainingS: left }),
  };
}

function pauseS(random: () => number, order: DeviceOrder | undefined, view: ElevationView | undefined): number {
  if (order) return AFTER_ORDER_S;
  if (isWaiting(view)) return WHILE_WAITING_S;
  // a fleet that was woken together must not stay in step
  return view ? WHILE_LIVE_S : IDLE_S + Math.floor(random() * IDLE_S);
}
