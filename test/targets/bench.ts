/** The Iru client and the Mac driver against the MDM stand-in over real HTTP. */

import { createIru } from '../../activities/targets/mac-admin/iru.js';
import type { LocalUser, RequestId, Serial } from '../../contract/ids.js';
import type { MacAdminTarget } from '../../contract/request.js';
import { type MdmOptions, type MdmStandIn, startMdm } from '../../sim/mdm/server.js';
import { FakeDevices } from '../device/api/fakes.js';

export const TOKEN = 'b7e0c9d2-token-of-the-tests';
export const TAGS = { elevate: 'stint-elevate', collect: 'stint-collect' };
export const SERIAL = 'C02ADA0001' as Serial;
export const REQUEST = 'a'.repeat(26) as RequestId;
export const TARGET: MacAdminTarget = {
  kind: 'mac-admin',
  key: `mac-admin/${SERIAL}`,
  serial: SERIAL,
  localUser: 'ada' as LocalUser,
  display: 'ada-mac',
};

export const DEVICES = [
  { deviceId: 'dev-1', serial: 'C02ADA0001', name: 'ada-mac', userEmail: 'ada@example.test', tags: ['finance', 'beta'] },
  { deviceId: 'dev-2', serial: 'XC02ADA00012', name: 'longer-serial', tags: [] },
  { deviceId: 'dev-3', serial: 'C02GRACE01', name: 'grace-mac', tags: [] },
];

export async function createMdmBench(change: Partial<MdmOptions> = {}, timeoutMs = 2_000) {
  const mdm = await startMdm({ token: TOKEN, devices: DEVICES, tags: Object.values(TAGS), ...change });
  const devices = new FakeDevices();
  const iruWith = (deps: Partial<Parameters<typeof createIru>[0]> = {}) =>
    createIru({ baseUrl: mdm.url, token: () => TOKEN, tags: TAGS, timeoutMs, clock: Date.now, lanes: devices, ...deps });
  return { mdm, devices, iru: iruWith(), iruWith };
}

/** The tags on the stand-in's own record. */
export const tagsOf = (mdm: MdmStandIn, serial: string = SERIAL): string[] =>
  [...(mdm.control.truth().devices.find((d) => d.serial === serial)?.tags ?? [])].sort();
