/** Request bodies: read with a limit, and taken apart the four ways in which Slack accepts them. */
import type { IncomingMessage } from 'node:http';
import { isObject, type Json, parseJson } from '../json.js';

export const MAX_BODY = 64 * 1024 * 1024;

/** The whole body, or undefined when it is larger than `max` or breaks off. */
export async function readBody(request: IncomingMessage, max: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request) {
      const bytes = Buffer.from(part as Uint8Array);
      size += bytes.length;
      if (size > max) return undefined;
      parts.push(bytes);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(parts);
}

/** The media type without its parameters. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The arguments of a Web API call, or the error that Slack answers to another kind of body. */
export async function readCallArgs(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
): Promise<{ args: Json; isJson: boolean } | string> {
  const query = Object.fromEntries(url.searchParams);
  const type = mediaType(request);
  if (body.length === 0 || request.method === 'GET') return { args: query, isJson: false };
  if (type === 'application/x-www-form-urlencoded') {
    return { args: { ...query, ...Object.fromEntries(new URLSearchParams(body.toString())) }, isJson: false };
  }
  if (type === 'application/json') {
    const parsed = parseJson(body.toString());
    return isObject(parsed) ? { args: { ...query, ...parsed }, isJson: true } : 'invalid_json';
  }
  if (type === 'multipart/form-data') {
    const fields = await multipart(request, body);
    if (!fields) return 'invalid_form_data';
    return { args: { ...query, ...Object.fromEntries(fields.filter(([, value]) => typeof value === 'string')) }, isJson: false };
  }
  return type === '' ? 'missing_post_type' : 'invalid_post_type';
}

/** The bytes of an upload: the first file of a form whatever its field is called (the SDK's way), or the body as it is. */
export async function readUpload(request: IncomingMessage, body: Buffer): Promise<Buffer | undefined> {
  if (mediaType(request) !== 'multipart/form-data') return body;
  const fields = await multipart(request, body);
  const file = fields?.map(([, value]) => value).find((value) => typeof value !== 'string');
  return file === undefined || typeof file === 'string' ? undefined : Buffer.from(await file.arrayBuffer());
}

async function multipart(request: IncomingMessage, body: Buffer) {
  try {
    const headers = { 'content-type': request.headers['content-type'] ?? '' };
    return [...(await new Response(new Uint8Array(body), { headers }).formData()).entries()];
  } catch {
    return undefined;
  }
}
