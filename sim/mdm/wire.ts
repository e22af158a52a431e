/** An answer of the MDM on its way out. */
import type { ServerResponse } from 'node:http';
import type { Answer } from './answers.js';

export function send(response: ServerResponse, answer: Answer, headers: Readonly<Record<string, string>> = {}): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, { 'content-type': 'application/json', ...headers, ...answer.headers });
  response.end(text);
}
