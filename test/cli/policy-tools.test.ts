/** `stint policy test`, `diff` and `schema` as they are typed: what they print, and the exit code that a build goes by. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { runLine } from '../../cli/program.js';
import { ROOT } from '../tooling/compile.js';

const dir = mkdtempSync(join(tmpdir(), 'stint-policy-'));
const example = (name: string) => join(ROOT, 'examples', name);
const PEOPLE = ['--people', example('people.yaml')];
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined; // the runner's own, too
});

/** Runs a command line in this process. */
async function ran(...args: string[]) {
  const said = { out: '', err: '' };
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += String(text);
    return true;
  });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += String(text);
    return true;
  });
  const streams = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  const failed = await runLine(['node', 'stint', 'policy', ...args], streams);
  vi.restoreAllMocks();
  const code = failed ?? process.exitCode ?? 0;
  process.exitCode = undefined;
  return { code, ...said };
}

/** A copy of an example with some of it replaced. */
function edited(name: string, from: string, to: string): string {
  const text = readFileSync(example(name), 'utf8');
  expect(text).toContain(from);
  const file = join(dir, `${to.replace(/\W+/g, '-').slice(0, 40)}-${name}`);
  writeFileSync(file, text.replace(from, to));
  return file;
}

describe('policy check', () => {
  const asks = 'reason: { ticket: { pattern: "CHG-[0-9]+", check: jra } }\n    windows:';

  it('says which check of tickets a rule names that is not there, where the file of them is known', async () => {
    const policy = edited('policy.yaml', 'windows:', asks);
    const tickets = join(dir, 'tickets.yaml');
    writeFileSync(tickets, 'version: 1\nchecks:\n  jira: { url: "https://acme.example/{ticket}" }\n');
    for (const people of [[], PEOPLE]) {
      const { code, out } = await ran('check', policy, '--tickets', tickets, ...people);
      expect(out).toMatch(/policy\.yaml:\d+:\d+ \S+reason\.ticket: there is no check jra .*did you mean "jira"\?/);
      expect(code).toBe(1);
      expect(await ran('check', policy, ...people)).toMatchObject({ code: 0 });
    }
    expect(
      await ran('check', edited('policy.yaml', 'windows:', asks.replace('jra', 'jira')), '--tickets', tickets),
    ).toMatchObject({ code: 0 });
  });
});

describe('a script', () => {
  const broken = () => edited('policy.yaml', 'windows:', 'windws:');

  it('has the mistakes of a file from check, in the shape of what does not fit the people', async () => {
    const file = broken();
    const { code, out, err } = await ran('check', file, '--json');
    const found = JSON.parse(out);
    expect(found).toEqual({ ok: false, hash: null, findings: expect.any(Array), warnings: [] });
    expect(found.findings[0]).toMatch(/policy\.yaml:\d+:\d+ targets\[0\]\.windows: is missing/);
    expect(err).toContain(found.findings.join('\n'));
    expect(code).toBe(1);
    expect(await ran('check', file)).toMatchObject({ out: '', code: 1 });
    const people = await ran('check', example('policy.yaml'), '--people', 'nobody.yaml', '--json');
    expect(JSON.parse(people.out).findings).toEqual([expect.stringContaining('nobody.yaml cannot be read')]);
    const unfit = await ran('check', edited('policy.yaml', 'groups: [it]', 'groups: [itt]'), ...PEOPLE, '--json');
    expect(Object.keys(JSON.parse(unfit.out))).toEqual(Object.keys(found));
  });

  it('has them from test, in the shape of a report', async () => {
    const table = example('policy.test.yaml');
    const good = JSON.parse((await ran('test', table, '--json')).out);
    expect(good.findings).toEqual([]);
    for (const args of [[table, '--policy', broken()], [broken()], ['nowhere.yaml']]) {
      const { code, out } = await ran('test', ...args, '--json');
      const found = JSON.parse(out);
      expect(found).toMatchObject({ ok: false, minCoverage: 0, cases: [], rules: [], coverage: 0 });
      expect(Object.keys(found).sort()).toEqual(Object.keys(good).sort());
      expect(found.findings[0]).toMatch(/\.yaml/);
      expect(code).toBe(1);
    }
  });

  it('has them from diff, in the shape of a comparison', async () => {
    const old = example('policy.yaml');
    const good = JSON.parse((await ran('diff', old, old, ...PEOPLE, '--json')).out);
    expect(good.findings).toEqual([]);
    for (const args of [
      [broken(), old, ...PEOPLE],
      [old, broken(), ...PEOPLE],
      [old, old, '--people', 'nobody.yaml'],
    ]) {
      const { code, out } = await ran('diff', ...args, '--json');
      const found = JSON.parse(out);
      // Whether anything changes is not known: that is no "no".
      expect(found).toMatchObject({ changed: null, groups: [], complete: false });
      expect(found.findings[0]).toMatch(/\.yaml/);
      expect(Object.keys(found).sort()).toEqual(Object.keys(good).sort());
      expect(code).toBe(1);
    }
  });
});

describe('a file that is not UTF-8', () => {
  const latin = (name: string) => {
    const file = join(dir, `latin-${name}`);
    writeFileSync(file, Buffer.concat([Buffer.from('# B\xfcro\n', 'latin1'), readFileSync(example(name))]));
    return file;
  };

  it.each([
    ['policy.yaml', (file: string) => ['check', file]],
    ['people.yaml', (file: string) => ['check', example('policy.yaml'), '--people', file]],
    ['policy.yaml', (file: string) => ['diff', example('policy.yaml'), file, ...PEOPLE]],
    ['policy.test.yaml', (file: string) => ['test', file]],
    ['policy.yaml', (file: string) => ['explain', '--as', 'ada', '--target', 'C02ADA000001', '--policy', file, ...PEOPLE]],
  ])('%s is refused with its place and the fix', async (name, args) => {
    const file = latin(name);
    const { code, err } = await ran(...args(file));
    expect(err).toContain(`${file}:1:4 here is a byte that is not UTF-8; save it as UTF-8`);
    expect(code).toBe(1);
  });
});

describe('policy test', () => {
  const TABLE = example('policy.test.yaml');

  it('is content with the example, down to the last rule', async () => {
    const { code, out } = await ran('test', TABLE, '--min-coverage', '100');
    expect(out).toBe('11 of 11 cases come out as expected.\nRules that a case reaches: 2 of 2 (100 %).\n');
    expect(code).toBe(0);
  });

  it('names each case that comes out otherwise, with its line, what was expected and why it is as it is', async () => {
    const policy = edited('policy.yaml', 'quorum: 2', 'quorum: 1');
    const { code, out } = await ran('test', TABLE, '--policy', policy);
    const line = readFileSync(TABLE, 'utf8').split('\n').indexOf('  - name: a vault Mac takes two, and one is not enough') + 1;
    expect(out).toContain(
      [
        `FAILED ${TABLE}:${line}:5 a vault Mac takes two, and one is not enough`,
        '  outcome: expected needs-approval, got satisfied',
        '  quorum: expected 2, got 1',
        '  > Grace Hopper approved 10m.',
      ].join('\n'),
    );
    expect(out).toContain('10 of 11 cases come out as expected.');
    expect(code).toBe(1);
  });

  it('fails when fewer rules are reached than asked for, and names those that are not', async () => {
    const extra = '  - id: spare\n    kind: mac-admin\n    match: { serials: ["X*"] }\n    ask: { groups: [contractors] }\n';
    const policy = edited(
      'policy.yaml',
      'targets:\n',
      `targets:\n${extra}    approve: { groups: [it] }\n    windows: [5m]\n    max: 5m\n`,
    );
    expect((await ran('test', TABLE, '--policy', policy)).code).toBe(0);
    const { code, out } = await ran('test', TABLE, '--policy', policy, '--min-coverage', '67');
    expect(out).toContain('2 of 3 (66 %); at least 67 % are asked for.\nNo case reaches: spare.');
    expect(code).toBe(1);
  });

  it('says the same to a script', async () => {
    const { code, out } = await ran('test', TABLE, '--json', '--policy', edited('policy.yaml', 'max: 10m', 'max: 20m'));
    const report = JSON.parse(out);
    expect(report).toMatchObject({ ok: true, coverage: 100, minCoverage: 0, rules: [{ rule: 'vault-macs' }, { rule: 'macs' }] });
    expect(report.cases[0]).toMatchObject({ ok: true, failures: [], outcome: 'needs-approval', rule: 'macs' });
    expect(code).toBe(0);
  });

  it.each([
    [['test', 'nowhere.yaml'], 1, /nowhere\.yaml cannot be read\. Give the path of a table of cases/],
    [['test', TABLE, '--people', 'nobody.yaml'], 1, /nobody\.yaml cannot be read\. .* names it/],
    [['test', example('policy.yaml')], 1, /policy\.yaml:\d+:\d+ "deadlines" is not known here/],
    [['test', TABLE, '--min-coverage', '101'], 2, /It must be a whole number from 0 to 100/],
    [['test', TABLE, '--min-coverage', 'all'], 2, /It must be a whole number from 0 to 100/],
    [['test', TABLE, '--coverage'], 2, /unknown option '--coverage'/],
  ])('%j is refused with what to do', async (args, code, words) => {
    const { err, out, ...rest } = await ran(...args);
    expect(err).toMatch(words);
    expect({ out, ...rest }).toEqual({ out: '', code });
  });
});

describe('policy diff', () => {
  const OLD = example('policy.yaml');

  it('of a policy and itself says that nothing changes', async () => {
    const { code, out } = await ran('diff', OLD, OLD, ...PEOPLE, '--exit-code');
    expect(out).toBe('Nothing changes for anybody.\nCompared for 5 active people: 3 Macs of theirs and 0 kinds of AWS target.\n');
    expect(code).toBe(0);
  });

  it('tells what is wider from what is narrower, for whom and on what', async () => {
    const changed = edited('policy.yaml', 'windows: [5m, 10m]\n    max: 10m', 'windows: [5m]\n    max: 20m');
    const { code, out } = await ran('diff', OLD, changed, ...PEOPLE);
    expect(out).toBe(`WIDER
  up to 20m in all, was 10m
    who: linus
    on:  C02VAULT0001 of linus

NARROWER
  may no longer ask for 10m
    who: linus
    on:  C02VAULT0001 of linus

Compared for 5 active people: 3 Macs of theirs and 0 kinds of AWS target.
`);
    expect(code).toBe(0);
    expect((await ran('diff', OLD, changed, ...PEOPLE, '--exit-code')).code).toBe(1);
  });

  it('warns of names in either policy that the people file does not know, and is no other for it', async () => {
    const [was, is] = [
      edited('policy.yaml', 'groups: [staff]', 'groups: [staf]'),
      edited('policy.yaml', 'groups: [it]', 'groups: [itt]'),
    ];
    const { code, out, err } = await ran('diff', was, is, ...PEOPLE);
    expect(out).toContain('Compared for 5 active people');
    expect(code).toBe(0);
    const [first, second, ...others] = err.trim().split('\n');
    expect(first).toMatch(/^Warning: \S+staf\S*policy\.yaml:\d+:\d+ \S+: the group staf has no members; did you mean "staff"\?$/);
    expect(second).toMatch(/^Warning: \S+itt\S*policy\.yaml:\d+:\d+ \S+: the group itt has no members; did you mean "it"\?$/);
    expect(others).toEqual([]);
    const script = await ran('diff', is, is, ...PEOPLE, '--json');
    expect(JSON.parse(script.out)).toMatchObject({
      changed: false,
      warnings: [expect.stringContaining('the group itt has no members')],
    });
    expect(script.err).toBe('');
    expect(await ran('diff', OLD, OLD, ...PEOPLE)).toMatchObject({ err: '' });
  });

  it('says the same to a script, of AWS too', async () => {
    const TEST = 'in Test, set BreakGlass* or set ReadOnly';
    const changed = edited('policy-aws.yaml', 'ous: [Production]', 'ous: [Production, Test]');
    const { out } = await ran('diff', example('policy-aws.yaml'), changed, ...PEOPLE, '--json');
    const { changed: differs, groups, complete } = JSON.parse(out);
    expect({ differs, complete }).toEqual({ differs: true, complete: true });
    // What is tagged as tier 0 is fenced off, or had by its own rule alone: so it is the same for everybody.
    expect(groups[0]).toMatchObject({ people: ['ada', 'grace', 'linus', 'katherine'], targets: [TEST] });
    // In accounts of sandboxes another rule is now the first, and narrower.
    expect(
      groups.slice(1).map(({ targets }: { targets: string[] }) => targets.every((one) => one.startsWith('account sandbox-'))),
    ).toEqual([true, true, true, true]);
    expect(groups[0].widened[0]).toMatch(/^may ask now, by rule aws-production/);
  });

  it.each([
    [['diff', OLD, OLD], 2, /required option '--people <file>' not specified/],
    [['diff', OLD, ...PEOPLE], 2, /missing required argument 'new'/],
    [['diff', OLD, 'nowhere.yaml', ...PEOPLE], 1, /nowhere\.yaml cannot be read\. Give its path/],
    [['diff', OLD, example('people.yaml'), ...PEOPLE], 1, /The policy is not valid/],
  ])('%j is refused with what to do', async (args, code, words) => {
    const { err, out, ...rest } = await ran(...args);
    expect(err).toMatch(words);
    expect({ out, ...rest }).toEqual({ out: '', code });
  });
});

it('policy schema prints the file that stands beside the examples', async () => {
  const { code, out } = await ran('schema');
  expect(JSON.parse(out)).toEqual(JSON.parse(readFileSync(example('policy.schema.json'), 'utf8')));
  expect(code).toBe(0);
});
