/** One call of the Web API, from its raw arguments to its answer: token, method, limits, scopes, arguments, effect. */
import type { Json } from '../json.js';
import { settle } from '../messages.js';
import { readArgs } from './args.js';
import { chatMethods } from './chat.js';
import { type Context, type Method, requireScope } from './context.js';
import { METHODS } from './contract.js';
import { conversationMethods } from './conversations.js';
import { directoryMethods } from './directory.js';
import { SlackError } from './errors.js';
import { fileMethods } from './files.js';
import type { Limits } from './limits.js';
import { viewMethods } from './views.js';

const HANDLERS: Record<string, Method> = {
  ...chatMethods,
  ...conversationMethods,
  ...directoryMethods,
  ...fileMethods,
  ...viewMethods,
};

export interface RawCall {
  method: string;
  args: Json;
  /** The bearer token of the header; `args.token` otherwise. */
  bearer: string | undefined;
  /** Whether the arguments came as a JSON body. */
  isJson: boolean;
}
export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  body: Json;
  token: 'bot' | 'app' | 'none' | 'unknown';
}

/** Carries the call out. Never throws: what goes wrong is Slack's `ok:false`. */
export function callApi(context: Context, limits: Limits, call: RawCall): ApiAnswer {
  const token = tokenKind(context, call);
  const headers: Record<string, string> = {};
  try {
    settle(context.world);
    const spec = Object.hasOwn(METHODS, call.method) ? METHODS[call.method] : undefined;
    const handler = HANDLERS[call.method];
    if (!spec || !handler) throw new SlackError('unknown_method', { req_method: call.method });
    checkToken(context, call, token, spec.token);
    const wait = limits.strike(call.method, spec, call.args);
    if (wait !== undefined) {
      return { status: 429, headers: { 'retry-after': String(wait) }, body: { ok: false, error: 'ratelimited' }, token };
    }
    headers['x-oauth-scopes'] = token === 'app' ? 'connections:write' : context.world.seed.bot.scopes.join(',');
    headers['x-accepted-oauth-scopes'] = spec.scopes.join(',');
    requireScope(context.world, spec.scopes);
    // Methods that read no JSON body see an empty call, which is a classic surprise.
    const args = readArgs(call.method, spec, call.isJson && !spec.json ? {} : call.args);
    return { status: 200, headers, body: { ok: true, ...handler(context, args) }, token };
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return { status: 200, headers, body: { ok: false, error: error.code, ...error.extra }, token };
  }
}

function tokenKind({ world }: Context, call: RawCall): ApiAnswer['token'] {
  const given = call.bearer ?? (typeof call.args.token === 'string' ? call.args.token : undefined);
  if (given === undefined) return 'none';
  if (given === world.seed.bot.token) return 'bot';
  return given === world.seed.bot.appToken ? 'app' : 'unknown';
}

function checkToken({ world }: Context, call: RawCall, token: ApiAnswer['token'], wanted: 'bot' | 'app'): void {
  if (token === 'none') throw new SlackError('not_authed');
  if (token === 'unknown') throw new SlackError('invalid_auth');
  // auth.test tells about either kind.
  if (token !== wanted && call.method !== 'auth.test') throw new SlackError('not_allowed_token_type');
  // The app-level token is taken from the header only.
  if (wanted === 'app' && call.bearer === undefined) throw new SlackError('not_authed');
  if (world.data.revoked[token]) throw new SlackError('token_revoked');
}
