/** The one question that a command asks before it does what cannot be undone. */
import { createInterface } from 'node:readline';

/** Whether the answer is `yes`. To end the input (Ctrl-D) or to break off (Ctrl-C) is none. */
export async function saysYes(question: string, input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<boolean> {
  const prompt = createInterface({ input, output });
  prompt.setPrompt(`${question} Type yes: `);
  prompt.prompt();
  // Read by the line: who waits for the answer to a question waits for ever when the input ends without one.
  for await (const line of prompt) return line.trim() === 'yes';
  output.write('\n');
  return false;
}
