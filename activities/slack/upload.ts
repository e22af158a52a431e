/**
 * A file into a thread, once. Slack's three steps: ask for an address, send the bytes there, complete with the thread.
 * Only the last one shows anything. The file's id is stored before the bytes leave, and its title holds the key, so
 * that a repeat can tell what became of it. Done by hand, because the client's helper sends the bot token to the
 * upload address as well.
 */
import { StintError } from '../../contract/errors.js';
import { isLoopback } from '../../contract/loopback.js';
import type { Cards } from '../../contract/ports.js';
import { slackCode, unclear } from './errors.js';
import { type Memory, UNKNOWN_RENDER } from './memory.js';
import { isNoThread, isRecord, textAt, type Wire } from './wire.js';

interface UploadDeps {
  readonly wire: Wire;
  readonly memory: Memory;
  readonly apiUrl: string;
}
type Where = Parameters<Cards['upload']>[1];
type File = Parameters<Cards['upload']>[2];

const SEND_TIMEOUT_MS = 15_000;
/** How the store remembers a file: begun, or in the thread. */
const BEGUN = 'upload:';
const DONE = 'file:';

export function createUpload(deps: UploadDeps): Cards['upload'] {
  return async (key, where, file) => {
    const { ref, doubt } = await deps.memory.recall(key);
    if (ref?.ts.startsWith(DONE)) return;
    const title = `${file.title} (${key})`;
    const begun = ref?.ts.startsWith(BEGUN) ? ref.ts.slice(BEGUN.length) : undefined;
    const landed =
      begun !== undefined ? await isShared(deps, begun, where, title) : doubt && (await isInThread(deps, where, title));
    const fileId = landed ? (begun ?? 'found') : await send(deps, key, where, { ...file, title });
    await deps.memory.record(key, { channel: where.channel, ts: DONE + fileId, renderDigest: UNKNOWN_RENDER });
  };
}

async function send({ wire, memory, apiUrl }: UploadDeps, key: string, where: Where, file: File): Promise<string> {
  // Slack refuses a length of 0.
  const bytes = file.bytes.length > 0 ? file.bytes : new TextEncoder().encode('(empty)\n');
  await memory.intend(key, where.channel);
  const asked = await wire.call('files.getUploadURLExternal', { filename: file.name, length: bytes.length });
  const address = textAt(asked, 'upload_url');
  const fileId = textAt(asked, 'file_id');
  if (address === undefined || fileId === undefined) throw unclear({ method: 'files.getUploadURLExternal' });
  await memory.intend(key, where.channel, BEGUN + fileId);
  await sendBytes(checked(address, apiUrl), bytes);
  await complete(wire, fileId, where, file.title);
  return fileId;
}

/** The address is Slack's word: https, or the stand-in on this machine, and nothing else. */
function checked(address: string, apiUrl: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const local = url?.protocol === 'http:' && isLoopback(url.hostname) && isLoopback(new URL(apiUrl).hostname);
  if (url && (url.protocol === 'https:' || local)) return url;
  throw new StintError('slack-rejected', 'Slack named an upload address that is not https.');
}

async function sendBytes(url: URL, bytes: Uint8Array): Promise<void> {
  const about = { method: 'file upload' };
  const answer = await fetch(url, {
    method: 'POST',
    body: Buffer.from(bytes),
    headers: { 'content-type': 'application/octet-stream' },
    redirect: 'error',
    signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
  }).catch(() => undefined);
  await answer?.body?.cancel();
  if (!answer?.ok) throw unclear(about);
}

async function complete(wire: Wire, fileId: string, where: Where, title: string): Promise<void> {
  const share = { files: [{ id: fileId, title }], channel_id: where.channel };
  try {
    await wire.call('files.completeUploadExternal', { ...share, thread_ts: where.threadTs });
  } catch (error) {
    // The card was deleted: the log goes into the channel rather than nowhere.
    if (!isNoThread(error)) throw error;
    await wire.call('files.completeUploadExternal', share);
  }
}

/** Whether an upload that was begun has reached the thread. A share appears only after Slack's scan, so more than one sign is asked for. */
async function isShared(deps: UploadDeps, fileId: string, where: Where, title: string): Promise<boolean> {
  const file = await fileOf(deps.wire, fileId);
  if (file === 'none') return false;
  if (isRecord(file) && isIn(file, where.channel)) return true;
  if (await isInThread(deps, where, title)) return true;
  if (file === 'unseen') return false;
  return completedAgain(deps.wire, fileId, where, title);
}

async function fileOf(wire: Wire, fileId: string): Promise<Readonly<Record<string, unknown>> | 'none' | 'unseen'> {
  try {
    const { file } = await wire.call('files.info', { file: fileId });
    return isRecord(file) ? file : 'unseen';
  } catch (error) {
    const code = slackCode(error);
    if (code === undefined) throw error;
    return code === 'file_not_found' || code === 'file_deleted' ? 'none' : 'unseen';
  }
}

function isIn(file: Readonly<Record<string, unknown>>, channel: string): boolean {
  return [file.channels, file.groups, file.ims].some((ids) => Array.isArray(ids) && ids.includes(channel));
}

/** Known to Slack and not shown yet: completing the same file again shows it, or is refused because it was completed. */
async function completedAgain(wire: Wire, fileId: string, where: Where, title: string): Promise<boolean> {
  try {
    await complete(wire, fileId, where, title);
  } catch (error) {
    if (slackCode(error) !== 'file_not_found') throw error;
  }
  return true;
}

async function isInThread({ wire }: UploadDeps, where: Where, title: string): Promise<boolean> {
  const found = await wire.scan(where, (message, own) => {
    const { files } = message;
    return own && Array.isArray(files) && files.some((file) => textAt(file, 'title') === title);
  });
  return found === true;
}
