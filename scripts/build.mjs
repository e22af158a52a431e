/**
 * Builds `dist/`: compiles, removes what has no source any more, makes the program executable and bundles the workflows.
 * `--if-possible` (after an install) does nothing where the compiler was not installed, as in a production install.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = new URL('../', import.meta.url).pathname;
const dist = join(root, 'dist');

function compiler() {
  try {
    const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
    return join(dirname(manifest), 'bin', 'tsc');
  } catch {
    return undefined;
  }
}

/** A compiled file whose source is gone would still be found by imports and by a reader. */
function removeStale() {
  if (!existsSync(dist)) return;
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const [, stem, kind] = /^(.+\/.+)\.(m?)js(?:\.map)?$/.exec(file) ?? [];
    if (stem === undefined) continue; // the workflow bundle, the build's own notes
    const sources = [`${stem}.${kind}ts`, `${stem}.${kind}js`];
    if (!sources.some((source) => existsSync(join(root, source)))) rmSync(join(dist, file), { force: true });
  }
}

async function build() {
  const tsc = compiler();
  if (!tsc) {
    if (process.argv.includes('--if-possible')) return 0;
    process.stderr.write('The compiler is not installed: run `npm ci` without --omit=dev.\n');
    return 1;
  }
  removeStale();
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit', cwd: root });
  if (status !== 0) return status ?? 1;
  const program = join(dist, 'cli', 'main.js');
  if (existsSync(program)) chmodSync(program, 0o755);
  const bundle = join(dist, 'workers', 'bundle.js');
  if (existsSync(bundle)) {
    const { workflowBundle, bundleFolder } = await import(bundle);
    await workflowBundle(bundleFolder);
  }
  return 0;
}

process.exit(await build());
