/** The command line's way to a store that one process holds: who may use the socket, and what may be asked. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StintError } from '../../contract/errors.js';
import type { Serial } from '../../contract/ids.js';
import type { ElevationRow, Store } from '../../contract/ports.js';
import { openStore } from '../../ledger/store.js';
import { askSocket, serveAdmin, socketPath } from '../../workers/admin-socket.js';
import { type Ask, answer, askStore, type Question, type Shown } from '../../workers/questions.js';
import { Elevation } from '../ledger/events.js';

const publicKey = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const elevation = new Elevation();
const { requestId } = elevation.request;
let home: string;
let store: Store;
let served: Awaited<ReturnType<typeof serveAdmin>>;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stint-admin-'));
  store = await openStore({ memory: true, clock: () => Date.now() });
  await store.ledger.append([elevation.requested()]);
  served = await serveAdmin(home, store);
});
afterAll(async () => {
  await served.close();
  await store.close();
  await rm(home, { recursive: true, force: true });
});

/** A call with any body, past the client of ours. */
function raw(body: string, path = '/ask', method = 'POST'): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request({ socketPath: socketPath(home), path, method, headers }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

describe('the socket', () => {
  it('is its owner’s alone', async () => {
    expect((await stat(socketPath(home))).mode & 0o777).toBe(0o600);
  });

  it('of a process that was killed is replaced', async () => {
    const other = await mkdtemp(join(tmpdir(), 'stint-admin-'));
    await writeFile(socketPath(other), 'left behind');
    const again = await serveAdmin(other, store);
    expect(await askSocket(other)<readonly ElevationRow[]>({ ask: 'list' })).toHaveLength(1);
    expect((await stat(socketPath(other))).mode & 0o777).toBe(0o600);
    await again.close();
    await rm(other, { recursive: true });
  });

  it('that nobody serves is answered with what to do', async () => {
    const nobody = join(home, 'nobody');
    const failure = await askSocket(nobody)({ ask: 'ping' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'store-unavailable' });
    expect((failure as StintError).sentence).toContain(nobody);
    expect((failure as StintError).sentence).toContain('stint all');
  });

  it.each<[string, (res: ServerResponse) => void]>([
    ['another program serves', (res) => void res.writeHead(500).end('<html>no JSON</html>')],
    [
      'a process serves that dies in the middle of its answer',
      (res) => void res.writeHead(200, { 'content-length': '100' }).write('{"answer":', () => res.destroy()),
    ],
  ])('that %s is an error of ours all the same', async (_, act) => {
    const other = await mkdtemp(join(tmpdir(), 'stint-admin-'));
    const stranger = createServer((__, res) => act(res));
    await new Promise<void>((resolve) => stranger.listen(socketPath(other), resolve));
    await expect(askSocket(other)({ ask: 'ping' })).rejects.toMatchObject({ code: 'store-unavailable' });
    await new Promise((resolve) => stranger.close(resolve));
    await rm(other, { recursive: true, force: true });
  });

  it('of a process that hangs is given up, with what to do', async () => {
    const other = await mkdtemp(join(tmpdir(), 'stint-admin-'));
    const stranger = createServer(() => undefined);
    await new Promise<void>((resolve) => stranger.listen(socketPath(other), resolve));
    await expect(askSocket(other, 100)({ ask: 'ping' })).rejects.toMatchObject({
      code: 'store-unavailable',
      sentence: expect.stringMatching(/has not answered .* Stop that process/),
    });
    stranger.closeAllConnections();
    await new Promise((resolve) => stranger.close(resolve));
    await rm(other, { recursive: true, force: true });
  });

  it('takes no body that is huge, no JSON that is none, and no other path', async () => {
    expect((await raw(JSON.stringify({ ask: 'list', personId: 'x'.repeat(4 * 1024 * 1024) }))).status).toBe(413);
    expect((await raw('{')).status).toBe(400);
    expect((await raw('', '/', 'GET')).status).toBe(404);
  });
});

/** The same questions, over the socket and to a store that is held. */
describe.each<[string, () => Ask]>([
  ['over the socket', () => askSocket(home)],
  ['of one’s own store', () => askStore(store)],
])('a question %s', (_, ask) => {
  it('for what can be taken back of nobody is refused: without a name it would be everything', async () => {
    for (const nobody of [{ personId: '' }, { targetKey: '' }])
      await expect(ask()({ ask: 'revocable', ...nobody })).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('lists what there is', async () => {
    const rows = await ask()<readonly ElevationRow[]>({ ask: 'list', live: true, limit: 5 });
    expect(rows.map((row) => row.view.request.requestId)).toEqual([requestId]);
    expect(await ask()<readonly ElevationRow[]>({ ask: 'list', personId: 'grace' })).toEqual([]);
    expect(await ask()<number>({ ask: 'count', live: true })).toBe(1);
    expect(await ask()<number>({ ask: 'count', personId: 'grace' })).toBe(0);
  });

  it('shows one elevation by its id or the beginning of it', async () => {
    for (const id of [requestId, requestId.slice(0, 8)]) {
      const shown = await ask()<Shown>({ ask: 'show', id });
      expect(shown.row.view.request.requestId).toBe(requestId);
      expect(shown.timeline.map((event) => event.type)).toEqual(['requested']);
    }
  });

  it('for an elevation that is not there says so', async () => {
    await expect(ask()({ ask: 'show', id: 'zzzzzz' })).rejects.toMatchObject({ code: 'unknown-request' });
  });

  it('registers a Mac, twice with the same answer', async () => {
    const question: Question = { ask: 'register-device', serial: 'C02ADMIN001', publicKey, operator: 'root' };
    const first = await ask()<{ keyId: string }>(question);
    expect(await ask()<{ keyId: string }>(question)).toEqual(first);
    expect(await store.devices.key(first.keyId)).toMatchObject({ serial: 'C02ADMIN001' as Serial, publicKey });
  });

  it('for entries gives them from where it was asked', async () => {
    expect(await ask()({ ask: 'entries', from: 0, limit: 10 })).toMatchObject([{ seq: 0 }, { seq: 1 }]);
    expect(await ask()({ ask: 'entries', from: 2, limit: 10 })).toEqual([]);
  });

  it('whether it is there is answered with nothing', async () => {
    expect((await ask()({ ask: 'ping' })) ?? null).toBeNull();
  });
});

/** After the questions above, which count the entries. */
it('an elevation is shown with what people wrote with what they did', async () => {
  const elevation = new Elevation();
  const commentDigest = await store.requests.putText('The laptop is lost');
  await store.ledger.append([elevation.requested(), elevation.event('revoked', { cause: 'operator', commentDigest })]);
  for (const ask of [askSocket(home), askStore(store)]) {
    const shown = await ask<Shown>({ ask: 'show', id: elevation.request.requestId });
    expect(shown.words).toEqual({ [commentDigest]: 'The laptop is lost' });
  }
});

describe('a bad question', () => {
  it.each<[string, unknown, RegExp]>([
    ['of no kind', { ask: 'drop' }, /ask/],
    ['that is none', null, /./],
    ['with a limit that is too high', { ask: 'list', limit: 501 }, /limit/],
    ['with a limit that is no number', { ask: 'list', limit: Number.NaN }, /limit/],
    ['with an id that is too short', { ask: 'show', id: 'abc' }, /id/],
    [
      'with a serial number in lower case',
      { ask: 'register-device', serial: 'c02admin001', publicKey, operator: 'root' },
      /serial/,
    ],
    [
      'for the keys of a serial number with a star',
      { ask: 'withdraw-device-keys', serial: 'C02*', operator: 'root' },
      /serial.*exactly as the MDM/,
    ],
    ['to withdraw without a Mac', { ask: 'withdraw-device-keys', operator: 'root' }, /serial/],
    [
      'to withdraw a key without a name',
      { ask: 'withdraw-device-keys', serial: 'C02ADMIN001', keyId: '', operator: 'root' },
      /keyId/,
    ],
    ['to withdraw by nobody', { ask: 'withdraw-device-keys', serial: 'C02ADMIN001', operator: ' ' }, /operator/],
    ['with a key that is none', { ask: 'register-device', serial: 'C02ADMIN001', publicKey: 'x', operator: 'root' }, /publicKey/],
    ['to register by nobody', { ask: 'register-device', serial: 'C02ADMIN001', publicKey }, /operator/],
    ['of the house for more than a screen', { ask: 'house', limit: 501 }, /limit/],
    ['with a field that is not known', { ask: 'ping', sql: 'drop table entries' }, /sql/],
    ['with a negative beginning', { ask: 'entries', from: -1, limit: 1 }, /from/],
  ])('%s is refused by the name of its field', async (_, question, field) => {
    const failure = await answer(store, question).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'bad-input', sentence: expect.stringMatching(field) });
    const sent = await raw(JSON.stringify(question));
    expect(sent.status).toBe(400);
  });
});
