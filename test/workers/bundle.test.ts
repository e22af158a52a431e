/** The workflow bundle: one for each state of the sources, built once. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { payloadConverterPath, workflowBundle, workflowsPath } from '../../workers/bundle.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stint-bundle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('is built once for the same sources, also by two starts at the same moment, and is whole', async () => {
  const made = join(folder, 'new', 'folder');
  const [a, b] = await Promise.all([workflowBundle(made), workflowBundle(made)]);
  expect(a).toEqual(b);
  expect(await readdir(made)).toHaveLength(1);
  const code = await readFile(a.codePath, 'utf8');
  expect(code).toContain('elevation');
  expect(code).toContain('lateEvidence');
  const before = await stat(a.codePath);
  expect(await workflowBundle(made)).toEqual(a);
  expect((await stat(a.codePath)).mtimeMs).toBe(before.mtimeMs);
});

it('holds nothing of the policy, of schemas or of crypto: an edit there is no change of the workflow', async () => {
  const { codePath } = await workflowBundle(join(folder, 'new', 'folder'));
  const code = await readFile(codePath, 'utf8');
  for (const foreign of ['node_modules/zod', '/policy/', '/seal/', 'node:crypto']) expect(code).not.toContain(foreign);
});

it('knows where workflows and converter are', () => {
  expect(existsSync(workflowsPath)).toBe(true);
  expect(existsSync(payloadConverterPath)).toBe(true);
});
