/** One storm from the first process to the verdict: set-up, people, kills and faults at once, the calm, the judge. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHome } from '../../cli/demo/home.js';
import { TAGS } from '../../cli/demo/world.js';
import { freePort } from '../../cli/temporal-server/ports.js';
import type { ElevationRow } from '../../contract/ports.js';
import { stint } from '../e2e/built.js';
import { type FarEnds, startFarEnds } from './far/ends.js';
import { createEyes, type Eyes, isDone } from './far/eyes.js';
import { heal, letThingsGoWrong } from './fate/faults.js';
import { letFateKill } from './fate/killer.js';
import { openOffice } from './fate/office.js';
import { isLate, judge, longest, shownWrong } from './judge/checks.js';
import { readCloud } from './judge/cloud.js';
import type { Facts, TagCall, Violation } from './judge/facts.js';
import { readLedger } from './judge/ledger.js';
import { readMacs, startWatch } from './judge/truth.js';
import { policyText } from './law.js';
import { createNotebook, type Notebook } from './notebook.js';
import type { StormOptions } from './options.js';
import { letPeopleAct } from './people.js';
import { evidenceOf, type Result, resultOf } from './report.js';
import { startEmbedded } from './topology/embedded.js';
import type { Skipped, Topology } from './topology/topology.js';
import { makeWorld, peopleFile } from './world.js';

/** Runs the whole storm. Its folder stays when it is to be kept, or when something was broken. */
export async function runStorm(options: StormOptions, say: (line: string) => void): Promise<Result | Skipped> {
  const folder = mkdtempSync(join(tmpdir(), 'stint-storm-'));
  let keep = true;
  try {
    const result = await runIn(folder, options, say);
    keep = options.keep || ('ok' in result && !result.ok);
    if (keep) say(`logs and evidence: ${folder}`);
    return result;
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(folder: string, options: StormOptions, say: (line: string) => void): Promise<Result | Skipped> {
  const world = makeWorld(options.macs);
  writeFileSync(join(folder, 'policy.yaml'), policyText('plain'));
  writeFileSync(join(folder, 'people.yaml'), peopleFile(world));
  const home = openHome(folder, false);
  const deviceApiPort = await freePort();
  const { seed, aws } = options;
  const far = await startFarEnds(home, world, { deviceApiUrl: `http://127.0.0.1:${deviceApiPort}`, seed, aws });
  const eyes = createEyes(far.slack);
  let topology: Topology | Skipped | undefined;
  try {
    topology = await startTopology(options, { home, deviceApiPort, far });
    if ('skipped' in topology) return topology;
    for (const [serial, publicKey] of far.publicKeys)
      await topology.ask({ ask: 'register-device', serial, publicKey, operator: 'storm' });
    return await blow({ options, say, world, far, eyes, topology, folder });
  } finally {
    await eyes.close();
    if (topology && 'close' in topology) await topology.close();
    await far.close();
  }
}

type Places = Parameters<typeof startEmbedded>[0];

async function startTopology(options: StormOptions, places: Places): Promise<Topology | Skipped> {
  if (options.topology === 'embedded') return startEmbedded(places);
  const { startPostgresTopology } = await import('./topology/postgres.js');
  return startPostgresTopology(places);
}

interface Storm {
  readonly options: StormOptions;
  readonly say: (line: string) => void;
  readonly world: ReturnType<typeof makeWorld>;
  readonly far: FarEnds;
  readonly eyes: Eyes;
  readonly topology: Topology;
  readonly folder: string;
}

async function blow(storm: Storm): Promise<Result> {
  const { options, say, world, far, eyes, topology, folder } = storm;
  const { seed } = options;
  const notebook = createNotebook();
  const watch = startWatch(world, far);
  for (const mac of far.light.values()) mac.start();
  const began = Date.now();
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), options.minutes * 60_000);
  const enough = { kills: () => notebook.kills.length >= options.kills, asks: () => taken(notebook) >= options.elevations };
  const progress = setInterval(() => say(line(storm, notebook, began, watch.mostAtOnce)), 10_000);

  // People go on while it kills, and fate kills while people ask: whichever has had enough waits for the other.
  const both = () => !(enough.kills() && enough.asks());
  const people = letPeopleAct({ world, far, eyes, notebook, seed, over: over.signal, wanted: both });
  const office = openOffice({ world, topology, notebook, folder });
  const wrong = letThingsGoWrong({ topology, far, eyes, office, notebook, seed, without: options.without, over: over.signal });
  await letFateKill({ topology, notebook, seed, fury: options.fury, wanted: both, over: over.signal });
  clearTimeout(timer);
  over.abort();
  await wrong;
  await office.closed();
  heal({ far });
  const calmFrom = Date.now();
  say(`${line(storm, notebook, began, watch.mostAtOnce)}; now the calm`);
  await Promise.all([...topology.processes.values()].map((p) => p.healthy(90_000)));
  await Promise.race([people, sleep(options.calm * 60_000)]);
  const converged = await convergence(storm, notebook, calmFrom + options.calm * 60_000);
  clearInterval(progress);
  await watch.stop();
  const { facts, violations } = await settled(storm, await read(storm, notebook, watch, calmFrom));
  const result = resultOf({
    options,
    facts,
    violations,
    longest: longest(facts, ({ kind }) => kind !== 'aws'),
    longestInAws: longest(facts, ({ kind }) => kind === 'aws'),
    longestInAll: longest(facts, ({ kind }) => kind === 'aws', 'in all'),
    began,
    converged,
    topology,
    calls: eyes.calls,
    watch,
  });
  if (!result.ok || options.keep) evidence(folder, facts, violations, result);
  return result;
}

/** How long Slack may take, once all is over, to show what is so: a doubt is looked into for a minute, a closed card drawn anew after one and a half. */
const SETTLE_MS = 150_000;

interface Verdict {
  readonly facts: Facts;
  readonly violations: readonly Violation[];
}

/**
 * The verdict, once nothing that Slack shows is wrong any more or it has had its time: everything else is judged at once, and stays.
 * Meanwhile only what Slack shows is looked at: to copy all that the stand-ins keep, and to judge all of it, takes seconds in
 * which they, who live in this very process, answer nobody.
 */
async function settled({ eyes }: Storm, { facts: first, violations: found }: Verdict): Promise<Verdict> {
  const until = Date.now() + SETTLE_MS;
  let facts = first;
  let late = found.filter(isLate);
  while (late.length > 0 && Date.now() < until) {
    await sleep(10_000);
    if (Date.now() >= until) eyes.lookAtAll();
    else eyes.look();
    facts = { ...first, messages: eyes.all(), now: Date.now() };
    late = shownWrong(facts);
  }
  const others = found.filter((one) => !isLate(one));
  return {
    facts,
    violations: [...new Map([...others, ...late].map((one) => [`${one.rule} ${one.requestId} ${one.what}`, one])).values()],
  };
}

async function read(
  { world, far, eyes, topology }: Storm,
  notebook: Notebook,
  watch: ReturnType<typeof startWatch>,
  calmFrom: number,
): Promise<Verdict> {
  eyes.look();
  eyes.lookAtAll();
  const recorded = await readLedger(topology.ask);
  const open = await topology.ask<readonly ElevationRow[]>({ ask: 'list', review: 'open', limit: 500 });
  const cloud = far.cloud && readCloud(far.cloud, notebook, Date.now());
  const facts: Facts = {
    ...(cloud && { cloud }),
    world,
    notebook,
    recorded,
    openReviews: new Set(open.map(({ view }) => view.request.requestId)),
    macs: [...readMacs(world, far), ...(cloud?.places ?? [])],
    messages: eyes.all(),
    saidGone: eyes.saidGone,
    answers: eyes.answers,
    tagCalls: [...tagCalls(far), ...(cloud?.created ?? [])],
    oddities: watch.oddities,
    countdowns: watch.countdowns,
    verify: await verify(topology),
    calmFrom,
    now: Date.now(),
  };
  return { facts, violations: judge(facts) };
}

/**
 * Waits until the store shows nothing under way, and the cards show it too. When that was, or undefined. What was terminated
 * before it was armed holds nothing and has nobody left to close it: it is counted apart.
 */
async function convergence({ topology, eyes }: Storm, notebook: Notebook, until: number): Promise<number | undefined> {
  const left = (requestId: string) => notebook.touched.get(requestId)?.has('temporal-terminate') ?? false;
  for (;;) {
    const rows = await topology.ask<readonly ElevationRow[]>({ ask: 'list', live: true, limit: 500 }).catch(() => undefined);
    const live = rows?.filter(({ view }) => !(left(view.request.requestId) && !view.armedAt));
    eyes.look();
    const open = eyes.all().filter((m) => m.key.startsWith('card/') && !m.deleted && !isDone(m) && !left(m.requestId));
    if (live?.length === 0 && open.length === 0) return Date.now();
    if (Date.now() > until) return undefined;
    await sleep(1000);
  }
}

const isTaken = (ask: Notebook['asks'][number]) => ask.ackedAt !== undefined;
const taken = ({ asks }: Notebook) => asks.filter(isTaken).length;

function line(
  { options, eyes }: Storm,
  { kills, asks, faults }: ReturnType<typeof createNotebook>,
  began: number,
  most: number,
): string {
  const s = Math.round((Date.now() - began) / 1000);
  const over = eyes.all().filter((m) => m.key.startsWith('card/') && !m.deleted && isDone(m)).length;
  return `${s} s: ${kills.length}/${options.kills} kills, ${faults.length} faults, ${asks.filter(isTaken).length}/${options.elevations} taken, ${over} cards that are done, at most ${most} administrators at once`;
}

/** Calls that put our tag on a device, from the MDM's own record. */
function tagCalls(far: FarEnds): TagCall[] {
  return far.mdm.control.truth().devices.flatMap((device) =>
    device.history.flatMap((change, i) => {
      const before = device.history[i - 1]?.tags ?? [];
      const new_ = change.tags.includes(TAGS.elevate) && !before.includes(TAGS.elevate);
      return new_ ? [{ serial: device.serial, at: Date.parse(change.at) }] : [];
    }),
  );
}

async function verify({ cliEnv }: Topology): Promise<{ readonly ok: boolean }> {
  const { out, err } = await stint(['ledger', 'verify', '--json'], cliEnv);
  try {
    return JSON.parse(out) as { ok: boolean };
  } catch {
    return { ok: false, ...{ err } };
  }
}

function evidence(folder: string, facts: Facts, violations: readonly Violation[], result: Result): void {
  const to = join(folder, 'evidence');
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, 'result.json'), JSON.stringify(result, null, 2));
  writeFileSync(join(to, 'people.log'), `${facts.notebook.log.join('\n')}\n`);
  for (const id of new Set(violations.map((v) => v.requestId)))
    writeFileSync(join(to, `${id || 'no-request'}.json`), JSON.stringify(evidenceOf(facts, id, violations), null, 2));
}
