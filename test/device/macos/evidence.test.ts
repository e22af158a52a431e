/** The log of a window reaches the server whole, whenever the server takes it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { problem } from './server.js';
import { macTest as it, REQUEST } from './setup.js';

describe.concurrent('the evidence', () => {
  it('holds a very long and a multi-line command, in chunks, complete', async ({ b }) => {
    await b.hold(60);
    const long = `/usr/bin/printf ${'x'.repeat(120_000)}END`;
    b.mac.acts.sudo('alice', long);
    b.mac.acts.sudo('alice', '/bin/sh -c echo one\necho two');
    b.mac.acts.sudo('alice', '/usr/bin/true PrivilegesCLI --remove');
    await b.mac.acts.end();
    await b.evidenceComplete();
    expect(b.server.total).toBeGreaterThan(2);
    expect(b.server.evidence()).toContain(`COMMAND=${long}\n`);
    expect(b.server.evidence()).toContain('COMMAND=/bin/sh -c echo one#012echo two\n');
    expect(b.server.evidence()).toContain('PrivilegesCLI --remove');
  });

  it('names a second administrator and a new rule that outlive the window', async ({ b }) => {
    await b.hold(60);
    await b.mac.acts.addAdmin('backdoor');
    writeFileSync(join(b.mac.layout.root, 'private/etc/sudoers.d/mine'), 'alice ALL=(ALL) NOPASSWD: ALL\n');
    await b.mac.acts.end();
    await b.evidenceComplete();
    expect(b.server.evidence()).toContain('# now there: admin name backdoor');
    expect(b.server.evidence()).toMatch(/# now there: rule file .*sudoers\.d\/mine/);
    expect(b.server.evidence()).not.toContain('admin name alice');
  });

  it('waits on disk until the server takes it', async ({ b }) => {
    await b.hold(60);
    b.mac.acts.sudo('alice', '/usr/bin/id');
    b.server.hooks.set('log', problem(503));
    await b.mac.acts.end();
    await b.told();
    await b.until('it was tried', () => b.called('log').length > 0);
    expect(existsSync(join(b.mac.layout.state, 'evidence', REQUEST, 'sent'))).toBe(false);
    b.server.hooks.clear();
    await b.mac.acts.collect();
    expect(b.server.evidence()).toContain('COMMAND=/usr/bin/id');
  });

  it('of a start that was undone is sent when the server orders the end', async ({ b }) => {
    b.server.hooks.set('confirm', problem(500));
    b.server.script.order = 'start';
    await b.told();
    expect(b.server.chunks.size).toBe(0);
    b.server.script.order = 'end';
    await b.evidenceComplete();
    expect(b.server.evidence()).toContain('# ended on the Mac: undo');
  });

  it('is sent again when the server asks', async ({ b }) => {
    await b.hold(60);
    await b.mac.acts.end();
    await b.evidenceComplete();
    b.server.chunks.clear();
    b.server.script.order = 'collect';
    await b.evidenceComplete();
  });
});

/** The agent's functions up to the evidence, on a disk of their own. */
function functions() {
  const folder = mkdtempSync(join(tmpdir(), 'stint-evidence-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const agent = execFileSync(process.execPath, ['device/macos/assemble.mjs', '--root', folder], { encoding: 'utf8' });
  const [logs, evidence] = [join(folder, 'private/var/log/stint'), join(folder, 'private/var/db/stint/evidence')];
  for (const needed of [logs, evidence, join(folder, 'private/var/db/stint/run')]) mkdirSync(needed, { recursive: true });
  return { folder, logs, evidence, text: agent.slice(0, agent.indexOf('# ---- start and end')) };
}

/** Pushes a log of one chunk 13 times, then after `collect` once more, to a server that `api` stands for; how often it was asked. */
function pushes(apiResult: number) {
  const { folder, logs, evidence, text } = functions();
  writeFileSync(join(logs, `${REQUEST}.log`), 'a line\n');
  const api = `api() { printf x >>'${folder}/asked'; api_code=409; return ${apiResult}; }`;
  const often = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do evidence_push; done; echo "left $?"; wc -c <"$0"';
  const script = `${text}\n${api}\nevidence_seal ${REQUEST}\n${often}\nevidence_again ${REQUEST}\nevidence_push\nwc -c <"$0"`;
  const ran = spawnSync('/bin/sh', ['-c', script, join(folder, 'asked')], { encoding: 'utf8' });
  const [left, asked, afterwards] = ran.stdout.split('\n').map((line) => line.trim());
  return { left, asked, afterwards, said: ran.stderr, kept: readdirSync(join(evidence, REQUEST)) };
}

test('a log that is refused ten times stays on disk, says so once, and is sent again when asked for', () => {
  const { left, asked, afterwards, said, kept } = pushes(1);
  expect([left, asked, afterwards]).toEqual(['left 0', '10', '11']);
  expect(said.match(/refused 10 times \(409: /g)?.length).toBe(1);
  expect(kept).toContain('chunk.aaaa');
  expect(kept).not.toContain('sent');
});

test('a log that only gets no answer is never given up', () => {
  const { left, asked, said } = pushes(2);
  expect([left, asked]).toEqual(['left 1', '13']);
  expect(said).not.toContain('refused');
});

test('a log that is longer than the server takes keeps head and tail, and says so', () => {
  const { logs, evidence, text } = functions();
  writeFileSync(join(logs, `${REQUEST}.log`), `first\n${'noise\n'.repeat(1000)}last\n`);
  execFileSync('/bin/sh', ['-s'], { input: `${text}\nCHUNK_BYTES=400 LOG_BYTES=1000\nevidence_seal ${REQUEST}\n` });
  const chunks = readdirSync(join(evidence, REQUEST)).sort();
  const sealed = chunks.map((name) => readFileSync(join(evidence, REQUEST, name), 'utf8')).join('');
  expect(chunks.length).toBe(3);
  expect(sealed.startsWith('first\n')).toBe(true);
  expect(sealed.endsWith('last\n')).toBe(true);
  expect(sealed).toContain('\n# 5011 bytes of the log are left out here\n');
});
