/**
 * How the stand-in answers: the device record as the vendor writes it, and the five shapes of error body that have
 * been seen in recordings of the real service (it documents none and gives no machine code).
 */
import type { Device, World } from './world.js';

export interface Answer {
  readonly status: number;
  /** Undefined is an empty body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Shape = 'error' | 'detail' | 'string' | 'field' | 'empty';
export const SHAPES: readonly Shape[] = ['error', 'detail', 'string', 'field', 'empty'];

/** An error answer in one of the vendor's shapes. */
export function failure(status: number, shape: Shape, text: string, field = 'tags'): Answer {
  switch (shape) {
    case 'error':
      return { status, body: { error: text } };
    case 'detail':
      return { status, body: { detail: text } };
    case 'string':
      return { status, body: text };
    case 'field':
      return { status, body: { [field]: [text] } };
    default:
      return { status };
  }
}

export const notFound = (): Answer => failure(404, 'detail', 'Not found.');

/** One device as the list and the single read give it. `user` is an empty string when none is assigned. */
export function record(world: World, device: Device, tags = world.tagsOf(device)): Record<string, unknown> {
  const seen = device.history.at(-1)?.at ?? '';
  return {
    device_id: device.deviceId,
    device_name: device.name,
    model: 'MacBook Pro (14-inch, 2023)',
    serial_number: device.serial,
    platform: 'Mac',
    os_version: '15.5',
    last_check_in: seen,
    user: device.userEmail
      ? { email: device.userEmail, name: device.userEmail.split('@')[0], id: device.deviceId, is_archived: false }
      : '',
    asset_tag: device.assetTag,
    blueprint_id: '00000000-0000-4000-8000-000000000001',
    blueprint_name: 'Engineering',
    mdm_enabled: true,
    agent_installed: true,
    is_missing: false,
    is_removed: false,
    agent_version: '4.10.2',
    first_enrollment: '2025-01-15T09:00:00.000000Z',
    last_enrollment: '2025-01-15T09:00:00.000000Z',
    tags: [...tags],
  };
}

/** The longer record of `/details`, as far as anybody reads it. */
export function details(world: World, device: Device): Record<string, unknown> {
  const short = record(world, device);
  return {
    general: {
      device_id: short.device_id,
      device_name: short.device_name,
      model: short.model,
      platform: short.platform,
      os_version: short.os_version,
      assigned_user: short.user,
      asset_tag: short.asset_tag,
      blueprint_uuid: short.blueprint_id,
      blueprint_name: short.blueprint_name,
    },
    hardware_overview: { model_name: 'MacBook Pro', serial_number: device.serial },
    mdm: { mdm_enabled: 'True', install_date: short.first_enrollment, last_check_in: short.last_check_in },
    agent: { agent_installed: 'True', agent_version: short.agent_version, last_check_in: short.last_check_in },
    tags: short.tags,
  };
}

/** The library items of a device: what its script runs last said, else what its tags imply. */
export function libraryItems(world: World, device: Device): Record<string, unknown>[] {
  const seen = world.seenBy(device);
  const ran = device.library.map((run) => ({
    ...run,
    type: 'custom-script',
    last_audit_run: run.reported_at,
    last_audit_log: run.log,
  }));
  const waiting = seen
    .filter((tag) => !ran.some((run) => run.name === tag))
    .map((tag) => ({ name: tag, status: 'PENDING', type: 'custom-script', log: '', last_audit_run: null, reported_at: null }));
  return [...ran, ...waiting];
}
