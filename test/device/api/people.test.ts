/** People at their command lines, over real HTTP: the key says who asks, and nothing else does. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPeopleClient, type PeopleClient } from '../../../cli/people/client.js';
import { StintError } from '../../../contract/errors.js';
import type { AnyEvent } from '../../../contract/events.js';
import { type Instant, instant, type PersonId } from '../../../contract/ids.js';
import type { Person, PersonKey } from '../../../contract/ports.js';
import type { Offer } from '../../../contract/preview.js';
import type { AwsPermissionSetTarget, ElevationRequest, Target } from '../../../contract/request.js';
import { type ElevationView, fold } from '../../../contract/view.js';
import type { PeopleDeps } from '../../../device/api/deps.js';
import { requestDigest, sha256 } from '../../../seal/canonical.js';
import { personKeyId } from '../../../seal/person-key.js';
import { ada, elsewhereToo, everyone, grace, macOf, TEAM } from '../../fixtures/people.js';
import { type Bench, createBench, viewOf } from './bench.js';

const MINUTE = 60_000;
const SET = 'ps-0123456789abcdef';
const KEY = `aws/111122223333/${SET}`;

const offer = (more: Partial<Offer> = {}): Offer => ({
  key: KEY,
  kind: 'aws-permission-set',
  display: 'PowerUser in sandbox',
  setName: 'PowerUser',
  confirmBy: 'sandbox',
  detail: 'Labs · 111122223333',
  windowsMs: [15 * MINUTE, 45 * MINUTE],
  approverNames: ['Grace Hopper'],
  rule: 'aws-labs',
  notes: [],
  ...more,
});
const targetFor = ({ personId }: Person): AwsPermissionSetTarget =>
  ({
    kind: 'aws-permission-set',
    key: `${KEY}/user-${personId}`,
    instanceArn: 'arn:aws:sso:::instance/ssoins-0123456789abcdef',
    accountId: '111122223333',
    accountName: 'sandbox',
    setName: 'PowerUser',
    permissionSetArn: `arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/${SET}`,
    principalId: `user-${personId}`,
    display: 'PowerUser in sandbox',
    sessionMs: 60 * MINUTE,
  }) as AwsPermissionSetTarget;

function pair(personId: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const key: PersonKey = {
    personId: personId as PersonId,
    keyId: personKeyId(x),
    publicKey: x,
    enrolledAt: '2026-11-21T14:00:00.000Z' as Instant,
  };
  return { privateKey, key };
}

const keys = new Map<string, PersonKey>();
let offered: Offer;
let refused: StintError | undefined;
let people: readonly Person[];
let bench: Bench;
let [pinned, searched] = [0, 0];
let searchedFor: string | undefined;
let hows: unknown[] = [];
let kinds: unknown[] = [];
let pinning: (subject: Person) => Target;
const adas = pair('ada');
const graces = pair('grace');

beforeEach(async () => {
  offered = offer();
  refused = undefined;
  [pinned, searched, hows, kinds] = [0, 0, [], []];
  pinning = targetFor;
  people = everyone;
  keys.clear();
  for (const { key } of [adas, graces]) keys.set(key.keyId, key);
  const gate: PeopleDeps['gate'] = {
    start: (request, actor) => bench.gate.start(request, actor),
    send: (...message) => bench.gate.send(...message),
  };
  bench = await createBench({
    people: {
      keys: { key: async (keyId) => keys.get(keyId) },
      directory: { person: async (id) => people.find((p) => p.personId === id) },
      preview: {
        offersFor: async (_person, _subject, kind) =>
          kind === 'mac-admin'
            ? { offers: [], searchable: false }
            : { offers: [], searchable: true, note: 'It is still being read.' },
        search: async (_person, text, _limit, subject, how, kind) => {
          hows.push(how);
          kinds.push(kind);
          searched += 1;
          searchedFor = subject?.personId;
          return text === 'nothing' ? [] : [offered];
        },
        pin: async (person, _key, subject = person, how) => {
          hows.push(how);
          pinned += 1;
          if (refused) throw refused;
          return { offer: offered, target: pinning(subject) };
        },
        judgeClick: async (_view, person) =>
          person.personId === 'grace' ? { ok: true } : { ok: false, sentence: 'The policy lets Grace.' },
      },
      gate,
    },
  });
});
afterEach(() => bench.close());

function clientOf({ key, privateKey }: ReturnType<typeof pair>, more: object = {}): PeopleClient {
  return createPeopleClient({
    server: new URL(bench.url),
    key: { keyId: key.keyId, privateKey },
    serverKey: bench.replyKey.publicKey,
    clock: bench.clock,
    ...more,
  });
}

let count = 0;
const body = (more: object = {}) => {
  count += 1;
  return {
    askId: count.toString(16).padStart(32, '0'),
    key: KEY,
    windowMs: 45 * MINUTE,
    category: 'debug',
    reason: 'INC-417: the queue is stuck',
    ...more,
  };
};
const ask = (client: PeopleClient, more: object = {}) =>
  client.call('POST', '/people/v1/requests', body(more)) as Promise<{ requestId: never }>;
const refusal = async (job: Promise<unknown>): Promise<string> => {
  try {
    await job;
    return 'done';
  } catch (error) {
    return error instanceof StintError ? error.message : `no sentence: ${String(error)}`;
  }
};
const started = () => bench.gate.said.filter(({ kind }) => kind === 'start');

describe('asking', () => {
  it('starts a request of the person whose key it is, as asked at a command line', async () => {
    const { requestId } = await ask(clientOf(adas));
    expect(started()).toHaveLength(1);
    expect(started()[0]).toMatchObject({
      requestId,
      actor: { personId: 'ada' },
      body: {
        via: 'cli',
        requester: { personId: 'ada', slackUserId: 'U0ADA' },
        subject: { personId: 'ada' },
        target: { key: `${KEY}/user-ada` },
        windowMs: 45 * MINUTE,
      },
    });
  });

  it('names people by their accounts in the workspace that the app is in, and by none of another', async () => {
    people = elsewhereToo(everyone, [grace]);
    await ask(clientOf(adas), { subject: 'grace' });
    const { requester, subject } = (started()[0]?.body ?? {}) as Partial<ElevationRequest>;
    expect(requester).toEqual({ personId: 'ada', name: 'Ada Lovelace', slackTeamId: TEAM, slackUserId: 'U0ADA' });
    expect(subject).toEqual({ personId: 'grace', name: 'Grace Hopper' });
  });

  it('is the same request when it is sent again, and another person’s of the same ask id is another', async () => {
    const askId = 'a'.repeat(32);
    const first = await ask(clientOf(adas), { askId });
    const both = await Promise.all([ask(clientOf(adas), { askId }), ask(clientOf(adas), { askId })]);
    expect(new Set([first, ...both].map(({ requestId }) => requestId)).size).toBe(1);
    expect((await ask(clientOf(graces), { askId })).requestId).not.toBe(first.requestId);
    expect(await refusal(ask(clientOf(adas), { askId, windowMs: 15 * MINUTE }))).toMatch(/state-conflict.*other content/);
  });

  it('is one request when two processes hear it at the same moment', async () => {
    const put = bench.requests.put.bind(bench.requests);
    bench.requests.put = async (request, _digest) => {
      bench.requests.put = put;
      const faster = { ...request, askedAt: '2026-11-21T14:00:00.000Z' as Instant };
      await put(faster, requestDigest(faster));
      throw new StintError('ledger-conflict');
    };
    const { requestId } = await ask(clientOf(adas));
    expect(started().map(({ body }) => (body as ElevationRequest).askedAt)).toEqual(['2026-11-21T14:00:00.000Z']);
    expect(started()[0]?.requestId).toBe(requestId);
  });

  it('may name its start, which is part of the request: the same ask for another time is another', async () => {
    const [askId, startAt] = ['b'.repeat(32), '2026-11-23T21:00:00.000Z'];
    const client = clientOf(adas);
    const { requestId } = await ask(client, { askId, startAt });
    expect(started()[0]?.body).toMatchObject({ startAt });
    expect((await ask(client, { askId, startAt })).requestId).toBe(requestId);
    expect(await refusal(ask(client, { askId }))).toMatch(/state-conflict.*other content/);
    expect(await refusal(ask(client, { startAt: '2026-11-23 21:00' }))).toMatch(/bad-input/);
    expect(new Set(started().map((one) => one.requestId)).size).toBe(1);
  });

  it('names nobody: a call that does is refused', async () => {
    for (const more of [{ requester: 'grace' }, { personId: 'grace' }, { subject: { personId: 'grace' } }])
      expect(await refusal(ask(clientOf(adas), more))).toMatch(/bad-input/);
    expect(started()).toHaveLength(0);
  });

  it('is for somebody else where it says so: who asks is still whose key it is', async () => {
    const client = clientOf(adas);
    await client.call('GET', '/people/v1/targets?q=power&subject=grace');
    expect(searchedFor).toBe('grace');
    const askId = 'b'.repeat(32);
    const { requestId } = await ask(client, { askId, subject: 'grace' });
    expect(started()[0]).toMatchObject({
      actor: { personId: 'ada' },
      body: { requester: { personId: 'ada' }, subject: { personId: 'grace' }, target: { key: `${KEY}/user-grace` } },
    });
    expect((await ask(client, { askId, subject: 'grace' })).requestId).toBe(requestId);
    expect(await refusal(ask(client, { askId }))).toMatch(/state-conflict.*other content/);
    expect(await refusal(ask(client, { subject: 'nobody' }))).toMatch(/bad-input: Whoever it is for is not in the people file/);
    people = everyone.map((one) => (one.personId === 'grace' ? { ...one, active: false } : one));
    expect(await refusal(ask(client, { subject: 'grace' }))).toMatch(/bad-input: Whoever it is for is not in the people file/);
    people = everyone;
    expect(await refusal(ask(client, { subject: '__proto__' }))).toMatch(/bad-input/);
    refused = new StintError('not-eligible', 'The policy does not let you ask for this for Grace Hopper.');
    expect(await refusal(ask(client, { subject: 'grace' }))).toMatch(
      /not-eligible: The policy does not let you ask for this for Grace/,
    );
    expect(new Set(started().map((one) => one.requestId))).toEqual(new Set([requestId]));
  });

  it('is refused with a sentence that names the fix', async () => {
    const client = clientOf(adas);
    expect(await refusal(ask(client, { windowMs: 30 * MINUTE }))).toMatch(/may be had for 15m, 45m, and not for 30m/);
    expect(await refusal(ask(client, { reason: 'short' }))).toMatch(/reason needs 10 to 500/);
    offered = offer({ reason: { rule: { ticket: 'CHG-[0-9]+' }, says: '' } });
    expect(await refusal(ask(client))).toMatch(/bad-input: The reason must name a ticket \(CHG-\[0-9\]\+\)/);
    offered = offer({ tier: 0 });
    expect(await refusal(ask(client))).toMatch(/tier 0.*repeat the name sandbox/);
    expect(await refusal(ask(client, { confirm: 'sandbox-2' }))).toMatch(/repeat the name sandbox/);
    expect(await refusal(ask(client, { confirm: ' SandBox ' }))).toBe('done');
    refused = new StintError('have-already', 'You have PowerUser in sandbox already, and not from Stint.');
    expect(await refusal(ask(client))).toMatch(/have-already: You have PowerUser/);
    refused = undefined;
    bench.stops.frozen = { since: '2026-11-21T14:05:00.000Z' as Instant, operator: 'root', reason: 'INC-9' };
    expect(await refusal(ask(client))).toMatch(/frozen: Stint is frozen since.*INC-9/);
    expect(started()).toHaveLength(1);
  });

  it('is refused while an elevation of the same target is under way, and says whose', async () => {
    const client = clientOf(adas);
    const { requestId } = await ask(client);
    const stored = await bench.requests.get(requestId);
    if (!stored) throw new Error('not stored');
    const other = { ...stored.request, subject: { ...stored.request.subject, personId: grace.personId, name: grace.name } };
    bench.ledger.views.set(
      requestId,
      viewOf(stored.request, { state: 'active', deadlineAt: '2026-11-21T15:00:00.000Z' as Instant }),
    );
    expect(await refusal(ask(client))).toMatch(
      /target-busy: You have asked for this already: elevation .* is active until 15:00 UTC/,
    );
    bench.ledger.views.set(requestId, viewOf(other, { state: 'requested' }));
    expect(await refusal(ask(client))).toMatch(/target-busy: Grace Hopper has asked for this/);
    // What is for later holds nothing before its time.
    const soon = { ...stored.request, startAt: instant(bench.clock() + 60 * MINUTE) };
    bench.ledger.views.set(requestId, viewOf(soon, { state: 'approved' }));
    expect(await refusal(ask(client))).toBe('done');
    bench.ledger.views.set(requestId, viewOf({ ...soon, startAt: instant(bench.clock()) }, { state: 'approved' }));
    expect(await refusal(ask(client))).toMatch(/target-busy/);
    bench.ledger.views.set(requestId, viewOf(stored.request, { state: 'closed', outcome: 'denied' }));
    expect(await refusal(ask(client))).toBe('done');
  });

  it('too often, though each is refused, costs no further look at the target, and others go on', async () => {
    const client = clientOf(adas);
    refused = new StintError('unknown-target', 'AWS has no such account.');
    const said: string[] = [];
    for (let n = 0; n < 25; n += 1) said.push(await refusal(ask(client)));
    expect(pinned).toBe(20);
    expect(said.slice(0, 20).every((one) => one.startsWith('unknown-target'))).toBe(true);
    expect(said.slice(20).every((one) => /too-many: You asked too often within ten minutes/.test(one))).toBe(true);
    expect(await refusal(ask(clientOf(graces)))).toMatch(/unknown-target/);
    refused = undefined;
    bench.advance(11 * MINUTE);
    expect(await refusal(ask(client))).toBe('done');
  });

  it('more than five times in ten minutes is refused', async () => {
    const client = clientOf(adas);
    for (let n = 0; n < 5; n += 1) await ask(client);
    expect(await refusal(ask(client))).toMatch(/You asked too often/);
    expect(await refusal(ask(clientOf(graces)))).toBe('done');
  });
});

describe('looking', () => {
  it('more than sixty times in a minute is refused, and nothing is searched for it', async () => {
    const look = (client: PeopleClient) => client.call('GET', '/people/v1/targets?q=sandbox');
    for (let n = 0; n < 60; n += 1) await look(clientOf(adas));
    expect(await refusal(look(clientOf(adas)))).toMatch(/too-many: You searched too often/);
    expect(searched).toBe(60);
    await look(clientOf(graces));
    bench.advance(MINUTE + 1);
    await look(clientOf(adas));
  });

  it('shows what may be asked for', async () => {
    expect(await clientOf(adas).call('GET', '/people/v1/targets?q=sandbox%20power')).toMatchObject({
      targets: [
        {
          key: KEY,
          display: 'PowerUser in sandbox',
          setName: 'PowerUser',
          confirmBy: 'sandbox',
          windowsMs: [15 * MINUTE, 45 * MINUTE],
        },
      ],
    });
  });

  it('says why something may be missing where nothing is found', async () => {
    const answer = await clientOf(adas).call('GET', '/people/v1/targets?q=nothing');
    expect(answer).toEqual({ targets: [], note: 'It is still being read.' });
  });

  it('shows how one’s own request stands, and another person’s as none', async () => {
    const { requestId } = await ask(clientOf(adas));
    const path = `/people/v1/requests/${requestId}`;
    expect(await clientOf(adas).call('GET', path)).toMatchObject({ state: 'handed-over', approvedBy: [] });
    const stored = await bench.requests.get(requestId);
    if (!stored) throw new Error('not stored');
    const view = viewOf(stored.request, { state: 'active', confirmedAt: '2026-11-21T14:10:00.000Z' as Instant });
    bench.ledger.views.set(requestId, { ...view, verdict: { ...view.verdict, approvedBy: [grace.personId] } });
    expect(await clientOf(adas).call('GET', path)).toMatchObject({ state: 'active', approvedBy: ['Grace Hopper'] });
    const stages = [
      { name: 'owners', quorum: 1, approved: 1 },
      { name: 'security', quorum: 2, approved: 0 },
    ];
    const verdict = { ...view.verdict, quorum: 3, approvedBy: [grace.personId], approvers: [grace.personId], stages };
    const { confirmedAt: _, ...asked } = view;
    bench.ledger.views.set(requestId, { ...asked, state: 'requested', verdict });
    expect(await clientOf(adas).call('GET', path)).toMatchObject({
      state: 'requested',
      needed: 3,
      stages: [
        { name: 'owners', approved: 1, needed: 1 },
        { name: 'security', approved: 0, needed: 2 },
      ],
      waitsFor: ['Grace Hopper'],
    });
    const missed = { state: 'closed', outcome: 'not-started', armedAt: '2026-11-21T14:10:00.000Z' as Instant } as const;
    bench.ledger.views.set(requestId, viewOf(stored.request, missed));
    const why = [expect.stringMatching(/^AWS did not show the access in time\. .*Ask again in some minutes/)];
    expect(await clientOf(adas).call('GET', path)).toMatchObject({ outcome: 'not-started', why });
    expect(await refusal(clientOf(graces).call('GET', path))).toMatch(/unknown-request/);
    expect(await refusal(clientOf(adas).call('GET', '/people/v1/requests/not-an-id'))).toMatch(/bad-input/);
  });

  it('does not show the request of somebody’s Mac to another person', async () => {
    const request = await bench.elevation();
    expect(request.requester.personId).toBe('ada');
    expect(await refusal(clientOf(graces).call('GET', `/people/v1/requests/${request.requestId}`))).toMatch(/unknown-request/);
    expect(requestDigest(request)).toHaveLength(64);
  });
});

describe('who speaks', () => {
  it('a key that is not enrolled is told how to enrol', async () => {
    expect(await refusal(ask(clientOf(pair('ada'))))).toMatch(/bad-signature.*stint enroll.*Slack/);
  });

  it('a removed key is refused from the next call on', async () => {
    const client = clientOf(adas);
    expect(await refusal(ask(client))).toBe('done');
    keys.set(adas.key.keyId, { ...adas.key, removedAt: '2026-11-21T15:00:00.000Z' as Instant });
    expect(await refusal(ask(client))).toMatch(/bad-signature/);
  });

  it('a person who left, or is not in the people file, is refused although their key is enrolled', async () => {
    people = [{ ...ada, active: false }];
    expect(await refusal(ask(clientOf(adas)))).toMatch(/person-inactive/);
    expect(await refusal(ask(clientOf(graces)))).toMatch(/person-unknown/);
    expect(started()).toHaveLength(0);
  });

  it('another person’s key id with one’s own signature is refused', async () => {
    const forged = clientOf({ key: graces.key, privateKey: adas.privateKey });
    expect(await refusal(ask(forged))).toMatch(/bad-signature/);
    expect(started()).toHaveLength(0);
  });

  it('a call that is recorded and sent again, or sent with another body, is refused', async () => {
    let sent: { url: string; init: RequestInit } | undefined;
    const real = globalThis.fetch;
    globalThis.fetch = (url, init) => {
      sent = { url: String(url), init: init ?? {} };
      return real(url, init);
    };
    try {
      await ask(clientOf(adas));
    } finally {
      globalThis.fetch = real;
    }
    if (!sent) throw new Error('nothing was sent');
    const again = async (change: RequestInit) => {
      const response = await fetch(sent?.url ?? '', { ...sent?.init, ...change, signal: null });
      return ((await response.json()) as { code: string }).code;
    };
    expect(await again({})).toBe('replayed');
    expect(await again({ body: JSON.stringify(body()) })).toBe('bad-signature');
    bench.advance(200_000);
    expect(await again({})).toBe('stale-call');
    expect(started()).toHaveLength(1);
  });

  it('a person’s key does not speak as a Mac, nor a Mac’s as a person', async () => {
    const person = clientOf(adas);
    expect(await refusal(person.call('GET', '/device/v1/orders'))).toMatch(/bad-signature/);
    expect(await refusal(person.call('POST', '/device/v1/requests', {}))).toMatch(/bad-signature/);
    for (const reply of [
      await bench.macs.ada.get('/people/v1/targets?q=x'),
      await bench.macs.ada.post('/people/v1/requests', body()),
    ])
      expect(reply).toMatchObject({ status: 401, body: { code: 'bad-signature' } });
    // Not even where the one store had the other's key by its id.
    keys.set(bench.macs.ada.keyId, { ...adas.key, keyId: bench.macs.ada.keyId });
    expect((await bench.macs.ada.get('/people/v1/targets?q=x')).status).toBe(401);
    expect(started()).toHaveLength(0);
  });

  it('an answer that the server did not sign is not believed', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    expect(await refusal(clientOf(adas, { serverKey: other }).call('GET', '/people/v1/targets?q=x'))).toMatch(
      /not signed by the key/,
    );
  });
});

it('without people there are no such routes', async () => {
  const bare = await createBench();
  try {
    const client = createPeopleClient({
      server: new URL(bare.url),
      key: { keyId: adas.key.keyId, privateKey: adas.privateKey },
      clock: bare.clock,
    });
    expect(await refusal(client.call('GET', '/people/v1/targets?q=x'))).toMatch(/There is no such path/);
  } finally {
    await bare.close();
  }
});

describe('breaking the glass', () => {
  const glass = { breakGlass: { incident: 'INC-417' } };
  const withdrawn = () => bench.gate.said.filter(({ kind }) => kind === 'withdraw');

  it('starts a request that names the incident, and is searched for and pinned as such', async () => {
    const client = clientOf(adas);
    await client.call('GET', '/people/v1/targets?q=prod&breakGlass=1');
    await ask(client, glass);
    expect(started()[0]).toMatchObject({ body: { breakGlass: { incident: 'INC-417' }, subject: { personId: 'ada' } } });
    expect(hows).toEqual(['break-glass', 'break-glass']);
    await ask(clientOf(graces));
    expect(started()[1]?.body).not.toHaveProperty('breakGlass');
    expect(hows.at(-1)).toBe('asking');
  });

  it.each([{ incident: '' }, { incident: 'two words' }, { incident: 'x'.repeat(65) }, {}, { incident: 'INC-1', drill: false }])(
    'with %j is refused',
    async (breakGlass) => {
      expect(await refusal(ask(clientOf(adas), { breakGlass }))).toMatch(/bad-input/);
      expect(started()).toEqual([]);
    },
  );

  it('takes back the person’s own waiting request, and nobody else’s', async () => {
    const client = clientOf(adas);
    const first = await ask(client);
    const stored = await bench.requests.get(first.requestId);
    if (!stored) throw new Error('not stored');
    bench.ledger.views.set(first.requestId, viewOf(stored.request));
    expect(await refusal(ask(client))).toMatch(/target-busy/);
    const again = body(glass);
    await client.call('POST', '/people/v1/requests', again);
    expect(withdrawn()).toMatchObject([{ requestId: first.requestId, actor: { personId: 'ada' } }]);
    // The call whose answer was lost does it again, should it have been left undone.
    await client.call('POST', '/people/v1/requests', again);
    expect(started()).toHaveLength(3);
    expect(withdrawn()).toHaveLength(2);
    const others = { ...stored.request, requester: { ...stored.request.requester, personId: grace.personId } };
    bench.ledger.views.set(first.requestId, viewOf(others));
    expect(await refusal(ask(client, glass))).toMatch(/target-busy/);
    bench.ledger.views.set(first.requestId, viewOf(stored.request, { state: 'active' }));
    expect(await refusal(ask(client, glass))).toMatch(/target-busy/);
    expect(withdrawn()).toHaveLength(2);
  });

  it('is refused with a sentence while a freeze stands, and takes nothing back', async () => {
    const first = await ask(clientOf(adas));
    const stored = await bench.requests.get(first.requestId);
    if (!stored) throw new Error('not stored');
    bench.ledger.views.set(first.requestId, viewOf(stored.request));
    bench.stops.frozen = { since: '2026-11-21T14:05:00.000Z' as Instant, operator: 'root', reason: 'INC-9' };
    expect(await refusal(ask(clientOf(adas), glass))).toMatch(/frozen: Stint is frozen since.*INC-9/);
    expect([started().length, withdrawn()]).toEqual([1, []]);
  });

  it('is another request than an ordinary one of the same ask id', async () => {
    const askId = 'b'.repeat(32);
    await ask(clientOf(adas), { askId });
    expect(await refusal(ask(clientOf(adas), { askId, ...glass }))).toMatch(/other content/);
  });
});

describe('a Mac', () => {
  const mac = macOf(ada);
  beforeEach(() => {
    offered = offer({ key: mac.key, kind: 'mac-admin', display: mac.display, confirmBy: mac.display, detail: '' });
    pinning = macOf;
  });

  it('is searched for among Macs alone, and what other kinds say of themselves is not said of it', async () => {
    const client = clientOf(adas);
    expect(await client.call('GET', '/people/v1/targets?q=&kind=mac-admin')).toMatchObject({
      targets: [{ key: mac.key, kind: 'mac-admin', display: 'ada-mac' }],
    });
    expect(await client.call('GET', '/people/v1/targets?q=nothing&kind=mac-admin')).toEqual({ targets: [] });
    expect(await client.call('GET', '/people/v1/targets?q=nothing&kind=aws-permission-set')).toMatchObject({
      note: 'It is still being read.',
    });
    await client.call('GET', '/people/v1/targets?q=x');
    expect(kinds).toEqual(['mac-admin', 'mac-admin', 'aws-permission-set', undefined]);
    expect(await refusal(client.call('GET', '/people/v1/targets?q=&kind=toaster'))).toMatch(/bad-input/);
  });

  it('is asked for by whose key it is, and the same ask is the same request', async () => {
    const [client, askId] = [clientOf(adas), 'c'.repeat(32)];
    const { requestId } = await ask(client, { askId, key: mac.key });
    expect(started()).toMatchObject([
      {
        actor: { personId: 'ada' },
        body: { via: 'cli', target: mac, requester: { personId: 'ada' }, subject: { personId: 'ada' } },
      },
    ]);
    expect((await ask(client, { askId, key: mac.key })).requestId).toBe(requestId);
    expect(await refusal(ask(client, { askId, key: macOf(grace).key }))).toMatch(/state-conflict.*other content/);
    expect((await client.call('GET', `/people/v1/requests/${requestId}`)) as object).toMatchObject({ display: 'ada-mac' });
  });

  it('is refused while an elevation of it is under way, also one that was asked for on the Mac itself', async () => {
    const request = await bench.elevation({ state: 'active', deadlineAt: '2026-11-21T15:00:00.000Z' as Instant });
    expect(request.target.key).toBe(mac.key);
    const glass = { key: mac.key, breakGlass: { incident: 'INC-417' } };
    for (const more of [{ key: mac.key }, glass])
      expect(await refusal(ask(clientOf(adas), more))).toMatch(
        /target-busy: You have asked for this already: elevation .* is active until 15:00 UTC/,
      );
    expect(started()).toEqual([]);
  });

  it('is taken by break-glass, which takes back the person’s own waiting request', async () => {
    const waiting = await bench.elevation();
    const { requestId } = await ask(clientOf(adas), { key: mac.key, breakGlass: { incident: 'INC-417' } });
    expect(started()).toMatchObject([{ requestId, body: { target: mac, breakGlass: { incident: 'INC-417' } } }]);
    expect(bench.gate.said.filter(({ kind }) => kind === 'withdraw')).toMatchObject([
      { requestId: waiting.requestId, actor: { personId: 'ada' } },
    ]);
  });
});

describe('closing a review', () => {
  const FINDING = 'Looked at the trail: only the queue was restarted.';
  let appended: AnyEvent[];
  let open: ElevationView;
  beforeEach(async () => {
    const request = await bench.elevation();
    const taken = viewOf(request);
    const verdict = { ...taken.verdict, outcome: 'auto', breakGlass: true, rule: 'macs' } as const;
    const broken = { ...request, breakGlass: { incident: 'INC-417' } };
    open = { ...taken, request: broken, verdict, state: 'closed', outcome: 'expired', armedAt: request.askedAt };
    appended = [];
    bench.ledger.findByPrefix = async (id) =>
      request.requestId.startsWith(id) ? { view: open, updatedAt: request.askedAt } : undefined;
    bench.ledger.append = async (events) => {
      if (appended.length > 0) throw new StintError('ledger-conflict');
      appended.push(...events);
    };
  });
  const review = (client: PeopleClient, more: object = {}) =>
    refusal(client.call('POST', '/people/v1/reviews', { id: open.request.requestId.slice(0, 8), finding: FINDING, ...more }));

  it('is an entry of whoever closed it, with what they found in the store', async () => {
    expect(await review(clientOf(graces))).toBe('done');
    expect(appended).toMatchObject([
      {
        type: 'review-closed',
        requestId: open.request.requestId,
        actor: { via: 'cli', personId: 'grace' },
        data: { findingDigest: sha256(FINDING) },
      },
    ]);
    expect(await bench.requests.getText(sha256(FINDING))).toBe(FINDING);
    expect(fold(open, appended[0] as AnyEvent).review).toMatchObject({ by: 'grace' });
  });

  it('is never done by the person whose access it was, by whatever key', async () => {
    expect(await review(clientOf(adas))).toMatch(/own-request: You cannot review your own break-glass/);
    open = { ...open, request: { ...open.request, subject: { ...open.request.subject, personId: grace.personId } } };
    expect(await review(clientOf(graces))).toMatch(/own-request/);
    expect(appended).toEqual([]);
  });

  it('is refused to others, too early, a second time, without words, and where there is none', async () => {
    const linus = pair('linus');
    keys.set(linus.key.keyId, linus.key);
    expect(await review(clientOf(linus))).toMatch(/not-eligible/);
    expect(await review(clientOf(graces), { finding: 'fine' })).toMatch(/bad-input/);
    expect(await review(clientOf(graces), { id: 'zzzzzzzz' })).toMatch(/unknown-request/);
    expect(await review(clientOf(graces), { by: 'linus' })).toMatch(/bad-input/);
    const closed = open;
    open = { ...closed, state: 'active' };
    expect(await review(clientOf(graces))).toMatch(/state-conflict: Elevation .* is not over yet/);
    const { breakGlass: _, ...ordinary } = closed.request;
    open = { ...closed, request: ordinary };
    expect(await review(clientOf(graces))).toMatch(/unknown-request/);
    open = { ...closed, review: { by: 'linus' as PersonId, at: closed.request.askedAt } };
    expect(await review(clientOf(graces))).toMatch(/closed before/);
    open = closed;
    expect(appended).toEqual([]);
    expect(await review(clientOf(graces))).toBe('done');
    expect(await review(clientOf(graces))).toMatch(/closed before/);
  });
});
