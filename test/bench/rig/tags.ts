/** Whether our tag did its part: a Mac that only polls would be as quick, and hide a Stint that tells the MDM nothing. */
import type { Truth } from '../../../sim/mdm/server.js';

/** When the tag came onto a Mac's record at the MDM, from `since` on; both in ms since 1970. Throws, naming the Mac, when it never did. */
export function tagSetAt({ devices }: Pick<Truth, 'devices'>, serial: string, tag: string, since: number): number {
  const history = devices.find((device) => device.serial === serial)?.history ?? [];
  const change = history.find(
    ({ at, tags }, i) => Date.parse(at) >= since && tags.includes(tag) && !history[i - 1]?.tags.includes(tag),
  );
  if (change) return Date.parse(change.at);
  throw new Error(`${serial} was made an administrator by its own poll alone: the MDM was never told to set ${tag} on it`);
}
