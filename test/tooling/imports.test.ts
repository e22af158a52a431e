/** The import rules, each with a planted violation: a rule that never fires proves nothing. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../../cli/temporal-server/run.js';
import { ROOT } from './compile.js';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}
interface Report {
  readonly summary: { readonly violations: readonly Violation[]; readonly totalCruised: number };
}

const RULES: readonly { readonly name: string }[] = createRequire(import.meta.url)(
  join(ROOT, '.dependency-cruiser.cjs'),
).forbidden;
const FOLDERS = RULES.flatMap(({ name }) => /^(.*)-knows-only$/.exec(name)?.[1] ?? []);
const trees: string[] = [];
afterAll(() => {
  for (const root of trees) rmSync(root, { recursive: true, force: true });
});

/** A small tree of the product's own layout, with the real rules and packages. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'stint-imports-'));
  trees.push(root);
  for (const file of ['.dependency-cruiser.cjs', 'package.json']) copyFileSync(join(ROOT, file), join(root, file));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const base = Object.fromEntries(
    [...FOLDERS, 'test'].flatMap((folder) => [
      [`${folder}/thing.ts`, 'export interface Thing { readonly name: string }\n'],
      [`dist/${folder}/thing.js`, 'export const thing = 1;\n'],
    ]),
  );
  for (const [file, text] of Object.entries({ ...base, ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

async function cruise(root: string): Promise<Report['summary']> {
  const depcruise = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [depcruise, '--config', '.dependency-cruiser.cjs', '-T', 'json', ...FOLDERS, 'test', 'dist'];
  const report: Report = JSON.parse(await run(process.execPath, args, { timeoutMs: 60_000, cwd: root }));
  return report.summary;
}

const imports = (path: string) => `import type { Thing } from '${path}';\nexport type Here = Thing;\n`;

/** File, its text, and the rule that must refuse it. */
const PLANTED: readonly (readonly [file: string, text: string, rule: string])[] = [
  ...FOLDERS.filter((folder) => folder !== 'cli').map((folder) => {
    const wrong = folder === 'sim' ? 'contract' : 'cli';
    return [`${folder}/planted.ts`, imports(`../${wrong}/thing.js`), `${folder}-knows-only`] as const;
  }),
  ['cli/planted.ts', imports('../test/thing.js'), 'cli-knows-only'],
  ['policy/records.ts', imports('../ledger/thing.js'), 'policy-knows-only'],
  ['workflows/judging.ts', imports('../policy/thing.js'), 'workflows-knows-only'],
  ['workers/stand-in.ts', imports('../sim/thing.js'), 'sim-only-in-demo-and-tests'],
  ['cli/doctor.ts', imports('../sim/thing.js'), 'sim-only-in-demo-and-tests'],
  ['dist/cli/doctor.js', "import '../sim/thing.js';\n", 'sim-only-in-demo-and-tests'],
  ['dist/workflows/effects.js', "import '../activities/thing.js';\n", 'workflows-are-sandboxed'],
  ['dist/workflows/hash.js', "import 'node:crypto';\n", 'workflows-are-sandboxed'],
  ['contract/parsed.ts', "import { z } from 'zod';\nexport const it = z.string();\n", 'no-schemas-in-the-pure-core'],
  ['cards/parsed.ts', "import type { ZodType } from 'zod';\nexport type It = ZodType;\n", 'no-schemas-in-the-pure-core'],
  ['policy/reads.ts', "import { readFileSync } from 'node:fs';\nexport const it = readFileSync;\n", 'the-core-does-no-io'],
  [
    'activities/targets/aws.ts',
    "import { log } from '@temporalio/activity';\nexport const it = log;\n",
    'drivers-know-no-temporal',
  ],
  ['dist/seal/a.js', "import './b.js';\n", 'no-cycles'],
  ['dist/ledger/checks.js', "import 'vitest';\n", 'product-needs-no-dev-package'],
  ['device/tree.ts', "import { parse } from 'acorn';\nexport const it = parse;\n", 'only-declared-packages'],
  ['seal/lost.ts', "import { it } from './nowhere.js';\nexport const that = it;\n", 'resolvable'],
];

/** A cycle is reported once, at the file that comes first. */
const OTHER_HALF = { 'dist/seal/b.js': "import './a.js';\n" };

describe('the import rules', () => {
  test('refuse each planted import, by the rule that is meant', async () => {
    const { violations } = await cruise(
      tree({ ...OTHER_HALF, ...Object.fromEntries(PLANTED.map(([file, text]) => [file, text])) }),
    );
    const found = violations.map((violation) => `${violation.from}: ${violation.rule.name}`);
    for (const [file, , rule] of PLANTED) expect(found).toContain(`${file}: ${rule}`);
  });

  test('have a planted import each', () => {
    const planted = new Set(PLANTED.map(([, , rule]) => rule));
    expect(RULES.map((rule) => rule.name).filter((name) => !planted.has(name))).toEqual([]);
  });

  test('let pass what is allowed, and have really read it', async () => {
    const summary = await cruise(
      tree({
        'policy/good.ts': imports('../contract/thing.js'),
        'workflows/good.ts': imports('../activities/thing.js'),
        'dist/workflows/good.js': "import '../contract/thing.js';\nimport '@temporalio/workflow';\n",
        'cli/demo.ts': imports('../sim/thing.js'),
        'test/good.ts': imports('../sim/thing.js'),
        'cards/good.ts': "import { createHash } from 'node:crypto';\nexport const it = createHash;\n",
      }),
    );
    expect(summary.violations).toEqual([]);
    expect(summary.totalCruised).toBeGreaterThan(2 * FOLDERS.length);
  });
});
