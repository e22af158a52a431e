/**
 * The workflow bundle: built once and kept beside the compiled code, named by the digest of its sources, so that a
 * start does not bundle again what has not changed. Run as a program it writes the bundle and says where.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const here = dirname(fileURLToPath(import.meta.url));
/** `.ts` beside the sources (tests), `.js` beside the compiled code. */
const ext = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** Where the workflows and the converter are, for whoever runs a worker or a replay. */
export const workflowsPath = join(here, '..', 'workflows', `index.${ext}`);
export const payloadConverterPath = join(here, '..', 'workflows', 'payload-converter.js');

function sourcesDigest(): string {
  const hash = createHash('sha256');
  for (const folder of ['workflows', 'contract']) {
    const root = join(here, '..', folder);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (f) => f.endsWith(`.${ext}`) || f.endsWith('.js'),
    );
    for (const file of files.sort()) hash.update(file).update(readFileSync(join(root, file)));
  }
  const sdk = readFileSync(fileURLToPath(import.meta.resolve('@temporalio/worker')));
  return hash.update(sdk).digest('hex').slice(0, 16);
}

/** The path of a bundle of exactly these sources; builds it when it is not there. The rename is atomic: two starts may race. */
export async function workflowBundle(folder: string): Promise<{ readonly codePath: string }> {
  const codePath = join(folder, `workflows-${sourcesDigest()}.js`);
  if (existsSync(codePath)) return { codePath };
  mkdirSync(folder, { recursive: true });
  const { code } = await bundleWorkflowCode({ workflowsPath, payloadConverterPath, logger: quiet });
  const draft = `${codePath}.${process.pid}`;
  writeFileSync(draft, code);
  renameSync(draft, codePath);
  return { codePath };
}

/** The bundler is chatty; its errors are thrown anyway. */
const quiet = { log: () => {}, trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The folder beside the compiled code where the build leaves the bundle. */
export const bundleFolder = join(here, '..', ext === 'ts' ? join('node_modules', '.cache', 'stint') : '.');
