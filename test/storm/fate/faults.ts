/** Everything that goes wrong beside kills: the far ends, the network, clocks, Macs and Temporal's own commands. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CHANNEL } from '../../../cli/demo/world.js';
import type { FarEnds } from '../far/ends.js';
import { type Eyes, isDone } from '../far/eyes.js';
import type { Notebook } from '../notebook.js';
import { type FaultKind, faults, type PlannedFault } from '../plan.js';
import type { Topology } from '../topology/topology.js';
import { cloudFault } from './cloud-faults.js';
import type { Office } from './office.js';

export interface FaultDeps {
  readonly topology: Topology;
  readonly far: FarEnds;
  readonly eyes: Eyes;
  readonly office: Office;
  readonly notebook: Notebook;
  readonly seed: number;
  readonly without: readonly FaultKind[];
  readonly over: AbortSignal;
}

const SLACK_METHODS = ['*', 'chat.postMessage', 'chat.update', 'conversations.open', 'views.open', 'chat.postEphemeral'] as const;
/** A real Mac needs this long to be itself again after its agent was killed, in milliseconds: launchd's pause and its start. */
const AGENT_BACK_MS = 3000;
/** The least time that a policy stays another, or somebody away, in milliseconds: clicks have to meet it. */
const AWAY_MS = 5000;
/** Until a Mac that could not be heard calls again, and for each call that was lost, in milliseconds. */
const CALL_MS = 3000;

/** Lets things go wrong until it is over. A fault that can't be carried out now is noted and passed over. */
export async function letThingsGoWrong(deps: FaultDeps): Promise<void> {
  const next = faults(deps.seed, deps.without);
  while (!deps.over.aborted) {
    const fault = next();
    await sleep(fault.afterMs, undefined, { signal: deps.over }).catch(() => undefined);
    if (deps.over.aborted) return;
    const what = await strike(deps, fault).catch(
      (error: unknown) => `not done: ${error instanceof Error ? error.message : error}`,
    );
    deps.notebook.faults.push({ at: Date.now(), kind: fault.kind, what });
  }
}

/** Everything is well again. */
export function heal({ far }: Pick<FaultDeps, 'far'>): void {
  far.slack.clearFaults();
  far.mdm.control.clearFaults();
  far.mdm.control.settings({ tagDelayMs: 1000 });
  far.cloud?.calm();
  for (const mac of far.real.values()) mac.faults.clear();
  for (const mac of far.light.values()) {
    mac.wake();
    mac.link.skewMs = 0;
    Object.assign(mac.link.net, { lost: 0, twice: 0, lateMs: 0, offlineUntil: 0 });
  }
}

async function strike(deps: FaultDeps, fault: PlannedFault): Promise<string> {
  if (fault.kind === 'policy-reload') return deps.office.reload(AWAY_MS + 3 * fault.ms, deps.over);
  if (fault.kind === 'leaver') return deps.office.leave(fault.whom, AWAY_MS + 3 * fault.ms, deps.over);
  if (fault.kind.startsWith('slack-')) return slackFault(deps, fault);
  if (fault.kind.startsWith('mdm-')) return mdmFault(deps, fault);
  if (fault.kind.startsWith('mac-')) return macFault(deps, fault);
  if (fault.kind.startsWith('aws-')) {
    const { cloud } = deps.far;
    return cloud ? cloudFault({ cloud, notebook: deps.notebook, over: deps.over }, fault) : Promise.reject(new Error('no AWS'));
  }
  return temporalFault(deps, fault);
}

const share = <T>(items: readonly T[], whom: number): T => {
  const found = items[Math.floor(whom * items.length)];
  if (found === undefined) throw new Error('nobody to strike');
  return found;
};

async function slackFault({ far, eyes, notebook }: FaultDeps, { kind, whom, ms, times }: PlannedFault): Promise<string> {
  const { slack } = far;
  const method = share(SLACK_METHODS, whom);
  switch (kind) {
    case 'slack-down':
      slack.fault({ kind: 'down', ms });
      return `for ${ms} ms`;
    case 'slack-click-twice':
      slack.fault({ kind: 'duplicate-delivery', times });
      return `${times} times`;
    case 'slack-click-no-ack':
      slack.fault({ kind: 'no-ack-window', times: 1 });
      return 'once';
    case 'slack-click-late':
      slack.fault({ kind: 'delay-delivery', ms, times });
      return `${ms} ms, ${times} times`;
    case 'slack-click-lost':
      slack.fault({ kind: 'drop-delivery', times: 1 });
      return 'once';
    case 'slack-socket-cut':
      return `${slack.socket.drop(whom > 0.5)} sockets`;
    case 'slack-socket-warning':
      return `${slack.socket.disconnect('warning')} sockets`;
    case 'slack-card-deleted': {
      // One that is over but for its review is drawn again with the next day's line, which no storm lives to see.
      const cards = eyes.all().filter((m) => m.key.startsWith('card/') && !m.deleted && !isDone(m));
      const card = share(cards, whom);
      slack.admin.deleteMessage({ channel: CHANNEL.id, ts: card.ts });
      eyes.deleted(CHANNEL.id, card.ts);
      touch(notebook, card.requestId, kind);
      return card.requestId;
    }
    default: {
      const name = kind.slice('slack-'.length) as
        | 'delay'
        | '429'
        | '500'
        | '500-after'
        | 'drop-before'
        | 'drop-after'
        | 'hang'
        | 'html'
        | 'html-after';
      slack.fault({ kind: name, method, times, ms, retryAfter: 1 + Math.round(ms / 3000) });
      return `${method}, ${times} times`;
    }
  }
}

function touch({ touched }: Notebook, requestId: string, kind: FaultKind): void {
  touched.set(requestId, (touched.get(requestId) ?? new Set()).add(kind));
}

async function mdmFault({ far, over }: FaultDeps, { kind, ms, times, whom }: PlannedFault): Promise<string> {
  const { control } = far.mdm;
  if (kind === 'mdm-tag-delay') {
    const tagDelayMs = Math.round(whom * 20_000);
    control.settings({ tagDelayMs });
    return `${tagDelayMs} ms`;
  }
  if (kind === 'mdm-down') {
    control.fault({ kind: 'down' });
    await sleep(ms, undefined, { signal: over }).catch(() => undefined);
    control.clearFaults();
    return `for ${ms} ms`;
  }
  const name = kind.slice('mdm-'.length) as 'latency' | '429' | '500' | 'drop-before' | 'drop-after' | 'lie';
  control.fault({ kind: name, times, ms });
  return `${times} times`;
}

async function macFault(deps: FaultDeps, fault: PlannedFault): Promise<string> {
  const serial = share([...deps.far.real.keys(), ...deps.far.real.keys(), ...deps.far.light.keys()], fault.whom);
  return deps.far.light.has(serial) ? lightFault(deps, serial, fault) : realFault(deps, serial, fault);
}

function skewOf({ ms, times }: PlannedFault): number {
  return (times % 2 === 0 ? -1 : 1) * ms * 1200; // from minutes to two hours, either way
}

async function lightFault({ far, notebook }: FaultDeps, serial: string, fault: PlannedFault): Promise<string> {
  const mac = far.light.get(serial);
  const now = Date.now();
  const out = (ms: number) => notebook.outages.push({ serial, kind: fault.kind, from: now, to: now + ms });
  const unheard = (ms: number) => notebook.unheard.push({ serial, kind: fault.kind, from: now, to: now + ms });
  if (!mac) return 'no such Mac';
  switch (fault.kind) {
    case 'mac-offline':
      unheard(fault.ms + CALL_MS);
      mac.link.net.offlineUntil = now + fault.ms;
      break;
    case 'mac-slow':
      mac.link.net.lateMs = Math.round(fault.ms / 4);
      break;
    case 'mac-reply-lost':
      unheard(fault.times * CALL_MS);
      mac.link.net.lost += fault.times;
      break;
    case 'mac-call-twice':
      mac.link.net.twice += fault.times;
      break;
    case 'mac-clock':
      mac.link.skewMs = skewOf(fault);
      break;
    case 'mac-sleep':
      out(fault.ms);
      mac.sleepFor(fault.ms);
      break;
    case 'mac-reboot':
      out(AGENT_BACK_MS);
      mac.reboot();
      break;
    default:
      out(AGENT_BACK_MS);
      mac.kill();
  }
  return serial;
}

async function realFault({ far, notebook }: FaultDeps, serial: string, fault: PlannedFault): Promise<string> {
  const mac = far.real.get(serial);
  const now = Date.now();
  const out = (ms: number) => notebook.outages.push({ serial, kind: fault.kind, from: now, to: now + ms });
  const unheard = (ms: number) => notebook.unheard.push({ serial, kind: fault.kind, from: now, to: now + ms });
  if (!mac) return 'no such Mac';
  switch (fault.kind) {
    case 'mac-offline':
      unheard(fault.ms + CALL_MS);
      mac.faults.set({ kind: 'offline', ms: fault.ms });
      break;
    case 'mac-slow':
      mac.faults.set({ kind: 'slow', ms: Math.round(fault.ms / 4), times: fault.times * 3 });
      break;
    case 'mac-reply-lost':
    case 'mac-call-twice':
      unheard(fault.times * CALL_MS);
      mac.faults.set({ kind: 'reply-lost', times: fault.times });
      break;
    case 'mac-clock':
      mac.faults.set({ kind: 'clock-skew', ms: skewOf(fault) });
      break;
    case 'mac-sleep':
      out(fault.ms + 1000);
      mac.faults.set({ kind: 'sleep', ms: fault.ms });
      break;
    case 'mac-reboot':
      out(AGENT_BACK_MS);
      mac.acts.reboot();
      break;
    case 'mac-directory-refuses':
      // The agent tries again after 1, 2, 4 s.
      out(1000 * (2 ** Math.min(2, fault.times) - 1) + 2000);
      mac.faults.set({ kind: 'dseditgroup-fails', times: Math.min(2, fault.times) });
      break;
    default:
      out(AGENT_BACK_MS);
      mac.acts.killDaemon();
  }
  return serial;
}

/** Somebody with access to Temporal does something to the run of an elevation that is under way. */
async function temporalFault({ topology, eyes, notebook }: FaultDeps, { kind, whom }: PlannedFault): Promise<string> {
  const open = eyes.all().filter((m) => m.key.startsWith('card/') && !m.deleted && m.buttons.length > 0);
  const { requestId } = share(open, whom);
  touch(notebook, requestId, kind); // before: the command may work and its answer be lost
  const id = ['--workflow-id', `elevation/${requestId}`, '--address', topology.temporalAddress];
  const commands: Record<string, readonly string[]> = {
    'temporal-cancel': ['cancel', ...id],
    'temporal-terminate': ['terminate', ...id, '--reason', 'storm'],
    'temporal-reset-first': ['reset', ...id, '--type', 'FirstWorkflowTask', '--reason', 'storm'],
    'temporal-reset-last': ['reset', ...id, '--type', 'LastWorkflowTask', '--reason', 'storm'],
  };
  await promisify(execFile)(topology.temporalCli, ['workflow', ...(commands[kind] ?? [])], { timeout: 15_000 });
  return requestId;
}
