/**
 * The manifest is valid by Slack's own schema, and asks for exactly the scopes that the product's calls and events
 * need. The schema and the method reference are vendor data that lie beside the repository; without them the two tests
 * that need them are skipped, loudly.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import manifest from '../../slack-app/manifest.json' with { type: 'json' };
import { BOT_SCOPES } from '../../slack-app/startup.js';

const ROOT = join(import.meta.dirname, '../..');
const CONTRACT = join(ROOT, '../shared/slack-contract');
const there = existsSync(CONTRACT);
if (!there) console.error(`LOUD: ${CONTRACT} is absent; the manifest is not checked against Slack's schema and reference`);

/** Every Web API method that the product calls, and the kinds of conversations it calls them for. */
const METHODS = [
  'apps.connections.open',
  'auth.test',
  'bots.info',
  'chat.delete',
  'chat.getPermalink',
  'chat.postEphemeral',
  'chat.postMessage',
  'chat.update',
  'conversations.history',
  'conversations.info',
  'conversations.open',
  'conversations.replies',
  'files.completeUploadExternal',
  'files.getUploadURLExternal',
  'files.info',
  'users.info',
  'views.open',
  'views.publish',
  'views.push',
  'views.update',
] as const;
/** The approver channel may be public or private. Direct messages are read back too: a lost reply must not send one twice. */
const CHANNEL_KINDS = ['channels', 'groups'];
const READ_BACK = ['conversations.history', 'conversations.replies'];
const EVENT_SCOPES: Record<string, readonly string[]> = {
  app_home_opened: [],
  channel_archive: ['channels:read'],
  channel_id_changed: ['channels:read', 'groups:read'],
  channel_shared: ['channels:read', 'groups:read'],
  group_archive: ['groups:read'],
  user_change: ['users:read'],
};

/** The scopes of which a bot needs all (one per kind of conversation that we use) for a method. */
function scopesOf(method: string): string[] {
  const file = JSON.parse(readFileSync(join(CONTRACT, 'methods', `${method}.json`), 'utf8')) as { scope?: { bot?: string[] } };
  const any = file.scope?.bot ?? [];
  const kinds = READ_BACK.includes(method) ? [...CHANNEL_KINDS, 'im'] : CHANNEL_KINDS;
  const byKind = any.filter((scope) => kinds.includes(scope.split(':')[0] ?? ''));
  return byKind.length > 0 ? byKind.filter((s) => !s.includes('write') && !s.includes('manage')) : any;
}

/** Product code that may speak to Slack. */
function sources(): string[] {
  return ['slack-app', 'activities', 'workers', 'cli', 'device'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(ROOT, folder, name)),
  );
}

describe('the manifest', () => {
  it.skipIf(!there)("is valid by Slack's schema", () => {
    const ajv = addFormats.default(new Ajv({ strict: false, allErrors: true }));
    const validate = ajv.compile(JSON.parse(readFileSync(join(CONTRACT, 'manifest.schema.2.0.0.json'), 'utf8')));
    validate(manifest);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...manifest, features: { slash_commands: [{ command: 'no-slash' }] } })).toBe(false);
  });

  it.skipIf(!there)('asks for exactly the scopes that are used', () => {
    const ofMethods = METHODS.filter((m) => m !== 'apps.connections.open').flatMap((m) => {
      const all = scopesOf(m);
      // Alternatives for opening a direct message: the one for a single person is enough.
      return m === 'conversations.open' ? ['im:write'] : all;
    });
    const needed = new Set(['commands', ...ofMethods, ...Object.values(EVENT_SCOPES).flat()]);
    expect([...manifest.oauth_config.scopes.bot].sort()).toEqual([...needed].sort());
  });

  it('and the start-up check know the same scopes and events', () => {
    expect([...BOT_SCOPES].sort()).toEqual([...manifest.oauth_config.scopes.bot].sort());
    expect(Object.keys(EVENT_SCOPES).sort()).toEqual([...manifest.settings.event_subscriptions.bot_events].sort());
  });

  it('offers the two commands, buttons, the Home tab and Socket Mode', () => {
    expect(manifest.features.slash_commands.map((c) => c.command)).toEqual(['/elevate', '/admin-status']);
    expect(manifest.settings).toMatchObject({ socket_mode_enabled: true, interactivity: { is_enabled: true } });
    expect(manifest.features.app_home.home_tab_enabled).toBe(true);
  });

  it('no method is called that is not on the list above', () => {
    const calls = sources().flatMap((file) => {
      const source = readFileSync(file, 'utf8');
      const families = 'apps|auth|bots|chat|conversations|files|pins|reactions|team|usergroups|users|views';
      const dotted = source.matchAll(new RegExp(`\\b(?:api|client|web|slack)\\.((?:${families})(?:\\.\\w+)+)\\(`, 'g'));
      const quoted = source.matchAll(new RegExp(`['"]((?:${families})\\.[a-zA-Z.]+)['"]`, 'g'));
      return [...dotted, ...quoted].map((m) => `${m[1] ?? ''}`);
    });
    const found = [...new Set(calls)].filter((m) => /^[a-z]+(\.[a-zA-Z]+)+$/.test(m) && !/\.(ts|js|json|md)$/.test(m));
    expect(found).toContain('views.open');
    expect(found.filter((m) => !(METHODS as readonly string[]).includes(m))).toEqual([]);
  });
});
