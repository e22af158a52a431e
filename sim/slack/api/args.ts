/** Arguments of a call: forms carry everything as text, JSON bodies carry it typed; both end as the same typed object. */
import { defined, type Json, parseJson } from '../json.js';
import { METHODS, type MethodSpec, TOLERATED } from './contract.js';
import { invalidArguments, SlackError } from './errors.js';

/** Errors by which Slack answers text that should be JSON, by argument. */
const BROKEN: Record<string, string> = {
  blocks: 'invalid_blocks_format',
  metadata: 'invalid_metadata_format',
  attachments: 'invalid_attachments',
};

/** The arguments with their types. Throws what Slack answers when one is missing or of another type. */
export function readArgs(method: string, spec: MethodSpec, raw: Json): Json {
  const args: Json = {};
  const missing: string[] = [];
  for (const [name, { type, required }] of Object.entries(spec.args)) {
    const value = raw[name] === null || raw[name] === '' ? undefined : raw[name];
    if (value === undefined) {
      if (required) missing.push(name);
      // An explicitly empty text or list says something (`blocks=[]`), an empty word doesn't.
      else if (raw[name] === '' && name === 'text') args[name] = '';
      continue;
    }
    args[name] = convert(name, type, value);
  }
  if (missing.length > 0) throw missingError(method, missing);
  return defined({ ...args, client_msg_id: raw.client_msg_id });
}

function missingError(method: string, missing: string[]): SlackError {
  if (method === 'files.getUploadURLExternal') return new SlackError('missing_argument');
  return invalidArguments(...missing.map((name) => `missing required field: ${name}`));
}

function convert(name: string, type: MethodSpec['args'][string]['type'], value: unknown): unknown {
  switch (type) {
    case 'boolean':
      if (['true', '1', true, 1].includes(value as string)) return true;
      if (['false', '0', false, 0].includes(value as string)) return false;
      throw invalidArguments(`must be a boolean [json-pointer:/${name}]`);
    case 'number': {
      const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
      if (!Number.isInteger(number)) throw invalidArguments(`must be an integer [json-pointer:/${name}]`);
      return number;
    }
    case 'string':
      if (typeof value === 'object') throw invalidArguments(`must be a string [json-pointer:/${name}]`);
      return String(value);
    case 'json': {
      if (typeof value !== 'string') return value;
      const parsed = parseJson(value);
      if (parsed === undefined)
        throw BROKEN[name] ? new SlackError(BROKEN[name]) : invalidArguments(`must be valid json [json-pointer:/${name}]`);
      return parsed;
    }
  }
}

/** Names that the method's reference doesn't have. Slack ignores them. */
export function unknownArgs(method: string, raw: Json): string[] {
  const known = METHODS[method]?.args ?? {};
  return Object.keys(raw).filter((name) => !TOLERATED.has(name) && !Object.hasOwn(known, name));
}
