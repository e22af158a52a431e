/**
 * The MDM: whether the token may do what Stint does, whether both tags are there, and whether each Mac of the people file
 * is exactly one device. Nothing is written: the right to write is asked with a device that does not exist.
 */
import { z } from 'zod';
import { createIruHttp, type IruHttp, MdmAnswer } from '../../activities/targets/mac-admin/iru-http.js';
import { isStintError } from '../../contract/errors.js';
import { few } from '../../contract/few.js';
import type { Person } from '../../contract/ports.js';
import type { PartConfigs } from '../config.js';
import { type Check, type Say, SHOWN } from './check.js';

export interface MdmCheckDeps {
  readonly mdm: PartConfigs['mdm'];
  readonly clock: () => number;
  /** Everybody in the people file; undefined when the file is not valid (the check of the policy says so). */
  readonly people: () => Promise<readonly Person[] | undefined>;
}

const CALL_MS = 8_000;
const PAGE = 300;
const PAGES_MAX = 200;
/** A device id of the vendor's form that no device has. */
const NO_DEVICE = '00000000-0000-4000-8000-000000000000';

const devicesShape = z.array(z.object({ serial_number: z.string() }));
const tagsShape = z.object({ results: z.array(z.object({ name: z.string() })) });

/** Rights, tags and Macs. */
export function checkMdm({ mdm, clock, people }: MdmCheckDeps): Check {
  return async (say, signal) => {
    const http = createIruHttp({ baseUrl: mdm.url, token: () => mdm.token.reveal(), fetch, timeoutMs: CALL_MS, clock });
    const first = await tried(say, 'may read devices', () => http({ method: 'GET', path: 'devices?limit=1', abort: signal }));
    if (!first) return;
    say.ok('may read devices', `${mdm.url} answers and accepts the token`);
    await Promise.all([
      examineWriting(http, say, signal),
      examineTags(http, mdm.tags, say, signal),
      examineMacs(http, await people(), say, signal),
    ]);
  };
}

const RIGHTS_FIX = 'Give the token these rights in the MDM: list and read devices, update a device, list tags.';

/** The answer; undefined when there was none to be had, which is then a row. */
async function tried(say: Say, check: string, call: () => Promise<unknown>): Promise<{ readonly value: unknown } | undefined> {
  try {
    return { value: await call() };
  } catch (error) {
    if (!isStintError(error)) throw error;
    const status = statusOf(error);
    if (status === 401) say.fail(check, 'the MDM does not accept the token', 'Make a new token and put it into MDM_TOKEN.');
    else if (status === 403) say.fail(check, 'the MDM does not let the token do this', RIGHTS_FIX);
    else if (status === 404)
      say.fail(check, 'the address answers, but is not that of the API', 'Correct MDM_URL; the page of API tokens shows it.');
    else say.fail(check, error.cause instanceof MdmAnswer ? `${error.sentence} (${error.cause.message})` : error.sentence);
    return undefined;
  }
}

function statusOf(error: unknown): number | undefined {
  const cause = isStintError(error) ? error.cause : undefined;
  return cause instanceof MdmAnswer ? cause.status : undefined;
}

/** Rights are looked at before devices are: "no such device" is a yes. */
async function examineWriting(http: IruHttp, say: Say, abort: AbortSignal): Promise<void> {
  const check = 'may write tags';
  const ask = () => http({ method: 'PATCH', path: `devices/${NO_DEVICE}`, body: {}, abort }).catch(unlessMissing);
  if (await tried(say, check, ask)) say.ok(check, 'asked with a device that does not exist, which changes nothing');
}

function unlessMissing(error: unknown): unknown {
  if (statusOf(error) === 404) return undefined;
  throw error;
}

async function examineTags(http: IruHttp, tags: PartConfigs['mdm']['tags'], say: Say, abort: AbortSignal): Promise<void> {
  for (const [variable, tag] of [
    ['MDM_TAG_ELEVATE', tags.elevate],
    ['MDM_TAG_COLLECT', tags.collect],
  ] as const) {
    const query = new URLSearchParams({ search: tag });
    const answer = await tried(say, `tag ${tag}`, () => http({ method: 'GET', path: `tags?${query}`, abort }));
    const listed = tagsShape.safeParse(answer?.value);
    if (!answer) continue;
    if (!listed.success) say.fail(`tag ${tag}`, 'the MDM answered in an unexpected form');
    else if (listed.data.results.some(({ name }) => name === tag)) say.ok(`tag ${tag}`, 'is there');
    else say.fail(`tag ${tag}`, 'the MDM has no such tag', `Create it there, or correct ${variable}.`);
  }
}

async function examineMacs(http: IruHttp, people: readonly Person[] | undefined, say: Say, abort: AbortSignal): Promise<void> {
  const check = 'Macs';
  if (people === undefined) return say.warn(check, 'not looked at: the people file cannot be read');
  const wanted = [...new Set(people.flatMap(({ macs }) => macs.map(({ serial }) => serial.toUpperCase())))];
  if (wanted.length === 0) return say.warn(check, 'the people file names none', 'Give people their Macs: serial, user, name.');
  const listed = await tried(say, check, () => serialsOf(http, abort));
  if (!listed) return;
  const devices = listed.value as readonly string[];
  const count = (serial: string) => devices.filter((one) => one === serial).length;
  const none = wanted.filter((serial) => count(serial) === 0);
  const several = wanted.filter((serial) => count(serial) > 1);
  if (none.length === wanted.length) {
    say.fail(
      check,
      `the MDM has none of the ${wanted.length} Macs of the people file`,
      'Is it the right tenant? Correct MDM_URL or the people file.',
    );
  } else if (none.length > 0) {
    say.warn(
      check,
      `the MDM has no device of the serial ${few(none, SHOWN)}`,
      'Enrol them, or take them out of the people file.',
    );
  }
  if (several.length > 0)
    say.warn(
      check,
      `the MDM has several devices of the serial ${few(several, SHOWN)}`,
      'Remove the stale records there: until then these Macs cannot be elevated.',
    );
  if (none.length + several.length === 0) say.ok(check, `each of the ${wanted.length} in the people file is one device`);
}

/** All serials of the tenant, which is fewer calls than one for each Mac; the vendor's limit is for the whole tenant. */
async function serialsOf(http: IruHttp, abort: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = new URLSearchParams({ limit: String(PAGE), offset: String(page * PAGE) });
    const rows = devicesShape.parse(await http({ method: 'GET', path: `devices?${query}`, abort }));
    found.push(...rows.map((row) => row.serial_number.trim().toUpperCase()));
    if (rows.length < PAGE) break;
  }
  return found;
}
