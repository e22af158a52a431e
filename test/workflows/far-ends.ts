/** The far ends of the workflow tests: a Mac as its driver sees it, Slack as a list of what was sent, and a store that may fail. */
import type {
  DmKind,
  EvidenceDuties,
  GrantDuties,
  LineKind,
  SealDuties,
  SlackDuties,
  StoreDuties,
} from '../../contract/duties.js';
import { StintError } from '../../contract/errors.js';
import { instant, type RequestId } from '../../contract/ids.js';
import type { Fence, Observation, Steps, TargetDriver } from '../../contract/ports.js';
import type { ElevationView } from '../../contract/view.js';
import { type Troubles, whileTroubled } from './trouble.js';

type MacCall = { readonly what: 'grant' | 'revoke' | 'clear'; readonly requestId: RequestId; readonly at: number };

/** One fleet of Macs; `admin` is the truth that tests judge by. */
export class FakeMac implements TargetDriver {
  readonly kind = 'mac-admin' as const;
  readonly settleMs = 0;
  readonly admin = new Set<string>();
  readonly calls: MacCall[] = [];

  /** One that is polled tells nothing: its grant gives the access, and resolves when it is seen. */
  constructor(
    private readonly troubles: Troubles,
    readonly confirmMode: TargetDriver['confirmMode'] = 'update',
  ) {}

  count(what: MacCall['what'], requestId: RequestId): number {
    return this.calls.filter((call) => call.what === what && call.requestId === requestId).length;
  }

  async observe(requestId: RequestId): Promise<Observation> {
    const trouble = this.troubles(requestId);
    const observedAt = instant(Date.now() + trouble.macAheadMs);
    if (trouble.macSilent) return { access: 'unknown', observedAt, how: 'the Mac is silent' };
    if (trouble.macStanding) return { access: 'present', whose: 'standing', observedAt, how: 'was admin before' };
    return this.admin.has(requestId)
      ? { access: 'present', whose: 'ours', observedAt, how: 'is admin' }
      : { access: 'absent', observedAt, how: 'is no admin' };
  }

  async grant({ requestId }: { readonly requestId: RequestId }, signal: AbortSignal, steps: Steps = {}): Promise<void> {
    const trouble = this.troubles(requestId);
    this.calls.push({ what: 'grant', requestId, at: Date.now() });
    if (trouble.grantFails) throw trouble.grantFails;
    await whileTroubled(() => trouble.grantHangs, signal);
    signal.throwIfAborted();
    if (this.confirmMode !== 'poll') return;
    this.admin.add(requestId);
    steps.said?.({ kind: 'create', farId: 'far-1', doneAt: steps.earlier?.doneAt ?? instant(Date.now() - trouble.seenEarlyMs) });
    await whileTroubled(() => trouble.unlisted, signal);
    signal.throwIfAborted();
  }

  async revoke(requestId: RequestId): Promise<void> {
    this.calls.push({ what: 'revoke', requestId, at: Date.now() });
    const { revokeFails } = this.troubles(requestId);
    if (revokeFails) throw revokeFails;
    this.admin.delete(requestId);
  }

  async clear(requestId: RequestId): Promise<void> {
    this.calls.push({ what: 'clear', requestId, at: Date.now() });
  }

  async listOurs(): Promise<readonly { readonly target: string }[]> {
    return [...this.admin].map((target) => ({ target }));
  }
}

/** What Slack was told. */
export interface Sent {
  readonly painted: ElevationView[];
  readonly dms: { readonly kind: DmKind; readonly view: ElevationView }[];
  readonly lines: { readonly kind: LineKind; readonly key: string; readonly view: ElevationView }[];
  readonly called: ElevationView[];
  readonly answers: { readonly requestId: RequestId; readonly code: string; readonly actor: unknown }[];
}

/** Slack's duties, noting in `sent` what came through. */
export function fakeSlack(sent: Sent, troubles: Troubles): SlackDuties {
  const up = (requestId: RequestId) => {
    if (troubles(requestId).slackDown) throw new StintError('slack-unavailable');
  };
  const upFor = (view: ElevationView) => up(view.request.requestId);
  return {
    paint: async (view) => {
      upFor(view);
      sent.painted.push(view);
    },
    dm: async (kind, view) => {
      upFor(view);
      sent.dms.push({ kind, view });
    },
    line: async (kind, view, key) => {
      upFor(view);
      sent.lines.push({ kind, key, view });
    },
    call: async (view) => {
      upFor(view);
      sent.called.push(view);
    },
    answer: async (requestId, actor, code) => {
      up(requestId);
      sent.answers.push({ requestId, actor, code });
    },
    fileEvidence: async (view) => upFor(view),
  };
}

/** The store's duties, which fail or hang for those elevations whose trouble says so. */
export function troubled(duties: StoreDuties & EvidenceDuties, troubles: Troubles): StoreDuties & EvidenceDuties {
  const up = (requestId: RequestId | undefined) => {
    if (requestId && troubles(requestId).storeDown) throw new StintError('store-unavailable');
  };
  const judged = async (requestId: RequestId) => {
    up(requestId);
    const trouble = troubles(requestId);
    trouble.judging += 1;
    await whileTroubled(() => trouble.judgeHangs);
    trouble.judging -= 1;
  };
  return {
    admit: (workflowId, raw) => duties.admit(workflowId, raw),
    append: async (events, fence) => {
      const requestId = events[0]?.requestId ?? fence?.request.requestId;
      up(requestId);
      if (requestId && troubles(requestId).ledgerDown) throw new StintError('store-unavailable');
      return duties.append(events, fence);
    },
    judge: async (input) => {
      await judged(input.request.requestId);
      return duties.judge(input);
    },
    arm: async (input) => {
      const { requestId } = input.request;
      await judged(requestId);
      if (troubles(requestId).ledgerDown) throw new StintError('store-unavailable');
      return duties.arm(input);
    },
    moveEnd: async (requestId, ...rest) => {
      up(requestId);
      return duties.moveEnd(requestId, ...rest);
    },
    fenceOff: async (request, at) => {
      up(request.requestId);
      return duties.fenceOff(request, at);
    },
    readEvidence: async (requestId) => {
      up(requestId);
      return duties.readEvidence(requestId);
    },
    readView: async (requestId) => {
      up(requestId);
      return duties.readView(requestId);
    },
  };
}

/** Grants by a worker that stands still for those elevations whose trouble says so: it tells nobody, and hears nothing. */
export function troubledGrants({ grant }: GrantDuties, troubles: Troubles): GrantDuties {
  return {
    grant: async (order) => {
      const trouble = troubles(order.request.requestId);
      if (!trouble.grantStandsStill) return grant(order);
      await whileTroubled(() => trouble.grantStandsStill);
      return grant(order).finally(() => {
        trouble.grantsWoken += 1;
      });
    },
  };
}

/** Checks of seals, which do not answer for those elevations whose trouble says so. */
export function troubledSeals({ openMessages }: SealDuties, troubles: Troubles): SealDuties {
  return {
    openMessages: async (requestId, raws) => {
      await whileTroubled(() => troubles(requestId).sealsHang);
      return openMessages(requestId, raws);
    },
  };
}

/** The same for the fence that the target's duties read. */
export function troubledFence(fence: Fence, troubles: Troubles): Fence {
  const up = (requestId: RequestId) => {
    if (troubles(requestId).storeDown) throw new StintError('store-unavailable');
  };
  return {
    ...fence,
    grant: async (requestId) => {
      up(requestId);
      const row = await fence.grant(requestId);
      if (!row || !troubles(requestId).grantLost) return row;
      const at = row.endedAt ?? instant(Date.now());
      return { ...row, notAfter: at, endedAt: at, goneAt: at };
    },
    toGrant: async (requestId) => {
      up(requestId);
      return fence.toGrant(requestId);
    },
    seen: async (requestId, until, from) => {
      up(requestId);
      await fence.seen(requestId, until, from);
      if (troubles(requestId).seenLost) throw new StintError('store-unavailable');
    },
    pulse: async (requestId, at) => {
      up(requestId);
      await fence.pulse(requestId, at);
    },
  };
}
