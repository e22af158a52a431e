/**
 * `/admin-status`: what runs and what ran, for the people on the allowlist, shown to them alone. Registering a command
 * does not hide it from others: their attempts are refused and logged.
 */

import type { PeopleLookup } from '../cards/say.js';
import { adminDetail, adminStatus, STATUS_PAGE_SIZE } from '../cards/status.js';
import { StintError } from '../contract/errors.js';
import { isRequestId, type PersonId } from '../contract/ids.js';
import type { Directory, ElevationRow, Freeze, Ledger, Rendered } from '../contract/ports.js';
import type { Answerer } from './answer.js';
import type { Ack } from './clicks.js';
import type { Gatekeeper } from './gatekeeper.js';
import type { Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Claim, Command, Press } from './payload.js';

export interface AdminStatusDeps {
  readonly gatekeeper: Gatekeeper;
  readonly ledger: Ledger;
  readonly freeze: Pick<Freeze, 'now'>;
  readonly directory: Directory;
  readonly answerer: Answerer;
  readonly random: () => number;
  readonly logger: Log;
}

export interface AdminStatus {
  command(command: Command, ack: Ack): Promise<void>;
  /** A paging button; `page` counts from 0. */
  turn(press: Press, page: number, ack: Ack): Promise<void>;
}

const USAGE = 'Use /admin-status, /admin-status <page>, or /admin-status <id> with at least the first six characters of the id.';

export function createAdminStatus(deps: AdminStatusDeps): AdminStatus {
  const { ledger, answerer } = deps;

  async function allowed(claim: Claim): Promise<void> {
    const member = await deps.gatekeeper.member(claim);
    if (deps.gatekeeper.isAdmin(member.userId)) return;
    deps.logger.warn({ slackUserId: claim.userId, what: 'admin-status' }, 'refused: not on the allowlist');
    throw new StintError('not-eligible', 'Only the administrators of Stint may use /admin-status. This attempt was recorded.');
  }

  async function list(page: number): Promise<Rendered> {
    // Live ones first, so that a stuck revoke is never pushed off the first page by history.
    const offset = page * STATUS_PAGE_SIZE;
    const [total, live, frozen] = await Promise.all([ledger.count({}), ledger.count({ live: true }), deps.freeze.now()]);
    const rows = await pageOf(ledger, offset, live);
    return adminStatus({ rows, total, page, isLast: offset + STATUS_PAGE_SIZE >= total, frozen });
  }

  async function detail(id: string): Promise<Rendered> {
    const row = isRequestId(id) ? await ledger.find(id) : await ledger.findByPrefix(id);
    if (!row) throw new StintError('unknown-request', 'No elevation, or more than one, begins with that id. Give more of it.');
    const timeline = await ledger.timeline(row.view.request.requestId);
    const people = await namesOf(
      deps.directory,
      timeline.flatMap((event) => event.actor.personId ?? []),
    );
    return adminDetail(row.view, timeline, people);
  }

  async function asked(text: string): Promise<Rendered> {
    if (text === '') return list(0);
    if (/^[1-9]\d{0,4}$/.test(text)) return list(Number(text) - 1);
    if (/^[a-z2-7]{6,26}$/.test(text)) return detail(text);
    throw new StintError('bad-input', USAGE);
  }

  async function reply(to: Command | Press, work: () => Promise<Rendered>, replace: boolean): Promise<void> {
    try {
      await allowed(to.claim);
      await answerer.show(to.replyTo, { ...(await work()), replace });
    } catch (error) {
      const { sentence } = failureOf(error, deps, { command: 'admin-status', slackUserId: to.claim.userId });
      await answerer.say(to.replyTo, sentence);
    }
  }

  return {
    async command(command, ack) {
      await ack();
      await reply(command, () => asked(command.text.toLowerCase()), false);
    },
    async turn(press, page, ack) {
      await ack();
      await reply(press, () => list(page), press.place.ephemeral);
    },
  };
}

/** Ten rows from `offset` in the order live, then closed. */
async function pageOf(ledger: Ledger, offset: number, live: number): Promise<readonly ElevationRow[]> {
  const first = offset < live ? await ledger.list({ live: true, limit: STATUS_PAGE_SIZE, offset }) : [];
  const room = STATUS_PAGE_SIZE - first.length;
  if (room === 0) return first;
  const rest = await ledger.list({ live: false, limit: room, offset: Math.max(0, offset - live) });
  return [...first, ...rest];
}

/** The names of the people in a timeline; one whom the directory cannot name now is shown by id. */
async function namesOf(directory: Directory, ids: readonly PersonId[]): Promise<PeopleLookup> {
  const found = await Promise.allSettled([...new Set(ids)].map((id) => directory.person(id)));
  const people = found.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
  return (id) => people.find((person) => person.personId === id);
}
