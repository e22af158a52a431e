/** Errors as `application/problem+json` (RFC 9457): stable code, plain sentence, never details of an unknown error. */
import { ERRORS, type ErrorCode, isStintError, StintError } from '../../contract/errors.js';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** A problem of one of our codes. */
export function problemOf(code: ErrorCode, detail: string = ERRORS[code].sentence): Problem {
  return { type: `urn:stint:error:${code}`, title: code, status: ERRORS[code].status, code, detail };
}

const HIDDEN: Problem = {
  type: 'urn:stint:error:internal',
  title: 'internal',
  status: 500,
  code: 'internal',
  detail: 'Something went wrong here. It was logged.',
};

/** What an error may tell a caller; `known` is false for what must be logged as a bug. */
export function problemFrom(error: unknown): { readonly problem: Problem; readonly known: boolean } {
  if (isStintError(error)) return { problem: problemOf(error.code, error.sentence), known: true };
  const framework = ofFramework(error);
  return framework ? { problem: framework, known: true } : { problem: HIDDEN, known: false };
}

/** Fastify's own refusals of a call: a body too large, a wrong content type, a shape that does not fit. */
function ofFramework(error: unknown): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  const { statusCode, validation } = error as { statusCode?: unknown; validation?: unknown };
  if (Array.isArray(validation))
    return problemOf('bad-input', `Something in this call is not valid: ${error.message.slice(0, 200)}`);
  if (statusCode === 413) return problemOf('too-large');
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return { ...problemOf('bad-input'), status: statusCode };
  }
  return undefined;
}

/** The refusal that a workflow sent as a code and a sentence, as an error of ours. An unknown code is a conflict. */
export function refusal(code: string, sentence: string): StintError {
  return new StintError(isCode(code) ? code : 'state-conflict', sentence);
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
