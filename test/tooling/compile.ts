/** Turns some of the product's TypeScript files into runnable ones: for tests that need a real process of it. */
import { mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformFile } from '@swc/core';

export const ROOT = new URL('../../', import.meta.url).pathname;

/** A temporary folder that holds the given files, compiled, in the tree's own layout. */
export async function compile(files: readonly string[]): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'stint-compiled-')));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const file of files) {
    const { code } = await transformFile(join(ROOT, file), { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } });
    const target = join(folder, file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, code);
  }
  return folder;
}
