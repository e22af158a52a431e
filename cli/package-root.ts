/** Files that ship beside the code: found from the package's own folder, whether run compiled or from source. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const up = dirname(from);
  if (up === from) throw new Error('package.json of stint is not there');
  return findRoot(up);
}

/** The text of a file of the package. */
export function packageFile(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8');
}

/** The version in package.json. */
export function packageVersion(): string {
  const parsed: unknown = JSON.parse(packageFile('package.json'));
  return (parsed as { version: string }).version;
}
