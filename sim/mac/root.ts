/**
 * Lays out the stand-in Mac's disk: a state folder that its fake tools share, the tools themselves, keys, configuration, and
 * the agent. A folder that holds a Mac already is left as it is, so a Mac survives a restart of the stand-in.
 */
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface MacOptions {
  readonly serial: string;
  readonly name: string;
  /** The short name of the account of the Mac's owner: a standard user. */
  readonly localUser: string;
  /** Where this Mac lives on disk; it goes on where it was when the folder is not empty. */
  readonly folder: string;
  readonly deviceApiUrl: string;
  /** ECDSA P-256; made on first start when not given. */
  readonly privateKeyPem?: string;
  readonly serverPublicKeyPem: string;
  /** Such as `15.5`. */
  readonly osVersion: string;
  readonly port?: number;
  /** When given, this Mac checks in with the stand-in MDM there. */
  readonly mdmUrl?: string;
  readonly checkInMs?: number;
  readonly contactGraceS?: number;
  readonly heartbeatS?: number;
  /** The interpreter that runs the agent, with its options. Default `/bin/sh`. */
  readonly shell?: readonly string[];
  /** The folder with `assemble.mjs`. Default: `device/macos` of this package. */
  readonly agentFolder?: string;
}

export interface Layout {
  readonly root: string;
  /** State that the fake tools share. */
  readonly mac: string;
  readonly bin: string;
  readonly agent: string;
  /** The agent's own state. */
  readonly state: string;
  readonly logs: string;
  readonly dropin: string;
  readonly keyId: string;
  readonly publicKeyPem: string;
}

/** Makes whatever is missing, rewrites what depends on the options, and says where things are. */
export function layOut(options: MacOptions): Layout {
  const root = join(options.folder, 'root');
  const mac = join(options.folder, 'state');
  const bin = join(root, 'bin');
  const state = join(root, 'private/var/db/stint');
  const fresh = !existsSync(join(mac, 'os'));
  for (const folder of [
    'private/etc/sudoers.d',
    'private/etc/pam.d',
    'private/var/log',
    'Library/LaunchDaemons',
    'Library/Managed Preferences',
    'bin',
  ])
    mkdirSync(join(root, folder), { recursive: true });
  mkdirSync(state, { recursive: true, mode: 0o700 });
  if (fresh) newMac(mac, root, options);
  writeFileSync(join(mac, 'os'), `${options.osVersion}\n`);
  installTools(mac, bin, root);
  configure(root, state, options);
  const { keyId, publicKeyPem } = identity(join(state, 'device-key.pem'), options.privateKeyPem);
  const agent = join(root, 'Library/stint-agent');
  const agentFolder = options.agentFolder ?? join(packageRoot(), 'device/macos');
  execFileSync(process.execPath, [join(agentFolder, 'assemble.mjs'), '--root', root, '--out', agent]);
  const logs = join(root, 'private/var/log/stint');
  return { root, mac, bin, agent, state, logs, dropin: join(root, 'private/etc/sudoers.d/zz_stint'), keyId, publicKeyPem };
}

/** A Mac out of the box: one administrator of the company, one standard user at the screen. */
function newMac(mac: string, root: string, options: MacOptions): void {
  for (const folder of ['users', 'group', 'clock', 'faults']) mkdirSync(join(mac, folder), { recursive: true });
  const root0 = addUser(mac, 'root', 0, 0);
  const admin = addUser(mac, 'itadmin', 501, 20);
  addUser(mac, options.localUser, 502, 20);
  writeFileSync(join(mac, 'group/GroupMembership'), 'root\nitadmin\n');
  writeFileSync(join(mac, 'group/GroupMembers'), `${root0}\n${admin}\n`);
  writeFileSync(join(mac, 'group/NestedGroups'), '');
  writeFileSync(join(mac, 'console'), `${options.localUser}\n`);
  writeFileSync(join(mac, 'clock/skew'), '0\n');
  newBoot(mac);
  writeFileSync(
    join(root, 'private/etc/sudoers'),
    'root ALL=(ALL) ALL\n%admin ALL=(ALL) ALL\n#includedir /private/etc/sudoers.d\n',
  );
}

/** A new boot session; the clock that counts since boot starts again. */
export function newBoot(mac: string): void {
  writeFileSync(join(mac, 'clock/session'), `${randomUUID().toUpperCase()}\n`);
  writeFileSync(join(mac, 'clock/boot'), `${Math.floor(Date.now() / 1000)}\n`);
  writeFileSync(join(mac, 'clock/advance'), '0\n');
}

/** Adds an account and returns its GUID. */
export function addUser(mac: string, name: string, uid: number, primaryGroup: number): string {
  const guid = randomUUID().toUpperCase();
  const folder = join(mac, 'users', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'UniqueID'), `${uid}\n`);
  writeFileSync(join(folder, 'GeneratedUID'), `${guid}\n`);
  writeFileSync(join(folder, 'PrimaryGroupID'), `${primaryGroup}\n`);
  return guid;
}

function installTools(mac: string, bin: string, root: string): void {
  const source = join(packageRoot(), 'sim/mac/bin');
  const privileges = join(root, 'Applications/Privileges.app/Contents/MacOS');
  mkdirSync(privileges, { recursive: true });
  for (const name of readdirSync(source)) {
    const to = name === 'lib.sh' ? join(mac, name) : join(name === 'PrivilegesCLI' ? privileges : bin, name);
    const text = readFileSync(join(source, name), 'utf8');
    const realPath = `${process.env.PATH ?? ''}:/usr/bin:/bin:/usr/sbin:/sbin`;
    writeFileSync(to, text.replaceAll('@MAC@', mac).replaceAll('@BIN@', bin).replaceAll('@PATH@', realPath));
    chmodSync(to, 0o755);
  }
}

function configure(root: string, state: string, options: MacOptions): void {
  const config = {
    api: options.deviceApiUrl,
    localUser: options.localUser,
    contactGraceS: options.contactGraceS ?? 300,
    heartbeatS: options.heartbeatS ?? 5,
  };
  writeFileSync(join(root, 'Library/Managed Preferences/com.stint.agent.plist'), JSON.stringify(config));
  writeFileSync(join(state, 'server-key.pem'), options.serverPublicKeyPem);
}

function identity(file: string, given: string | undefined): { keyId: string; publicKeyPem: string } {
  if (given !== undefined) writeFileSync(file, given, { mode: 0o600 });
  else if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  const key = createPublicKey(readFileSync(file, 'utf8'));
  const keyId = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
  return { keyId, publicKeyPem: key.export({ type: 'spki', format: 'pem' }).toString() };
}

/** The folder of package.json: shell files are not compiled, so they are read from the source tree also when built. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no package.json above the stand-in Mac');
    folder = parent;
  }
  return folder;
}
