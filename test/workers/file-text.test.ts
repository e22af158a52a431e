import { mkdtempSync, renameSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileText, readText } from '../../workers/file-text.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'stint-text-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** An hour later than the file system's clock: whatever was written has been so for long. */
const later = () => Date.now() + 3_600_000;

describe('the text of a file', () => {
  test('is the newest at each call, also when an edit leaves length and dates as they were', async () => {
    const path = join(dir, 'edited');
    writeFileSync(path, 'grace may approve');
    const text = fileText(path, later);
    expect(await text()).toBe('grace may approve');
    const { atime, mtime } = statSync(path);
    const { ctimeNs } = statSync(path, { bigint: true });
    // An edit within the same tick of the file system's clock is what the age of a stamp is for.
    while (statSync(path, { bigint: true }).ctimeNs === ctimeNs) writeFileSync(path, 'nobody approves  ');
    utimesSync(path, atime, mtime);
    expect(await text()).toBe('nobody approves  ');
  });

  test('that was edited a moment ago is read again, whatever its stamp says', async () => {
    const path = join(dir, 'young');
    writeFileSync(path, 'one');
    const text = fileText(path, () => Number(statSync(path, { bigint: true }).ctimeMs) + 500);
    for (const word of ['one', 'two', 'six', 'ten']) {
      writeFileSync(path, word);
      expect(await text()).toBe(word);
    }
  });

  test('is another when another file takes its place', async () => {
    const path = join(dir, 'replaced');
    writeFileSync(path, 'old');
    const text = fileText(path, later);
    await text();
    writeFileSync(`${path}.new`, 'new');
    renameSync(`${path}.new`, path);
    expect(await text()).toBe('new');
  });

  test('that is not UTF-8 is an error, with its place, and never what it said before', async () => {
    const path = join(dir, 'latin');
    writeFileSync(path, 'here');
    const text = fileText(path, later);
    await text();
    writeFileSync(path, Buffer.from('Büro', 'latin1'));
    await expect(text()).rejects.toMatchObject({ code: 'bad-config', sentence: expect.stringContaining(`${path}:1:2 `) });
    expect(() => readText(path)).toThrow('not UTF-8');
  });

  test('that is gone is an error, and never what it said before', async () => {
    const path = join(dir, 'gone');
    writeFileSync(path, 'here');
    const text = fileText(path, later);
    await text();
    unlinkSync(path);
    await expect(text()).rejects.toThrow('ENOENT');
    writeFileSync(path, 'back');
    expect(await text()).toBe('back');
  });

  test('is not read twice while nothing changes', async () => {
    const path = join(dir, 'calm');
    writeFileSync(path, 'calm');
    let reads = 0;
    const text = fileText(path, later, async () => {
      reads += 1;
      return 'calm';
    });
    for (let i = 0; i < 50; i++) expect(await text()).toBe('calm');
    expect(reads).toBe(1);
  });
});
