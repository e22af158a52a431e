/** The content of a message as an app gives it: text, blocks, attachments, metadata, with Slack's refusals. */
import { checkBlocks, textLength } from '../blocks/blocks.js';
import { sentence } from '../blocks/check.js';
import { withIds } from '../blocks/complete.js';
import { isObject, type Json, objects, text } from '../json.js';
import type { World } from '../world.js';
import { SlackError } from './errors.js';

/** Slack refuses blocks with somewhat more text than this (bolt-js issue 2509; the exact number is not documented). */
const MAX_BLOCK_TEXT = 13_000;
const MAX_METADATA = 8_000;

export interface Content {
  text?: string;
  blocks?: Json[];
  attachments?: Json[];
  metadata?: Json;
}

/** What the call says; a field it doesn't give is undefined. Throws `invalid_blocks` and its like. */
export function readContent(world: World, args: Json): Content {
  if (args.markdown_text !== undefined && (args.text !== undefined || args.blocks !== undefined)) {
    throw new SlackError('markdown_text_conflict');
  }
  const content: Content = {};
  const words = text(args.text) ?? text(args.markdown_text);
  if (words !== undefined) content.text = words;
  if (args.blocks !== undefined) content.blocks = readBlocks(world, args.blocks, '/blocks');
  if (args.attachments !== undefined) content.attachments = readAttachments(world, args.attachments);
  if (args.metadata !== undefined) content.metadata = readMetadata(args.metadata);
  return content;
}

/** Valid blocks with all ids, or the error that Slack answers. */
export function readBlocks(world: World, blocks: unknown, pointer: string): Json[] {
  if (!Array.isArray(blocks)) throw new SlackError('invalid_blocks_format');
  const problems = checkBlocks(blocks, pointer, 50);
  if (problems.length > 0) {
    const messages = problems.map(sentence);
    throw new SlackError('invalid_blocks', {
      errors: messages.map((line) => line.replace('[ERROR] ', '')),
      response_metadata: { messages },
    });
  }
  if (textLength(blocks) > MAX_BLOCK_TEXT) throw new SlackError('msg_blocks_too_long');
  return withIds(objects(blocks), () => world.id('').slice(0, 5));
}

function readAttachments(world: World, attachments: unknown): Json[] {
  if (!Array.isArray(attachments)) throw new SlackError('invalid_attachments');
  if (attachments.length > 100) throw new SlackError('too_many_attachments');
  return objects(attachments).map((item, index) => ({
    ...item,
    id: index + 1,
    ...(item.blocks === undefined ? {} : { blocks: readBlocks(world, item.blocks, `/attachments/${index}/blocks`) }),
  }));
}

function readMetadata(metadata: unknown): Json {
  if (!isObject(metadata)) throw new SlackError('invalid_metadata_format');
  if (Object.keys(metadata).length === 0) return {};
  if (typeof metadata.event_type !== 'string' || !isObject(metadata.event_payload))
    throw new SlackError('invalid_metadata_schema');
  if (JSON.stringify(metadata).length > MAX_METADATA) throw new SlackError('metadata_too_large');
  return metadata;
}

/** Whether there is anything to show. */
export function isEmpty(content: Content): boolean {
  return !content.text && !content.blocks?.length && !content.attachments?.length;
}

/** What Slack writes where an app gave blocks without a text. */
export const NO_TEXT = "This content can't be displayed.";
