/** An `ok:false` answer of the Web API. */
import type { Json } from '../json.js';

export class SlackError extends Error {
  override readonly name = 'SlackError';
  /** `code` goes to `error`; `extra` is laid beside it, such as `needed`, `response_metadata`. */
  constructor(
    readonly code: string,
    readonly extra: Json = {},
  ) {
    super(code);
  }
}

/** `invalid_arguments` with Slack's list of sentences. */
export function invalidArguments(...messages: string[]): SlackError {
  return new SlackError('invalid_arguments', {
    response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
  });
}
