/** What the pages say is there: every link and heading, every script, command, option and setting, every test they name. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../../workers/config-variables.js';
import { ROOT } from './compile.js';

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const PAGES = listed.split('\n').filter((file) => file !== '' && existsSync(join(ROOT, file)));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** A page without its code, where brackets mean nothing. */
const prose = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '`');

/** What stands in fences, line by line, and between backticks. */
function code(text: string): string[] {
  const fences = [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```/gm)].flatMap(([, inner = '']) => inner.split('\n'));
  const spans = [...text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, inner = '']) => inner);
  return [...fences, ...spans];
}

/** The anchors of a page as GitHub makes them. */
function anchors(text: string): string[] {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title);
  return headings.map((title) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-'),
  );
}

/** What a link of a page leads to and is not there. */
function broken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, file))) return true;
  return anchor !== undefined && !anchors(read(file)).includes(anchor);
}

async function program(): Promise<Command> {
  const stint = new Command('stint');
  const folder = join(ROOT, 'cli', 'commands');
  for (const file of readdirSync(folder)) {
    const exported: Record<string, unknown> = await import(join(folder, file));
    for (const [name, add] of Object.entries(exported)) if (/^add[A-Z]/.test(name) && typeof add === 'function') add(stint);
  }
  return stint;
}

/** What all of them have: `request …` is any of its commands. */
function inEach(commands: readonly Command[]): readonly string[] {
  const [first = [], ...others] = commands.map((command) => command.options.flatMap(({ long }) => long ?? []));
  return first.filter((long) => others.every((other) => other.includes(long)));
}

/** What is wrong with a command line of ours, or nothing. */
function wrong(stint: Command, line: string): string | undefined {
  let here = stint;
  const options = ['--help', '--version'];
  for (const word of line.split(/\s+/)) {
    const next = here.commands.find((command) => command.name() === word);
    const option = /^(--[a-z-]+)/.exec(word)?.[1];
    if (next) here = next;
    else if (word === '…') options.push(...inEach(here.commands));
    else if (option && ![...options, ...here.options.map((o) => o.long)].includes(option)) return `${line}: no option ${word}`;
    else if (here.commands.length > 0 && /^[a-z]/.test(word)) return `${line}: no command ${word}`;
  }
  return undefined;
}

/** Rows of a table that stand outside of one: what an edit left where a page is read as text. */
function strayRows(text: string): string[] {
  const blocks = text.replace(/^ *```[\s\S]*?^ *```/gm, '').split(/^(?!\s*\|).*$/m);
  return blocks.map((block) => block.trim()).filter((block) => block !== '' && !/^.*\n\s*\|[ :|-]+\|\s*(\n|$)/.test(block));
}

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('begins with its title, and has rows of tables in tables alone', () => {
    expect(text).toMatch(/^# \S/);
    expect(strayRows(text)).toEqual([]);
  });

  test('links only to what is there', () => {
    const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !/^[a-z]+:/.test(link) && broken(page, link))).toEqual([]);
  });

  test('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = code(text).flatMap((line) => [...line.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name = '']) => name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('names only commands and options that the program has', async () => {
    const stint = await program();
    const lines = code(text).flatMap((line) =>
      [...line.matchAll(/\bstint ([a-z-][^|;&)]*)/g)].map(([, rest = '']) => rest.trim()),
    );
    expect(lines.flatMap((line) => wrong(stint, line) ?? [])).toEqual([]);
  });

  test('names only settings that exist', () => {
    const elsewhere = [
      'docker-compose.yml',
      'deploy/create-namespace.sh',
      'cli/temporal-server/find.ts',
      'workers/config-reader.ts',
      'test/identity-center/contract-place.ts',
    ]
      .map(read)
      .join('\n');
    const named = code(text).flatMap((line) => line.match(/\b(?:STINT|SLACK|MDM|DEVICE_API|TEMPORAL)_[A-Z_]+\b/g) ?? []);
    expect(
      named.filter((name) => !(name.replace(/_FILE$/, '') in VARIABLES || name in VARIABLES || elsewhere.includes(name))),
    ).toEqual([]);
  });

  test('names only tests that exist', () => {
    const rows = text.split('\n').filter((row) => /`[\w/-]+\.test\.ts`/.test(row));
    const missing = rows.flatMap((row) => {
      const files = [...row.matchAll(/`([\w/-]+\.test\.ts)`/g)].map(([, file = '']) => join('test', file));
      const gone = files.filter((file) => !existsSync(join(ROOT, file)));
      const all = files
        .filter((file) => !gone.includes(file))
        .map(read)
        .join('\n');
      const names = [...(row.split('|').at(-2) ?? '').matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
      return [...gone, ...names.filter((name) => !all.includes(name))];
    });
    expect(missing).toEqual([]);
  });
});

test('the changelog tells nothing twice', () => {
  const begins: readonly string[] = read('CHANGELOG.md').match(/^- .{40}/gm) ?? [];
  expect(begins.filter((line, i) => begins.indexOf(line) < i)).toEqual([]);
});

test('a page that is wrong in each of these ways would be found', async () => {
  expect(broken('README.md', 'docs/nowhere.md')).toBe(true);
  expect(broken('README.md', 'docs/operations.md#no-such-heading')).toBe(true);
  expect(broken('README.md', 'docs/operations.md#health-logs-metrics')).toBe(false);
  const row = '| `npx stint show <id>` | one elevation |';
  expect(strayRows(`# Page\n\n${row}\n`)).toEqual([row]);
  expect(strayRows(`# Page\n\n| command | does |\n|---|---|\n${row}\n`)).toEqual([]);
  const stint = await program();
  expect(wrong(stint, 'polcy check')).toContain('polcy');
  expect(wrong(stint, 'policy chek file')).toContain('chek');
  expect(wrong(stint, 'list --lives')).toContain('--lives');
  expect(wrong(stint, 'request … --wait')).toBeUndefined();
  expect(wrong(stint, 'request … --account')).toContain('--account');
  expect(wrong(stint, 'policy check policy.yaml --people people.yaml')).toBeUndefined();
  expect(PAGES.length).toBeGreaterThan(10);
});
