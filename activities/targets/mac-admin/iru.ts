/**
 * Iru (formerly Kandji) as the MDM: a tag on the device record is what makes a Mac act. There is no verb that adds or
 * removes one tag, so each change reads the list, writes it whole, and reads it back.
 * Source: Iru's endpoint API pages and OpenAPI description; `GET /devices?serial_number=` matches substrings.
 */
import * as z from 'zod';
import { isStintError, StintError } from '../../../contract/errors.js';
import { msOf, type Serial } from '../../../contract/ids.js';
import type { Mdm } from '../../../contract/ports.js';
import { keep } from '../../latest.js';
import { createIruHttp, type IruCall, type IruHttp, MdmAnswer } from './iru-http.js';
import { inLane, type Lanes } from './lane.js';

export interface IruDeps {
  /** The tenant's API address, as the vendor's page shows it; never built from a name. */
  readonly baseUrl: string;
  /** Read for every call, so that a rotated token works at once. */
  readonly token: () => string;
  /** Names of the tags, which must exist in the tenant. */
  readonly tags: { readonly elevate: string; readonly collect: string };
  readonly fetch?: typeof fetch;
  /** For one HTTP call. */
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly lanes: Lanes;
}

const PAGE = 300;
const PAGES_MAX = 200;
const WRITES_MAX = 3;
const REVOKE_WAIT_MS = 5_000;
const SIGNAL_WAIT_MS = 10_000;

const DeviceSchema = z.object({
  device_id: z.string().min(1),
  device_name: z.string(),
  serial_number: z.string(),
  tags: z.array(z.string()),
});
/** In what manner, and until when, the calls of one change are made. */
type Manner = Pick<IruCall, 'abort' | 'sendBefore'> & {
  readonly urgent: boolean;
  readonly permitted?: Promise<unknown> | undefined;
};
type DeviceRecord = z.infer<typeof DeviceSchema>;
const TagsSchema = z.object({ results: z.array(z.object({ name: z.string() })) });

/** An `Mdm` over Iru's endpoint API. Errors: see `Mdm` and `createIruHttp`; an unknown tag is `tag-unknown`. */
export function createIru(deps: IruDeps): Mdm {
  const http = createIruHttp({ ...deps, fetch: deps.fetch ?? fetch });
  const leaseMs = deps.timeoutMs * (2 + 2 * WRITES_MAX) + 1_000;
  const lane = { lanes: deps.lanes, clock: deps.clock, leaseMs };
  /** The record that got a tag, by serial number: taking it back need not look for it again. */
  const tagged = new Map<Serial, string>();
  return {
    async resolveDevice(serial) {
      const device = await exactly(http, serial, { urgent: false });
      return { deviceId: device.device_id, name: device.device_name };
    },
    async signal(serial, kind, abort, before, permitted) {
      permitted?.catch(() => undefined); // heard before the first change
      const manner = { urgent: false, abort, sendBefore: before && msOf(before), permitted };
      const looking = exactly(http, serial, manner);
      looking.catch(() => undefined); // heard in the lane; until then it is not unhandled
      const deviceId = await inLane(serial, { ...lane, waitMs: SIGNAL_WAIT_MS, goOnWithout: false, abort }, async () => {
        const { device_id } = await looking;
        await setTag(http, { deviceId: device_id, serial, tag: deps.tags[kind], present: true, ...manner });
        return device_id;
      });
      keep(tagged, serial, deviceId);
    },
    async clear(serial, kind, abort) {
      const manner = { urgent: true, abort };
      const from = (deviceId: string) => {
        const change = { deviceId, serial, tag: deps.tags[kind], present: false, ...manner };
        return inLane(serial, { ...lane, waitMs: REVOKE_WAIT_MS, goOnWithout: true, abort }, () => setTag(http, change));
      };
      const known = tagged.get(serial);
      if (known !== undefined) {
        try {
          return await from(known);
        } catch (error) {
          // The record is gone, or another Mac's by now: only then is it looked for.
          if (!isStintError(error) || error.code !== 'device-unknown') throw error;
          tagged.delete(serial);
        }
      }
      await from((await exactly(http, serial, manner)).device_id);
    },
    listSignalled: (kind) => signalled(http, deps.tags[kind]),
  };
}

/** The one device of exactly this serial: the vendor's filter also finds serials that merely contain it. */
async function exactly(http: IruHttp, serial: Serial, how: Manner): Promise<DeviceRecord> {
  const found = await devicesBy(http, { serial_number: serial }, how);
  const exact = found.filter((device) => serialOf(device) === serial.toUpperCase());
  const [device, ...others] = exact;
  if (!device) throw new StintError('device-unknown', `The MDM has no Mac of the serial number ${serial}.`);
  if (others.length > 0) {
    throw new StintError(
      'device-ambiguous',
      `The MDM has ${exact.length} records of the serial number ${serial}. Remove the stale ones first.`,
    );
  }
  return device;
}

const serialOf = (device: DeviceRecord): string => device.serial_number.trim().toUpperCase();

async function devicesBy(http: IruHttp, filter: Record<string, string>, how: Manner): Promise<DeviceRecord[]> {
  const found: DeviceRecord[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = new URLSearchParams({ ...filter, limit: String(PAGE), offset: String(page * PAGE) });
    const rows = shaped(z.array(DeviceSchema), await http({ ...how, method: 'GET', path: `devices?${query}` }));
    found.push(...rows);
    if (rows.length < PAGE) return found;
  }
  throw new StintError('mdm-unavailable', 'The MDM answers with an endless list of devices.');
}

async function signalled(http: IruHttp, tag: string): Promise<readonly Serial[]> {
  const found = await devicesBy(http, { tag_name: tag }, { urgent: false });
  return found.filter((device) => device.tags.includes(tag)).map((device) => serialOf(device) as Serial);
}

interface TagChange extends Manner {
  readonly deviceId: string;
  /** What the record has to be of. */
  readonly serial: Serial;
  readonly tag: string;
  readonly present: boolean;
}

/**
 * Sets or takes one tag and leaves all others. Reads back what it wrote: another writer with an older list may have
 * undone us, or lost tags of others that we had just kept; those are put back. An answer of 200 proves nothing.
 */
async function setTag(http: IruHttp, change: TagChange): Promise<void> {
  let now = await tagsOf(http, change);
  for (let writes = 0; now.includes(change.tag) !== change.present; writes++) {
    if (writes === WRITES_MAX) throw unmoved(change);
    const foreign = now.filter((tag) => tag !== change.tag);
    await write(http, change, change.present ? [...foreign, change.tag] : foreign);
    now = await keepForeign(http, change, foreign);
  }
}

/** Reads back; when tags of others that stood in what we wrote are gone, writes them again. Answers the tags then. */
async function keepForeign(http: IruHttp, change: TagChange, foreign: readonly string[]): Promise<readonly string[]> {
  for (let writes = 0; ; writes++) {
    const now = await tagsOf(http, change);
    const lost = foreign.filter((tag) => !now.includes(tag));
    if (lost.length === 0 || writes === WRITES_MAX) return now;
    const ours = change.present ? [change.tag] : [];
    await write(http, change, [...new Set([...now.filter((tag) => tag !== change.tag), ...lost, ...ours])]);
  }
}

const unmoved = (change: TagChange): StintError =>
  new StintError('mdm-unavailable', `The MDM took the change of the tag "${change.tag}" and does not show it. Trying again.`);

const mannerOf = ({ urgent, abort, sendBefore }: TagChange): Omit<Manner, 'permitted'> => ({ urgent, abort, sendBefore });

const pathOf = (change: TagChange): string => `devices/${encodeURIComponent(change.deviceId)}`;

/** Throws `device-unknown` when the record is another Mac's. */
async function tagsOf(http: IruHttp, change: TagChange): Promise<readonly string[]> {
  const device = shaped(DeviceSchema, await http({ ...mannerOf(change), method: 'GET', path: pathOf(change) }));
  if (serialOf(device) === change.serial.toUpperCase()) return device.tags;
  throw new StintError('device-unknown', `The MDM's record ${change.deviceId} is not that of the Mac ${change.serial}.`);
}

async function write(http: IruHttp, change: TagChange, tags: readonly string[]): Promise<void> {
  await change.permitted;
  try {
    await http({ ...mannerOf(change), method: 'PATCH', path: pathOf(change), body: { tags } });
  } catch (error) {
    if (wasRefused(error)) await nameUnknownTag(http, change, tags);
    throw error;
  }
}

/** Whether the MDM refused the content of the call (400, 422), and not its sender or its manner. */
function wasRefused(error: unknown): boolean {
  const cause = isStintError(error) ? error.cause : undefined;
  return cause instanceof MdmAnswer && (cause.status === 400 || cause.status === 422);
}

/** The error bodies have no code, so whether a tag is missing is asked of the tag list. Throws `tag-unknown` if so. */
async function nameUnknownTag(http: IruHttp, change: TagChange, tags: readonly string[]): Promise<void> {
  for (const tag of tags) {
    const query = new URLSearchParams({ search: tag });
    const answer = await http({ ...mannerOf(change), method: 'GET', path: `tags?${query}` });
    if (shaped(TagsSchema, answer).results.some(({ name }) => name === tag)) continue;
    throw new StintError(
      'tag-unknown',
      `The MDM does not know the tag "${tag}". Create it, or correct the tag name in the configuration.`,
    );
  }
}

/** Narrows an answer to what we rely on; anything else counts as no answer, never as an empty one. */
function shaped<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue ? `${issue.path.join('.')}: ${issue.code}` : 'unknown';
  throw new StintError('mdm-unavailable', 'The MDM answered in an unexpected form.', {
    cause: new MdmAnswer(200, `unexpected form at ${where}`),
  });
}
