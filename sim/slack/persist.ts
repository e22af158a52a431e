/** The stand-in's data file: whole JSON, replaced by rename, so that a killed process leaves the old or the new one. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Reads a data file. Undefined when there is none; throws when it is there and is no JSON. */
export async function readData(path: string): Promise<unknown> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(source);
}

export interface Saver {
  /** Notes that the data changed. */
  touch(): void;
  /** Resolves when everything touched before this call is in the file. */
  flushed(): Promise<void>;
  /** Flushes, and from then on changes are nothing to the file: it may be another process's by then. */
  close(): Promise<void>;
}

/** Writes `snapshot()` to `path`, one write at a time; changes that come meanwhile share the next write. */
export function createSaver(path: string | undefined, snapshot: () => string): Saver {
  if (path === undefined) return { touch() {}, flushed: () => Promise.resolve(), close: () => Promise.resolve() };
  let dirty = false;
  let closed = false;
  let running: Promise<void> | undefined;
  let failure: unknown;
  const write = async () => {
    await mkdir(dirname(path), { recursive: true });
    while (dirty) {
      dirty = false;
      const beside = `${path}.${process.pid}.new`;
      await writeFile(beside, snapshot(), { mode: 0o600 });
      await rename(beside, path);
    }
  };
  const start = () => {
    running ??= write()
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        running = undefined;
        // Touched between the last look at `dirty` and here: that change would wait for the next one otherwise.
        if (dirty && failure === undefined) start();
      });
  };
  const touch = () => {
    if (closed) return;
    dirty = true;
    start();
  };
  const flushed = async () => {
    while (running) await running;
    if (failure !== undefined) throw failure;
  };
  return {
    touch,
    flushed,
    close() {
      touch();
      closed = true;
      return flushed();
    },
  };
}
