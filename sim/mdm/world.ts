/**
 * What is true inside the Iru stand-in: devices, their tags with a history, the tenant's tag names, and when each
 * change becomes visible to the device itself. Kept in a file when asked, so that a killed stand-in comes back with
 * the truth it had. Imports nothing of the product: it is judged by its own records.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

export interface DeviceSeed {
  readonly deviceId: string;
  readonly serial: string;
  readonly name: string;
  readonly userEmail?: string;
  readonly tags: readonly string[];
}

export interface TagChange {
  readonly at: string;
  readonly tags: readonly string[];
  /** Milliseconds since 1970 from which the device sees this list. */
  readonly visibleAt: number;
  readonly by: 'seed' | 'api' | 'control';
}

export interface LibraryRun {
  readonly name: string;
  readonly status: string;
  readonly log: string;
  readonly reported_at: string;
}

export interface LocalAccount {
  readonly username: string;
  readonly type: 'Standard' | 'Admin';
  readonly uid: number;
  readonly generated_uid: string;
}

export interface Device {
  deviceId: string;
  serial: string;
  name: string;
  userEmail: string;
  assetTag: string;
  history: TagChange[];
  library: LibraryRun[];
  accounts: LocalAccount[];
  accountsAt?: string | undefined;
}

interface Saved {
  devices: Device[];
  tags: { id: string; name: string }[];
}

export interface Settings {
  /** Delay until a tag change reaches the device: 30-120 s are usual with the real service. */
  tagDelayMs: number;
  /** What a PATCH with an unknown tag name does; the real behaviour is undocumented, so both can be tried. */
  unknownTag: 'refuse' | 'create';
  /** Calls per hour of the whole tenant. */
  hourlyLimit: number;
  /** What the token lacks the right to, such as `PATCH devices`; asked before the thing itself is looked for. */
  refused: readonly string[];
}

export class World {
  readonly devices: Device[] = [];
  readonly tags: { id: string; name: string }[] = [];
  private readonly file: string | undefined;
  private readonly clock: () => number;
  private readonly settings: Settings;

  constructor(seeds: readonly DeviceSeed[], tags: readonly string[], settings: Settings, clock: () => number, file?: string) {
    this.settings = settings;
    this.clock = clock;
    this.file = file;
    this.load();
    for (const name of [...tags, ...seeds.flatMap((s) => s.tags)]) this.addTag(name);
    for (const seed of seeds) if (!this.byId(seed.deviceId)) this.devices.push(this.fresh(seed));
    this.save();
  }

  byId(deviceId: string): Device | undefined {
    return this.devices.find((d) => d.deviceId === deviceId);
  }

  bySerial(serial: string): Device[] {
    return this.devices.filter((d) => d.serial.toUpperCase() === serial.toUpperCase());
  }

  /** The tags on the server's record now. */
  tagsOf(device: Device): readonly string[] {
    return device.history.at(-1)?.tags ?? [];
  }

  /** The tags as the device sees them: the newest change that has reached it. */
  seenBy(device: Device): readonly string[] {
    const now = this.clock();
    return device.history.findLast((change) => change.visibleAt <= now)?.tags ?? [];
  }

  /** Replaces the list; a name that is new becomes one of the tenant's. */
  setTags(device: Device, tags: readonly string[], by: TagChange['by']): void {
    const now = this.clock();
    const at = new Date(now).toISOString();
    for (const name of tags) this.addTag(name);
    device.history.push({ at, tags: [...new Set(tags)], visibleAt: now + this.settings.tagDelayMs, by });
    this.save();
  }

  /** Creates a tag name if it is new, and answers it. */
  addTag(name: string): { id: string; name: string } {
    const known = this.tags.find((t) => t.name === name);
    if (known) return known;
    const tag = { id: randomUUID(), name };
    this.tags.push(tag);
    return tag;
  }

  save(): void {
    if (!this.file) return;
    const saved: Saved = { devices: this.devices, tags: this.tags };
    writeFileSync(`${this.file}.new`, JSON.stringify(saved));
    renameSync(`${this.file}.new`, this.file);
  }

  private load(): void {
    if (!this.file || !existsSync(this.file)) return;
    const saved = JSON.parse(readFileSync(this.file, 'utf8')) as Saved;
    this.devices.push(...saved.devices);
    this.tags.push(...saved.tags);
  }

  private fresh(seed: DeviceSeed): Device {
    const at = new Date(this.clock()).toISOString();
    return {
      deviceId: seed.deviceId,
      serial: seed.serial,
      name: seed.name,
      userEmail: seed.userEmail ?? '',
      assetTag: '',
      history: [{ at, tags: [...seed.tags], visibleAt: 0, by: 'seed' }],
      library: [],
      accounts: [],
    };
  }
}
