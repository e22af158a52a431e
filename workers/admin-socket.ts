/**
 * The admin socket: how the command line reaches a store that only one process may open (PGlite). It listens on a Unix
 * socket in the data folder that only its owner may use; with PostgreSQL the command line opens the store itself.
 */
import { chmod, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { ERRORS, isStintError, StintError } from '../contract/errors.js';
import type { Store } from '../contract/ports.js';
import { type Ask, answer, type Question, type Tools } from './questions.js';

/** Where the socket of a data folder is. */
export function socketPath(home: string): string {
  return join(home, 'admin.sock');
}

/** A policy file at its largest, as JSON text. */
const BODY_MAX = 4 * 1024 * 1024;

/** Serves questions about this store until it is closed. */
export async function serveAdmin(home: string, store: Store, tools?: Tools): Promise<FastifyInstance> {
  const path = socketPath(home);
  const app = Fastify({ bodyLimit: BODY_MAX, logger: false });
  app.post('/ask', async (req, reply) => {
    try {
      return { answer: (await answer(store, req.body as Question, tools)) ?? null };
    } catch (error) {
      if (!isStintError(error)) throw error;
      return reply.code(error.status).send({ code: error.code, sentence: error.sentence });
    }
  });
  await rm(path, { force: true }); // the store's own lock has already proved that no other process serves this folder
  await listen(app, path);
  return app;
}

/** The socket is never open to others, not even between its making and a chmod. */
async function listen(app: FastifyInstance, path: string): Promise<void> {
  await app.ready(); // so that the umask, which is the whole process's, is another for moments only
  const umask = process.umask(0o077);
  try {
    await app.listen({ path });
  } finally {
    process.umask(umask);
  }
  await chmod(path, 0o600);
}

/** How long a question may take, in milliseconds: a process that hangs must not keep whoever takes access away waiting. */
const ANSWER_MS = 30_000;
/** Those that ask targets go through all of them, or wait for one to show the end. */
const TARGETS_MS = 30 * 60_000;

/**
 * Asks the process that serves a data folder. Throws `store-unavailable` with what to do when there is none, or when it does not
 * answer within `answerMs`.
 */
export function askSocket(home: string, answerMs = ANSWER_MS): Ask {
  return async <T>(question: Question): Promise<T> => {
    const body = JSON.stringify(question);
    const asksTargets = question.ask === 'reconcile' || question.ask === 'prove-ended';
    const { status, text } = await post(socketPath(home), body, asksTargets ? TARGETS_MS : answerMs);
    const reply = parsed(home, text);
    if (status === 200) return (reply as { answer: T }).answer;
    const { code, sentence } = reply as { code?: keyof typeof ERRORS; sentence?: string };
    throw new StintError(code && code in ERRORS ? code : 'store-unavailable', sentence);
  };
}

function post(path: string, body: string, waitMs: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(waitMs);
    const call = request(
      { socketPath: path, signal, path: '/ask', method: 'POST', headers: { 'content-type': 'application/json' } },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
        // The process may end in the middle of its answer; then there is no end.
        res.on('error', failed);
      },
    );
    const failed = (cause: Error) => reject(signal.aborted ? silent(path, waitMs, cause) : nobody(path, cause));
    call.on('error', failed);
    call.end(body);
  });
}

function silent(path: string, waitMs: number, cause: unknown): StintError {
  const sentence = `Stint runs in ${folderOf(path)} and has not answered for ${Math.round(waitMs / 1000)} s. Stop that process and start it again; nobody knows whether it has done this.`;
  return new StintError('store-unavailable', sentence, { cause });
}

const folderOf = (path: string): string => path.replace(/\/admin\.sock$/, '');

function nobody(path: string, cause: unknown): StintError {
  const sentence = `No Stint runs in ${folderOf(path)}. Start one with "stint all", or name the database with DATABASE_URL.`;
  return new StintError('store-unavailable', sentence, { cause });
}

/** What answers may be another program, or another version. */
function parsed(home: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw nobody(socketPath(home), cause);
  }
}
