/** POST …/log: the sudo log in chunks, any order, any number of times. The workflow hears of it once all are here. */
import { StintError } from '../../contract/errors.js';
import { instant } from '../../contract/ids.js';
import { sha256 } from '../../seal/canonical.js';
import type { Caller } from './caller.js';
import type { App, DeviceApiDeps } from './deps.js';
import type { Desk, StoredRequest } from './desk.js';
import { CHUNK_MAX, ElevationParams, LOG_MAX, LogBody, LogReply, ProblemReply } from './schemas.js';
import { strictBase64 } from './signature-input.js';

type Chunk = (typeof LogBody)['_output'];

export function logRoute(app: App, deps: DeviceApiDeps, desk: Desk): void {
  const response = { 200: LogReply, '4xx': ProblemReply, '5xx': ProblemReply };
  const schema = { params: ElevationParams, body: LogBody, response };
  app.post('/device/v1/elevations/:id/log', { schema, config: { yields: true } }, async (call) => {
    const stored = await desk.own(call.caller, call.params.id);
    const { seq, total } = call.body;
    const data = bytesOf(call.body);
    await checkWhole(deps, stored, call.body, data.length);
    // only the last chunk's word on the total counts: one number, from one place
    const last = seq === total - 1 ? { total } : {};
    await deps.store.evidence.put({ requestId: stored.request.requestId, seq, data, ...last, receivedAt: instant(deps.clock()) });
    const missing = await deps.store.evidence.missing(stored.request.requestId);
    if (missing?.length === 0) await tellComplete(deps, stored, call.caller);
    return { received: seq, missing: missing?.length ?? 1 };
  });
}

function bytesOf({ seq, total, data, sha256: digest }: Chunk): Buffer {
  const bytes = strictBase64(data);
  if (!bytes) throw new StintError('bad-input', 'data must be base64.');
  if (bytes.length > CHUNK_MAX) throw new StintError('too-large', `A chunk may have at most ${CHUNK_MAX} bytes.`);
  if (sha256(bytes) !== digest) throw new StintError('bad-input', 'sha256 is not that of the chunk.');
  if (total !== 0 && seq >= total) throw new StintError('bad-input', 'seq must be below total.');
  return bytes;
}

/** Full chunks fit by their number; only a log of more, smaller chunks has to be added up. */
async function checkWhole(
  { store }: DeviceApiDeps,
  { request }: StoredRequest,
  { seq, total }: Chunk,
  size: number,
): Promise<void> {
  if (Math.max(seq + 1, total) * CHUNK_MAX <= LOG_MAX) return;
  const whole = await store.evidence.assemble(request.requestId);
  if (whole.length + size > LOG_MAX) throw new StintError('too-large', `A log may have at most ${LOG_MAX} bytes.`);
}

/** Said again with every repeat of a chunk: the reply or the signal of the first time may have been lost. */
async function tellComplete({ store, gate }: DeviceApiDeps, { request, digest }: StoredRequest, caller: Caller): Promise<void> {
  const whole = await store.evidence.assemble(request.requestId);
  const chunks = Math.ceil(whole.length / CHUNK_MAX);
  const body = { chunks, bytes: whole.length, digest: sha256(whole) };
  await gate.send('evidenceComplete', request.requestId, digest, body, { serial: caller.serial });
}
