/** The identity gate alone: each check refuses what it is there for, and lets through what it should. */
import type { WebClient } from '@slack/web-api';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ParsedAction } from '../../cards/actions.js';
import { isStintError, StintError } from '../../contract/errors.js';
import { instant } from '../../contract/ids.js';
import type { ElevationView } from '../../contract/view.js';
import { sha256 } from '../../seal/canonical.js';
import type { SlackAppConfig } from '../../slack-app/config.js';
import { createGatekeeper, type Gatekeeper } from '../../slack-app/gatekeeper.js';
import { createMembers } from '../../slack-app/members.js';
import { parsePress } from '../../slack-app/payload.js';
import { createRecall } from '../../slack-app/recall.js';
import { createReplayGuard } from '../../slack-app/replay.js';
import {
  APP,
  CARD_TS,
  CHANNEL,
  fakeDirectory,
  fakeLog,
  fakePreview,
  fakeStore,
  MINUTE,
  person,
  place,
  TEAM,
  verdict,
  view,
} from './fakes.js';

const config: SlackAppConfig = {
  mode: 'socket',
  botToken: 'xoxb-1',
  appToken: 'xapp-1',
  appId: APP,
  teamId: TEAM,
  approverChannel: CHANNEL,
  adminSlackUserIds: ['U0CAROL'],
  clientPingTimeoutMs: 1500,
};

type User = Record<string, unknown>;
let users: Record<string, User | Error>;
let asked: number;
let now: number;
let store: ReturnType<typeof fakeStore>;
let preview: ReturnType<typeof fakePreview>;
let people: Parameters<typeof fakeDirectory>[0];
/** What the people file said while it was valid; and why it is not now. */
let lastGood: typeof people;
let broken: StintError | undefined;
let trouble: string | undefined;
let roomTrouble: string | undefined;
let one: ElevationView;

beforeEach(() => {
  users = {};
  asked = 0;
  now = Date.parse('2026-11-21T14:00:00Z');
  store = fakeStore(() => now);
  preview = fakePreview();
  people = undefined;
  lastGood = undefined;
  broken = undefined;
  trouble = undefined;
  roomTrouble = undefined;
  one = place(store, view());
});

function gatekeeper(cfg: SlackAppConfig = config): Gatekeeper {
  const logger = fakeLog();
  const clock = () => now;
  const info = async ({ user }: { user: string }) => {
    asked += 1;
    const known = users[user] ?? { id: user, team_id: TEAM };
    if (known instanceof Error) throw known;
    return { ok: true, user: known };
  };
  const api = { users: { info } } as unknown as WebClient;
  return createGatekeeper({
    config: cfg,
    members: createMembers({ api, teamId: TEAM, enterpriseId: cfg.enterpriseId, clock, logger }),
    directory: broken ? { ...fakeDirectory(), personBySlack: () => Promise.reject(broken) } : fakeDirectory(people),
    lastGood: fakeDirectory(lastGood),
    preview,
    recall: createRecall({ store, logger }),
    replay: createReplayGuard({ once: store.once, clock, logger }),
    freeze: store.freeze,
    troubleIn: async (channel) => (channel === CHANNEL ? trouble : roomTrouble),
    logger,
  });
}

let presses = 0;
function body(user = 'U0ALICE', more: Record<string, unknown> = {}): Record<string, unknown> {
  presses += 1;
  return {
    type: 'block_actions',
    api_app_id: APP,
    team: { id: TEAM },
    user: { id: user, team_id: TEAM },
    container: { type: 'message', message_ts: CARD_TS, channel_id: CHANNEL, is_ephemeral: false },
    channel: { id: CHANNEL },
    trigger_id: 'trigger',
    actions: [{ action_id: 'x', action_ts: `${1763733600 + presses}.000000`, value: 'v' }],
    ...more,
  };
}

const ask = (kind: ParsedAction['kind'] = 'approve', more: Partial<ParsedAction> = {}): ParsedAction => ({
  kind,
  requestId: one.request.requestId,
  roundDigest: one.digest,
  ...(kind === 'approve' ? { windowMs: 10 * MINUTE } : {}),
  ...more,
});

/** `ok`, or the code and sentence of the refusal. */
async function tried(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (!isStintError(error)) throw error;
    return `${error.code}: ${error.sentence}`;
  }
}
const click = (payload: unknown, what = ask(), keeper = gatekeeper()) =>
  tried((async () => keeper.click(parsePress(payload), what))());

describe('a click that is in order', () => {
  it('is admitted, under the person that the directory binds to the account', async () => {
    const admitted = await gatekeeper().click(parsePress(body()), ask());
    expect(admitted.actor).toEqual({ personId: 'alice', slackTeamId: TEAM, slackUserId: 'U0ALICE' });
    expect(preview.judged).toEqual([{ kind: 'approve', person: 'alice', windowMs: 10 * MINUTE }]);
  });
});

describe('whose payload it is', () => {
  it.each([
    ['another app', { api_app_id: 'A0OTHER' }],
    ['another team', { team: { id: 'T0OTHER' } }],
    ['no team', { team: null }],
    ['an organisation that is not configured', { is_enterprise_install: true, enterprise: { id: 'E0OTHER' } }],
    ['a user of another workspace', { user: { id: 'U0ALICE', team_id: 'T0OTHER' } }],
    ['a user of no stated workspace', { user: { id: 'U0ALICE' } }],
  ])('%s is refused before anything is asked of Slack', async (_name, more) => {
    expect(await click(body('U0ALICE', more))).toMatch(/^foreign-workspace/);
    expect(asked).toBe(0);
  });

  it('a payload with two actions, or none, is refused', async () => {
    const action = { action_id: 'x', action_ts: '1.1', value: 'v' };
    expect(await click(body('U0ALICE', { actions: [action, action] }))).toMatch(/^bad-input/);
    expect(await click(body('U0ALICE', { actions: [] }))).toMatch(/^bad-input/);
  });

  it('a colleague of another workspace of our organisation is a member when users.info says so, and only then', async () => {
    const cfg = { ...config, enterpriseId: 'E0OURS' };
    const grid = { enterprise: { id: 'E0OURS' }, user: { id: 'W0GRID', team_id: 'T0SISTER' } };
    people = [person('grid', [], { slack: [{ teamId: 'T0SISTER', userId: 'W0GRID' as never }] })];
    one = place(store, view({ verdict: verdict({ approvers: ['grid' as never] }) }));
    users = { W0GRID: { id: 'W0GRID', team_id: 'T0SISTER', enterprise_user: { enterprise_id: 'E0OTHER' } } };
    expect(await click(body('W0GRID', grid), ask(), gatekeeper(cfg))).toMatch(/^foreign-workspace/);
    users = { W0GRID: { id: 'W0GRID', team_id: 'T0SISTER', enterprise_user: { enterprise_id: 'E0OURS' } } };
    expect(await click(body('W0GRID', grid), ask(), gatekeeper(cfg))).toBe('ok');
  });
});

describe('where it was pressed', () => {
  const at = (channel: string, ts: string, more = {}) => ({
    channel: { id: channel },
    container: { type: 'message', channel_id: channel, message_ts: ts, ...more },
  });
  it.each([
    ['a copied card in another channel', at('C0OTHER', CARD_TS)],
    ['another message in the approver channel', at(CHANNEL, '1763733600.000200')],
    ['an ephemeral message', at(CHANNEL, CARD_TS, { is_ephemeral: true })],
    ['a direct message', at('D0ALICE', CARD_TS)],
    [
      'a payload that names two channels',
      { channel: { id: CHANNEL }, container: { type: 'message', channel_id: 'C0OTHER', message_ts: CARD_TS } },
    ],
    ['no message at all', { container: { type: 'view' }, channel: undefined }],
  ])('%s is refused', async (_name, more) => {
    expect(await click(body('U0ALICE', more))).toMatch(/^wrong-place/);
  });

  it('the holder may end from a direct message; somebody else may not', async () => {
    place(store, view({ state: 'active' }));
    expect(await click(body('U0BOB', at('D0BOB', '1.1')), ask('end'))).toBe('ok');
    expect(await click(body('U0ALICE', at('D0ALICE', '1.1')), ask('end'))).toMatch(/^not-yours/);
  });

  it('a direct message other than the one in which the holder was written to is refused', async () => {
    const active = place(store, view({ state: 'active' }));
    const ref = { channel: 'D0BOB', ts: '1.1', renderDigest: sha256('x') };
    store.cards.set(`dm/${active.request.requestId}/started/bob`, ref);
    expect(await click(body('U0BOB', at('D0ELSE', '1.1')), ask('end'))).toMatch(/^wrong-place/);
    expect(await click(body('U0BOB', at('D0BOB', '1.1')), ask('end'))).toBe('ok');
  });

  it('the card of a rule with a channel of its own counts there, and only where it is recorded', async () => {
    const { requestId } = one.request;
    place(store, view({ verdict: verdict({ channel: 'C0PAYMENTS' }) }));
    store.cards.set(`card/${requestId}`, { channel: 'C0PAYMENTS', ts: CARD_TS, renderDigest: sha256('x') });
    expect(await click(body('U0ALICE', at('C0PAYMENTS', CARD_TS)))).toBe('ok');
    expect(await click(body('U0ALICE', at(CHANNEL, CARD_TS)))).toMatch(/^wrong-place/);
    expect(await click(body('U0CAROL', at('C0PAYMENTS', CARD_TS)))).toMatch(/^not-approver/);
    roomTrouble = 'it is shared with another organisation.';
    expect(await click(body('U0ALICE', at('C0PAYMENTS', CARD_TS)))).toMatch(/^wrong-place.*shared/);
    expect(await click(body('U0ALICE', at('C0PAYMENTS', CARD_TS)), ask('revoke'))).toBe('ok');
  });

  it("with the store down access can be taken away in a rule's channel that this process never saw, and nothing approved", async () => {
    store.mode = 'down';
    const there = at('C0PAYMENTS', CARD_TS);
    expect(await click(body('U0ALICE', there), ask('revoke'))).toBe('ok');
    expect(await click(body('U0BOB', there), ask('end'))).toBe('ok');
    expect(await click(body('U0ALICE', there))).toMatch(/^(wrong-place|store-unavailable)/);
    expect(await click(body('U0ALICE', at(CHANNEL, CARD_TS)))).toMatch(/^store-unavailable/);
    for (const user of ['U0NOBODY', 'U0GONE']) expect(await click(body(user, there), ask('revoke'))).toMatch(/^person-/);
  });

  it("a request that is asked but not in the read model yet can be ended in its rule's channel", async () => {
    store.views.clear();
    store.cards.clear();
    expect(await click(body('U0ALICE', at('C0PAYMENTS', CARD_TS)), ask('revoke'))).toBe('ok');
    expect(await click(body('U0ALICE', at('C0PAYMENTS', CARD_TS)))).toMatch(/^(wrong-place|unknown-request)/);
  });

  it('where the place of the card is not on record, who presses is judged all the same', async () => {
    store.cards.clear();
    expect(await click(body('U0CAROL', at('C0PAYMENTS', CARD_TS)), ask('deny'))).toMatch(/^not-approver/);
    expect(await click(body('U0ALICE', at('C0PAYMENTS', CARD_TS)), ask('revoke'))).toBe('ok');
    expect(await click(body('U0ALICE', at('D0ALICE', CARD_TS)), ask('revoke'))).toMatch(/^wrong-place/);
  });

  it('a card whose place is not recorded yet can be used to take away, not to approve', async () => {
    store.cards.set(`card/${one.request.requestId}`, { channel: CHANNEL, ts: '', renderDigest: sha256('x') });
    expect(await click(body())).toMatch(/^unknown-request: .*Press again/);
    expect(await click(body(), ask('revoke'))).toBe('ok');
  });

  it('an approval while the channel is not known to be safe is refused, a revoke is not', async () => {
    trouble = 'The approver channel is shared with another organisation.';
    expect(await click(body())).toContain('shared with another organisation');
    expect(await click(body(), ask('revoke'))).toBe('ok');
  });
});

describe('whose account it is', () => {
  it.each([
    'deleted',
    'is_bot',
    'is_workflow_bot',
    'is_connector_bot',
    'is_restricted',
    'is_ultra_restricted',
    'is_stranger',
    'is_invited_user',
  ])('an account with %s is refused', async (flag) => {
    users = { U0ALICE: { id: 'U0ALICE', team_id: TEAM, [flag]: true } };
    expect(await click(body())).toMatch(/^guest-account/);
  });

  it('an external member is refused although Slack calls them no stranger', async () => {
    users = { U0ALICE: { id: 'U0ALICE', team_id: 'T0OTHER', is_stranger: false } };
    expect(await click(body())).toMatch(/^foreign-workspace/);
  });

  it('an answer about another account, or none, is refused', async () => {
    users = { U0ALICE: { id: 'U0CAROL', team_id: TEAM } };
    expect(await click(body())).toMatch(/^slack-unavailable/);
    users = { U0ALICE: {} };
    expect(await click(body())).toMatch(/^slack-unavailable/);
  });

  it('is refused while Slack cannot be asked, even for a revoke', async () => {
    users = { U0ALICE: new Error('timeout') };
    expect(await click(body())).toMatch(/^slack-unavailable/);
    expect(await click(body(), ask('revoke'))).toMatch(/^slack-unavailable/);
  });

  it('is asked again after a minute', async () => {
    const keeper = gatekeeper();
    await click(body(), ask('revoke'), keeper);
    await click(body(), ask('revoke'), keeper);
    expect(asked).toBe(1);
    now += MINUTE;
    users = { U0ALICE: { id: 'U0ALICE', team_id: TEAM, deleted: true } };
    expect(await click(body(), ask('revoke'), keeper)).toMatch(/^guest-account/);
    expect(asked).toBe(2);
  });

  it('an account that the directory does not bind is refused, and so is an inactive person', async () => {
    expect(await click(body('U0NOBODY'))).toMatch(/^person-unknown/);
    expect(await click(body('U0GONE'))).toMatch(/^person-inactive/);
  });
});

describe('who may decide', () => {
  it('the requester cannot approve or deny, and neither can their second Slack account', async () => {
    for (const account of ['U0BOB', 'U0BOBTWO']) {
      expect(await click(body(account))).toMatch(/^own-request/);
      expect(await click(body(account), ask('deny'))).toMatch(/^own-request/);
    }
  });

  it('somebody whom the policy does not name is told who could', async () => {
    expect(await click(body('U0CAROL'))).toBe('not-approver: You are not an approver of this request. Alice is.');
  });

  it('an administrator of the configuration may revoke, and still not approve', async () => {
    place(store, view({ state: 'active' }));
    expect(await click(body('U0CAROL'), ask('revoke'))).toBe('ok');
    place(store, view());
    expect(await click(body('U0CAROL'))).toMatch(/^not-approver/);
  });

  it('a policy that cannot answer is a refusal, never a yes', async () => {
    preview.judgeClick = () => Promise.reject(new TypeError('no answer'));
    await expect(click(body())).rejects.toThrow('no answer');
  });
});

describe('what it was pressed for', () => {
  it('a stale digest is refused with what is true now', async () => {
    expect(await click(body(), ask('approve', { roundDigest: sha256('older') }))).toMatch(
      /^state-conflict: .*older version.*waiting for a decision/,
    );
  });

  it('an approval of a request that is already active, or closed, is refused with what is true now', async () => {
    place(store, view({ state: 'active', deadlineAt: instant(now) }));
    expect(await click(body())).toMatch(/^state-conflict: .*is active and ends at \d{4}-\d\d-\d\d 14:00 UTC/);
    place(store, view({ state: 'closed', outcome: 'denied', closedAt: instant(now) }));
    expect(await click(body())).toMatch(/^state-conflict: .*closed: denied at \d{4}-\d\d-\d\d 14:00 UTC/);
  });

  it('a length that the policy does not offer is refused', async () => {
    expect(await click(body(), ask('approve', { windowMs: 600 * MINUTE }))).toMatch(/^bad-input/);
  });

  it('a second approval by the same person is refused, and says that someone else is needed', async () => {
    const vote = { decision: 'approve', personId: 'alice', roundDigest: one.digest, at: instant(now) } as never;
    place(store, view({ votes: [vote] }));
    expect(await click(body())).toMatch(/^state-conflict: .*someone else/);
  });

  it('an extension is decided under its own digest, in its own length, and only while it waits', async () => {
    const extension = {
      roundDigest: sha256('ext'),
      windowMs: 10 * MINUTE,
      askedAt: instant(now),
      state: 'waiting',
      votes: [],
    } as const;
    place(store, view({ state: 'active', extension }));
    const press = (more: Partial<ParsedAction>) =>
      click(body(), ask('ext-approve', { roundDigest: sha256('ext'), windowMs: 10 * MINUTE, ...more }));
    expect(await press({})).toBe('ok');
    expect(await press({ roundDigest: one.digest })).toMatch(/^state-conflict/);
    expect(await press({ windowMs: 15 * MINUTE })).toMatch(/^bad-input/);
    place(store, view({ state: 'active', extension: { ...extension, state: 'lapsed' } }));
    expect(await press({})).toMatch(/^state-conflict/);
  });

  it('an unknown request is refused', async () => {
    expect(await click(body(), ask('approve', { requestId: view({}, 'two').request.requestId }))).toMatch(/^unknown-request/);
  });
});

describe('once', () => {
  it('the same press delivered again is refused, also by another process with the same store', async () => {
    const payload = body();
    expect(await click(payload)).toBe('ok');
    expect(await click(payload)).toMatch(/^replayed/);
  });

  it('two copies that arrive together are one', async () => {
    const keeper = gatekeeper();
    const payload = body();
    const both = await Promise.all([click(payload, ask(), keeper), click(payload, ask(), keeper)]);
    expect(both.sort()).toEqual(['ok', expect.stringMatching(/^replayed/)]);
  });

  it('a refused press does not use up the next one', async () => {
    const payload = body();
    users = { U0ALICE: new Error('timeout') };
    expect(await click(payload)).toMatch(/^slack-unavailable/);
    users = {};
    expect(await click(payload)).toBe('ok');
  });
});

describe.each(['down', 'hang'] as const)('the store is %s', (mode) => {
  beforeEach(() => {
    store.mode = mode;
  });

  it('taking away goes through for an active person in the approver channel', async () => {
    expect(await click(body(), ask('revoke'))).toBe('ok');
    expect(await click(body(), ask('deny'))).toBe('ok');
    expect(
      await click(
        body('U0BOB', { channel: { id: 'D0BOB' }, container: { type: 'message', channel_id: 'D0BOB', message_ts: '1.1' } }),
        ask('end'),
      ),
    ).toBe('ok');
  });

  it('adding access is refused', async () => {
    expect(await click(body())).toMatch(/^store-unavailable/);
  });

  it('the checks that need no store still refuse', async () => {
    expect(await click(body('U0NOBODY'), ask('revoke'))).toMatch(/^person-unknown/);
    expect(await click(body('U0GONE'), ask('revoke'))).toMatch(/^person-inactive/);
    const alone = { channel: { id: 'D0ALICE' }, container: { type: 'message', channel_id: 'D0ALICE', message_ts: CARD_TS } };
    expect(await click(body('U0ALICE', alone), ask('revoke'))).toMatch(/^wrong-place/);
    const copy = { container: { type: 'message', channel_id: CHANNEL, message_ts: CARD_TS, is_ephemeral: true } };
    expect(await click(body('U0ALICE', copy), ask('revoke'))).toMatch(/^wrong-place/);
  });

  it('what was seen before the outage is still judged', async () => {
    store.mode = 'up';
    const keeper = gatekeeper();
    expect(await click(body(), ask('revoke'), keeper)).toBe('ok');
    store.mode = mode;
    expect(await click(body('U0CAROL'), ask('deny'), keeper)).toMatch(/^not-approver/);
    expect(await click(body('U0BOB'), ask('deny'), keeper)).toMatch(/^own-request/);
    // Where it stood then is no reason to refuse: an extension may have been asked for since.
    expect(await click(body(), ask('ext-deny', { roundDigest: sha256('newer') }), keeper)).toBe('ok');
    // An approval is not judged by what was true before.
    expect(await click(body(), ask(), keeper)).toMatch(/^store-unavailable/);
  });
});

describe('a people file that is broken', () => {
  beforeEach(() => {
    broken = new StintError('bad-config', 'people.yaml:7:3 is no list');
    place(store, view({ state: 'active' }));
  });

  it('keeps nobody from taking access away who was in the last valid one', async () => {
    expect(await click(body(), ask('revoke'))).toBe('ok');
    place(store, view());
    expect(await click(body(), ask('deny'))).toBe('ok');
    const { claim } = parsePress(body());
    expect(await tried(gatekeeper().form(claim, { ...ask('deny'), kind: 'deny' }))).toBe('ok');
  });

  it('adds nothing, and names itself', async () => {
    place(store, view());
    expect(await click(body())).toMatch(/^bad-config: people\.yaml:7:3/);
    expect(await tried(gatekeeper().identify(parsePress(body()).claim))).toMatch(/^bad-config/);
  });

  it('makes nobody of who was not active in the last valid one, or not in it', async () => {
    expect(await click(body('U0NOBODY'), ask('revoke'))).toMatch(/^person-unknown/);
    expect(await click(body('U0GONE'), ask('revoke'))).toMatch(/^person-inactive/);
  });

  it('is the only ground for that: what a valid one says of somebody stands', async () => {
    broken = undefined;
    people = [];
    expect(await click(body(), ask('revoke'))).toMatch(/^person-unknown/);
  });
});

describe('a form', () => {
  it('is judged like its button, wherever it was opened', async () => {
    const claim = parsePress(body()).claim;
    const form = (user: string) =>
      tried(gatekeeper().form({ ...claim, userId: user as never }, { ...ask('deny'), kind: 'deny' }));
    expect(await form('U0ALICE')).toBe('ok');
    expect(await form('U0BOBTWO')).toMatch(/^own-request/);
    expect(await form('U0CAROL')).toMatch(/^not-approver/);
  });

  it('that approves is refused while the channel of its card is not known to be safe; one that revokes is not', async () => {
    const { claim } = parsePress(body());
    const form = (kind: 'approve' | 'revoke') => tried(gatekeeper().form(claim, ask(kind)));
    expect(await form('approve')).toBe('ok');
    trouble = 'The approver channel is shared with another organisation.';
    expect(await form('approve')).toMatch(/^wrong-place: .*shared with another organisation/);
    expect(await form('revoke')).toBe('ok');
  });
});
