// Joins the agent's fragments into one program. Without `--root` the result is what goes on Macs: full paths, nothing taken from
// the environment. With `--root DIR` it is for a stand-in Mac: the same text, with programs from DIR/bin first and folders below DIR.
// usage: node device/macos/assemble.mjs [--root DIR] [--out FILE]
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const PROGRAM = /(?<![\w./$}-])\/(?:usr\/)?s?bin\/(?=[a-z])/g;

/** The agent as text, in the order of its fragments' names. */
function joined() {
  const folder = new URL('./agent/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.sh'));
  return names
    .sort()
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
}

/** Quotes text for sh. */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** One line of the agent, moved below `root`. */
function moved(line, root) {
  const place = /^([A-Z_]+)=('?)(\/[^']*?)\2 +# @place$/.exec(line);
  if (place) return `${place[1]}=${quoted(join(root, place[3]))}`;
  if (line.startsWith('PATH='))
    return `PATH=${quoted(`${join(root, 'bin')}:${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`)}`;
  return line.startsWith('#!') ? line : line.replace(PROGRAM, '');
}

const { values } = parseArgs({ options: { root: { type: 'string' }, out: { type: 'string' } } });
const { root, out } = values;
const release = joined();
const text =
  root === undefined
    ? release
    : release
        .split('\n')
        .map((line) => moved(line, root))
        .join('\n');
if (out === undefined) process.stdout.write(text);
else {
  writeFileSync(out, text, { mode: 0o755 });
  chmodSync(out, 0o755);
}
