/** The question before what cannot be undone: only `yes` is a yes, and no way to end the prompt is one, or leaves it waiting. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { saysYes } from '../../cli/yes.js';

/** Asks a terminal, or a pipe, in which somebody types. */
async function asked(type: (input: PassThrough) => void, isTTY: boolean): Promise<{ said: boolean; shown: string }> {
  const [input, output] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY, columns: 80 })];
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const answer = saysYes('End 3 elevations?', input, output);
  type(input);
  return { said: await answer, shown };
}

test.each([true, false])('asks and takes yes for yes, and nothing else (terminal: %s)', async (isTTY) => {
  const { said, shown } = await asked((input) => input.write('yes\n'), isTTY);
  expect(said).toBe(true);
  expect(shown).toContain('End 3 elevations? Type yes: ');
  for (const text of ['no\n', '\n', 'y\n', 'yes please\n', 'no\nyes\n'])
    expect((await asked((input) => input.write(text), isTTY)).said, text).toBe(false);
});

test.each<[string, (input: PassThrough) => void]>([
  ['Ctrl-D', (input) => input.write('\u0004')],
  ['Ctrl-C', (input) => input.write('\u0003')],
  ['Ctrl-C in the midst of the word', (input) => input.write('yes\u0003')],
  ['a terminal that is gone', (input) => input.end()],
])('%s is a no', async (_, type) => {
  expect((await asked(type, true)).said).toBe(false);
});

test('an input that is at its end is a no', async () => {
  expect((await asked((input) => input.end(), false)).said).toBe(false);
});
