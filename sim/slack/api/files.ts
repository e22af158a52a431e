/** files.*: the three steps of an upload. Shares appear only after a scan, which the answer doesn't wait for. */
import { type Json, objects, text } from '../json.js';
import { fileJson, threadRoot } from '../messages.js';
import type { FileRecord } from '../types.js';
import type { World } from '../world.js';
import { readBlocks } from './content.js';
import { type Method, memberChannel } from './context.js';
import { SlackError } from './errors.js';

const MAX_SNIPPET = 1024 * 1024;

const getUploadUrl: Method = ({ world }, args) => {
  const length = Number(args.length);
  // Slack's own answer to an empty file.
  if (length < 1) throw new SlackError('missing_argument');
  const snippetType = text(args.snippet_type);
  if (snippetType && length > MAX_SNIPPET) throw new SlackError('snippet_too_large');
  const id = world.id('F');
  const name = text(args.filename) ?? id;
  const uploadToken = `${world.id('')}${world.id('')}`;
  world.data.files[id] = {
    id,
    name,
    title: name,
    length,
    uploadToken,
    created: world.now(),
    completed: false,
    ...(snippetType ? { snippetType } : {}),
  };
  return { upload_url: `${world.url}/upload/v1/${uploadToken}`, file_id: id };
};

/** Takes the bytes. False when nobody waits for them, or when they are not as many as were announced. */
export function takeUpload(world: World, uploadToken: string, bytes: Buffer): boolean {
  const file = Object.values(world.data.files).find((one) => one.uploadToken === uploadToken && !one.completed);
  if (!file || bytes.length !== file.length) return false;
  file.content = bytes.toString('base64');
  return true;
}

const complete: Method = ({ world, later }, args) => {
  const wanted = objects(args.files);
  if (wanted.length === 0) throw new SlackError('file_not_found');
  const found = wanted.map((one) => uploaded(world, one.id));
  const share = readShare(world, args);
  wanted.forEach((one, index) => {
    const file = found[index];
    if (!file) return;
    file.title = text(one.title) || file.title;
    file.completed = true;
    if (share) file.share = { ...share };
  });
  later(world.data.settings.shareDelayMs);
  world.changed({ kind: 'file' });
  return { files: found.map((file) => fileJson(world, file)) };
};

function uploaded(world: World, id: unknown): FileRecord {
  const file = world.data.files[text(id) ?? ''];
  if (!file || file.content === undefined || file.completed) throw new SlackError('file_not_found');
  return file;
}

function readShare(world: World, args: Json): FileRecord['share'] {
  const target = text(args.channel_id) ?? text(args.channels);
  if (target === undefined) return undefined;
  const channel = memberChannel(world, target);
  if (channel.archived) throw new SlackError('posting_to_channel_denied');
  const threadTs = text(args.thread_ts);
  const root = threadTs === undefined ? undefined : threadRoot(world, channel.id, threadTs);
  if (threadTs !== undefined && root === undefined) throw new SlackError('thread_not_found');
  const comment = text(args.initial_comment);
  const blocks = comment === undefined && args.blocks !== undefined ? readBlocks(world, args.blocks, '/blocks') : [];
  const dueAt = world.now() + world.data.settings.shareDelayMs;
  return { channel: channel.id, blocks, dueAt, ...(root ? { threadTs: root } : {}), ...(comment ? { comment } : {}) };
}

const info: Method = ({ world }, args) => {
  const file = world.data.files[text(args.file) ?? ''];
  if (!file?.completed) throw new SlackError('file_not_found');
  return { file: fileJson(world, file), comments: [], response_metadata: { next_cursor: '' } };
};

export const fileMethods: Record<string, Method> = {
  'files.getUploadURLExternal': getUploadUrl,
  'files.completeUploadExternal': complete,
  'files.info': info,
};
