/** Taking the trust from the keys of a Mac, with what it means for that Mac. */
import { StintError } from '../contract/errors.js';
import type { Instant, RequestId, Serial } from '../contract/ids.js';
import type { DeviceKey, Store } from '../contract/ports.js';

/** Which key of a Mac, or all of them, and the account that wants it. */
export interface WithdrawOrder {
  readonly serial: Serial;
  readonly keyId?: string | undefined;
  readonly operator: string;
}

export interface Withdrawn {
  readonly serial: Serial;
  /** Empty where none worked any more. */
  readonly keyIds: readonly string[];
  /** The keys of this Mac that still work. */
  readonly left: readonly string[];
  /** What the Mac holds, or may: nothing that it says of it is heard any more where no key is left. */
  readonly held: readonly RequestId[];
}

/** Withdraws, at once and for good. Throws `bad-input` for a key that this Mac never had, naming those that it has. */
export async function withdrawDevice(
  { devices, fence }: Pick<Store, 'devices' | 'fence'>,
  { serial, keyId, operator }: WithdrawOrder,
  at: Instant,
): Promise<Withdrawn> {
  const known = await devices.registered(serial);
  if (keyId !== undefined && !known.some((key) => key.keyId === keyId)) throw noSuch(serial, keyId, known);
  const keyIds = await devices.withdraw(serial, keyId, operator, at);
  const left = (await devices.registered(serial)).filter(({ revokedAt }) => !revokedAt).map((key) => key.keyId);
  const open = await fence.open();
  const held = open.flatMap(({ target, requestId }) =>
    target.kind === 'mac-admin' && target.serial === serial ? [requestId] : [],
  );
  return { serial, keyIds, left, held };
}

function noSuch(serial: Serial, keyId: string, known: readonly DeviceKey[]): StintError {
  const names = known.map((key) => key.keyId).join(', ') || 'none: is the serial number exactly as the MDM has it?';
  return new StintError('bad-input', `--key: ${serial} has no key ${keyId}. It has ${names}`);
}
