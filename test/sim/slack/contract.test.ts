/**
 * The stand-in's table of methods against Slack's machine-readable reference, which lies beside the repository and not in
 * it. Where it is missing these tests are skipped, and say so.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { METHODS } from '../../../sim/slack/api/contract.js';
import type { SlackSim } from '../../../sim/slack/index.js';
import { isObject, type Json } from '../../../sim/slack/json.js';
import { ALICE, APPROVALS, BOB, client, start } from './harness.js';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/slack-contract/methods');
const missing = !existsSync(FOLDER);
if (missing) console.error('SKIPPED: Slack’s method reference is not there, so the stand-in’s table was not compared with it.');

interface Reference {
  scope?: { bot?: string[] } | null;
  rate_limits: string;
  json_input_supported?: boolean;
  args: { required?: string[]; properties: Record<string, Json> };
  errors: Record<string, unknown> | null;
}
const PER_MINUTE: Record<string, number> = { t1: 1, t2: 20, t3: 50, t4: 100, t5: 0 };

function reference(method: string): Reference {
  return JSON.parse(readFileSync(join(FOLDER, `${method}.json`), 'utf8')) as Reference;
}

/** Which kinds of JSON the reference lets an argument be. */
function kinds(property: Json): string[] {
  const all = [property, ...['anyOf', 'allOf'].flatMap((key) => (Array.isArray(property[key]) ? (property[key] as Json[]) : []))];
  return all.flatMap((one) => (typeof one.type === 'string' ? [one.type] : []));
}

test.skipIf(missing)('the reference has the methods that are claimed', () => {
  const there = readdirSync(FOLDER).map((name) => name.replace('.json', ''));
  expect(there).toEqual(expect.arrayContaining(Object.keys(METHODS)));
});

test.skipIf(missing).each(Object.keys(METHODS))('%s has the arguments, scopes and tier of the reference', (method) => {
  const mine = METHODS[method];
  const theirs = reference(method);
  const { token: _, ...args } = theirs.args.properties;
  expect(Object.keys(mine?.args ?? {}).sort()).toEqual(Object.keys(args).sort());
  const required = (theirs.args.required ?? []).filter((name) => name !== 'token').sort();
  expect(
    Object.entries(mine?.args ?? {})
      .flatMap(([name, one]) => (one.required ? [name] : []))
      .sort(),
  ).toEqual(required);
  expect([...(mine?.scopes ?? [])].sort()).toEqual([...(theirs.scope?.bot ?? [])].sort());
  expect(mine?.perMinute).toBe(PER_MINUTE[theirs.rate_limits]);
  expect(mine?.json).toBe(theirs.json_input_supported === true);
  for (const [name, property] of Object.entries(args)) {
    const type = mine?.args[name]?.type;
    if (type === 'boolean') expect(kinds(property), name).toContain('boolean');
    if (type === 'number')
      expect(
        kinds(property).some((kind) => kind === 'number' || kind === 'integer'),
        name,
      ).toBe(true);
  }
});

/** The reference as JSON Schema: the keys that only Slack knows are left out. */
function schemaOf(method: string): Json {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (!isObject(value)) return value;
    const kept = Object.entries(value).filter(
      ([key]) => !['schema', 'subtype', 'coerce', 'desc', 'example', 'default', 'is_customization_arg'].includes(key),
    );
    return Object.fromEntries(kept.map(([key, entry]) => [key, strip(entry)]));
  };
  return strip(reference(method).args) as Json;
}

describe.skipIf(missing)('calls of the real SDK', () => {
  let sim: SlackSim;
  beforeAll(async () => {
    sim = await start();
  });
  afterAll(() => sim.close());

  it('pass the schema of the reference, and are accepted here', async () => {
    const web = client(sim);
    const { ts } = await web.chat.postMessage({
      channel: APPROVALS,
      text: 'hello',
      metadata: { event_type: 'a', event_payload: {} },
    });
    const at = { channel: APPROVALS, ts: String(ts) };
    await web.chat.update({ ...at, text: 'again' });
    await web.chat.postEphemeral({ channel: APPROVALS, user: ALICE, text: 'psst' });
    await web.chat.getPermalink({ channel: APPROVALS, message_ts: at.ts });
    await web.conversations.history({ channel: APPROVALS, include_all_metadata: true, limit: 5 });
    await web.conversations.replies(at);
    await web.conversations.info({ channel: APPROVALS });
    await web.conversations.members({ channel: APPROVALS });
    await web.conversations.open({ users: BOB });
    await web.users.info({ user: ALICE });
    await web.users.lookupByEmail({ email: 'alice@acme.example' });
    await web.usergroups.list({ include_users: true });
    await web.usergroups.users.list({ usergroup: 'S0ONCALL00' });
    await web.reactions.add({ channel: APPROVALS, timestamp: at.ts, name: 'eyes' });
    await web.team.info();
    await web.bots.info({ bot: 'B0BOT00000' });
    await web.views.publish({ user_id: ALICE, view: { type: 'home', blocks: [] } });
    await web.filesUploadV2({ channel_id: APPROVALS, filename: 'a.log', content: 'sudo -l', initial_comment: 'log' });
    await web.chat.delete(at);
    // Forms carry numbers and truth values as text, and blocks as JSON in text: the schema is asked accordingly.
    const ajv = new Ajv({ strict: false, coerceTypes: true });
    const calls = sim.truth().calls.filter((call) => call.method !== 'upload');
    expect(calls.length).toBeGreaterThan(18);
    for (const call of calls) {
      const asSent = Object.fromEntries(
        Object.entries(call.args).map(([name, value]) => [name, packed(call.method, name, value)]),
      );
      const check = ajv.compile(schemaOf(call.method));
      expect(check({ token: 'xoxb', ...asSent }), `${call.method}: ${JSON.stringify(check.errors)}`).toBe(true);
      expect(call.answer).toMatchObject({ ok: true });
      expect(call.unknownArgs, call.method).toEqual([]);
    }
  });

  /** The sample of a view has one of each element, with all its fields. */
  function sampled(type: string): Json {
    const { view } = JSON.parse(readFileSync(join(FOLDER, '../samples/api/views.open.json'), 'utf8')) as {
      view: { blocks: Json[] };
    };
    const found = view.blocks.map(({ element }) => element).find((one) => isObject(one) && one.type === type);
    if (!isObject(found)) throw new Error(`the sample has no ${type}`);
    return found;
  }

  it('a date and time picker has the fields of the reference, and no other', async () => {
    const confirm = { title: 'Sure?', text: 'It begins then.', confirm: 'Yes', deny: 'No' };
    const said = Object.entries(confirm).map(([name, text]) => [name, { type: 'plain_text', text }]);
    const filled = {
      type: 'datetimepicker',
      action_id: 'start',
      initial_date_time: 1_790_000_000,
      confirm: Object.fromEntries(said),
      focus_on_load: true,
    };
    expect(Object.keys(filled).sort()).toEqual(Object.keys(sampled('datetimepicker')).sort());
    const web = client(sim);
    const posted = (element: Json) =>
      web.apiCall('chat.postMessage', {
        channel: APPROVALS,
        text: 'a',
        blocks: [{ type: 'input', label: { type: 'plain_text', text: 'When' }, element }],
      });
    expect(await posted(filled)).toMatchObject({ ok: true });
    await expect(posted({ ...filled, timezone: 'UTC' })).rejects.toThrow('invalid_blocks');
  });

  /** Where the reference wants text, structured arguments travel as text. */
  function packed(method: string, name: string, value: unknown): unknown {
    const wanted = kinds(reference(method).args.properties[name] ?? {});
    return typeof value === 'object' && value !== null && wanted.includes('string') ? JSON.stringify(value) : value;
  }

  it('every error that the stand-in answers is in the reference, or is common to all methods', async () => {
    const common = Object.keys(JSON.parse(readFileSync(join(FOLDER, '../common-errors.json'), 'utf8')).errors);
    const web = client(sim);
    const at = { channel: APPROVALS, ts: '1.000001' };
    await Promise.allSettled([
      web.chat.postMessage({ channel: 'C0NOWHERE0', text: 'a' }),
      web.chat.postMessage({ channel: 'C0GENERAL0', text: 'a' }),
      web.apiCall('chat.postMessage', { channel: APPROVALS }),
      web.apiCall('chat.postMessage', { channel: APPROVALS, blocks: '{' }),
      web.apiCall('chat.postMessage', { channel: APPROVALS, text: 'a', metadata: { event_type: 1 } }),
      web.chat.update({ ...at, text: 'a' }),
      web.chat.delete(at),
      web.chat.postEphemeral({ channel: APPROVALS, user: 'U0NOBODY00', text: 'a' }),
      web.conversations.replies(at),
      web.conversations.open({ users: 'U0NOBODY00' }),
      web.users.info({ user: 'U0NOBODY00' }),
      web.users.lookupByEmail({ email: 'nobody@acme.example' }),
      web.usergroups.users.list({ usergroup: 'S0NOTHING0' }),
      web.files.info({ file: 'F0NOTHING0' }),
      web.files.getUploadURLExternal({ filename: 'a', length: 0 }),
      web.views.open({
        trigger_id: 'x',
        view: { type: 'modal', title: { type: 'plain_text', text: 'a' }, blocks: [{ type: 'divider' }] },
      }),
      web.reactions.add({ channel: APPROVALS, timestamp: at.ts, name: 'eyes' }),
    ]);
    const refused = sim.truth().calls.filter((call) => isObject(call.answer) && call.answer.ok === false);
    expect(refused.length).toBeGreaterThan(15);
    for (const { method, answer } of refused) {
      const { error } = answer as { error: string };
      expect([...common, ...Object.keys(reference(method).errors ?? {}), 'invalid_arguments'], method).toContain(error);
    }
  });
});
