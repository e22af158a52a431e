/**
 * What only the stand-in has: the truth for tests to judge by, what a device sees of its tags, fault switches, and a
 * page for people. Faults never touch these paths.
 */
import { type Answer, notFound } from './answers.js';
import { type Fault, type Faults, readFault } from './faults.js';
import type { Device, LibraryRun, LocalAccount, Settings, World } from './world.js';

export interface CallSeen {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly authorised: boolean;
  /** What was answered, or how the call was cut. */
  readonly status: number | 'dropped-before' | 'dropped-after';
}

export interface Truth {
  readonly devices: readonly {
    readonly deviceId: string;
    readonly serial: string;
    readonly name: string;
    readonly tags: readonly string[];
    readonly seenByDevice: readonly string[];
    readonly history: Device['history'];
  }[];
  readonly tagNames: readonly string[];
  readonly calls: readonly CallSeen[];
  readonly faults: readonly Fault[];
  readonly settings: Settings;
}

export interface Inside {
  readonly world: World;
  readonly faults: Faults;
  readonly settings: Settings;
  readonly calls: CallSeen[];
  readonly clock: () => number;
  emit(name: string, data: unknown): void;
}

/** Everything that is true now. */
export function truth(inside: Inside): Truth {
  const { world, faults, settings, calls } = inside;
  const devices = world.devices.map((d) => ({
    deviceId: d.deviceId,
    serial: d.serial,
    name: d.name,
    tags: world.tagsOf(d),
    seenByDevice: world.seenBy(d),
    history: d.history,
  }));
  return { devices, tagNames: world.tags.map((t) => t.name), calls: [...calls], faults: faults.list(), settings };
}

/** Answers a call under `/sim/`, apart from the event stream. */
export function controlAnswer(inside: Inside, method: string, path: string, body: unknown): Answer {
  const [, , area, serial, what] = path.split('/');
  switch (`${method} ${area}`) {
    case 'GET truth':
      return serial === 'page' ? html(page(truth(inside))) : { status: 200, body: truth(inside) };
    case 'POST fault':
      return serial === 'clear' ? clearFaults(inside) : addFault(inside, body);
    case 'POST settings':
      return change(inside, body);
    case 'GET devices':
    case 'POST devices':
      return device(inside, method, decodeURIComponent(serial ?? ''), what, body);
    default:
      return notFound();
  }
}

function clearFaults(inside: Inside): Answer {
  inside.faults.clear();
  inside.emit('fault', []);
  return { status: 200, body: { ok: true } };
}

function addFault(inside: Inside, body: unknown): Answer {
  const fault = readFault(body);
  if (typeof fault === 'string') return { status: 400, body: { error: fault } };
  inside.faults.add(fault);
  inside.emit('fault', inside.faults.list());
  return { status: 200, body: { ok: true } };
}

function change(inside: Inside, body: unknown): Answer {
  const given = (body ?? {}) as Partial<Settings>;
  const { settings } = inside;
  if (typeof given.tagDelayMs === 'number') settings.tagDelayMs = given.tagDelayMs;
  if (typeof given.hourlyLimit === 'number') settings.hourlyLimit = given.hourlyLimit;
  if (given.unknownTag === 'refuse' || given.unknownTag === 'create') settings.unknownTag = given.unknownTag;
  const { refused } = given;
  if (Array.isArray(refused) && refused.every((one) => typeof one === 'string')) settings.refused = refused;
  return { status: 200, body: settings };
}

/** What a Mac (or a test in its place) reads and reports: `/sim/devices/<serial>/tags|library|local-users`. */
function device(inside: Inside, method: string, serial: string, what: string | undefined, body: unknown): Answer {
  const { world } = inside;
  const found = world.bySerial(serial).at(0);
  if (!found) return notFound();
  const at = new Date(inside.clock()).toISOString();
  if (method === 'GET') return what === 'tags' ? { status: 200, body: { tags: world.seenBy(found) } } : notFound();
  if (what === 'tags') {
    const tags = (body as { tags?: unknown } | undefined)?.tags;
    if (!Array.isArray(tags) || !tags.every((t) => typeof t === 'string'))
      return { status: 400, body: { error: 'tags: strings' } };
    world.setTags(found, tags, 'control');
  } else if (what === 'library') {
    const run = { log: '', status: 'PASS', ...(body as Partial<LibraryRun>), reported_at: at } as LibraryRun;
    found.library = [...found.library.filter((r) => r.name !== run.name), run];
  } else if (what === 'local-users') {
    found.accounts = [...((body as { users?: LocalAccount[] } | undefined)?.users ?? [])];
    found.accountsAt = at;
  } else return notFound();
  world.save();
  inside.emit('device', { serial: found.serial, tags: world.tagsOf(found) });
  return { status: 200, body: { ok: true } };
}

const html = (text: string): Answer => ({ status: 200, body: text, headers: { 'content-type': 'text/html; charset=utf-8' } });

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

function page(now: Truth): string {
  const row = (cells: readonly string[]): string => `<tr>${cells.map((c) => `<td>${escaped(c)}</td>`).join('')}</tr>`;
  const devices = now.devices.map((d) => row([d.serial, d.name, d.tags.join(', ') || '–', d.seenByDevice.join(', ') || '–']));
  const history = now.devices.flatMap((d) => d.history.map((h) => ({ serial: d.serial, ...h })));
  history.sort((a, b) => b.at.localeCompare(a.at));
  const changes = history.slice(0, 50).map((h) => row([h.at, h.serial, h.tags.join(', ') || '–', h.by]));
  const calls = now.calls.slice(-50).reverse();
  const seen = calls.map((c) => row([c.at, c.method, c.path, JSON.stringify(c.body ?? ''), String(c.status)]));
  const section = (title: string, heads: readonly string[], rows: readonly string[]): string =>
    `<h2>${title}</h2><table><tr>${heads.map((h) => `<th>${h}</th>`).join('')}</tr>${rows.join('')}</table>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>MDM stand-in</title>
<style>body{font:14px system-ui;margin:2rem;color:#1d1c1d}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3rem .6rem;text-align:left}th{color:#616061}</style>
<h1>MDM stand-in: what is true</h1>
${section('Devices', ['serial', 'name', 'tags on record', 'tags the device sees'], devices)}
${section('Tag changes', ['at', 'serial', 'tags', 'by'], changes)}
${section('Calls', ['at', 'method', 'path', 'body', 'answer'], seen)}
<script>const e=new EventSource('/sim/events');for(const n of ['device','call','fault'])e.addEventListener(n,()=>{clearTimeout(window.t);window.t=setTimeout(()=>location.reload(),400)})</script></html>`;
}
