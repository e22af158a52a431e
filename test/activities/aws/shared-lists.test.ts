/** One list for all that ask for it at the same time, and never one that left before they asked. */
import { describe, expect, it } from 'vitest';
import type { AssignmentCalls, Brief, How } from '../../../activities/targets/aws-permission-set/calls.js';
import { sharingLists } from '../../../activities/targets/aws-permission-set/shared-lists.js';

const ARN = 'arn:aws:sso:::instance/ssoins-1234567890abcdef';

/** Calls whose lists are answered by hand, one after the other. */
function byHand() {
  const asked: { readonly how: How; readonly answer: (ids: readonly string[]) => void; readonly fail: (error: Error) => void }[] =
    [];
  const operations = (_kind: string, _arn: string, _state: unknown, how: How) =>
    new Promise<readonly Brief[]>((resolve, reject) => {
      const answer = (ids: readonly string[]) => resolve(ids.map((id) => ({ id, state: 'IN_PROGRESS' as const })));
      asked.push({ how, answer, fail: reject });
    });
  const calls = sharingLists({ operations } as unknown as AssignmentCalls);
  const ask = (how: How = { rank: 'grant' }) =>
    calls.operations('create', ARN, 'IN_PROGRESS', how).then((found) => found.map(({ id }) => id));
  return { asked, ask };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a list of operations', () => {
  it('that left before is not the answer: who asks meanwhile shares the next one', async () => {
    const { asked, ask } = byHand();
    const first = ask();
    await settled();
    const later = [ask(), ask(), ask()];
    await settled();
    expect(asked).toHaveLength(1);
    asked[0]?.answer(['a']);
    expect(await first).toEqual(['a']);
    await settled();
    expect(asked).toHaveLength(2);
    asked[1]?.answer(['a', 'b']);
    expect(await Promise.all(later)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('is asked for by a revoke itself, at once', async () => {
    const { asked, ask } = byHand();
    void ask();
    await settled();
    const revoke = ask({ rank: 'revoke' });
    expect(asked).toHaveLength(2);
    asked[1]?.answer(['c']);
    expect(await revoke).toEqual(['c']);
  });

  it('goes on for the others when one gives up, and leaves without the instant of any of them', async () => {
    const { asked, ask } = byHand();
    const over = new AbortController();
    const impatient = ask({ rank: 'grant', signal: over.signal, sendBefore: 5 });
    const patient = ask();
    await settled();
    expect(asked.map(({ how }) => how)).toEqual([{ rank: 'grant' }]);
    over.abort(new Error('given up'));
    await expect(impatient).rejects.toThrow('given up');
    asked[0]?.answer(['d']);
    expect(await patient).toEqual(['d']);
  });

  it('that fails ends no process where only somebody asked for it who had given up before', async () => {
    const { asked, ask } = byHand();
    const unheard: unknown[] = [];
    const hear = (error: unknown) => void unheard.push(error);
    process.on('unhandledRejection', hear);
    await expect(ask({ rank: 'grant', signal: AbortSignal.abort(new Error('given up')) })).rejects.toThrow('given up');
    await settled();
    asked[0]?.fail(new Error('throttled'));
    for (let i = 0; i < 3; i++) await settled();
    process.off('unhandledRejection', hear);
    expect([asked.length, unheard]).toEqual([1, []]);
  });

  it('that fails fails for those who share it, and the next one is asked for anew', async () => {
    const { asked, ask } = byHand();
    const both = [ask(), ask()];
    await settled();
    asked[0]?.fail(new Error('throttled'));
    for (const each of both) await expect(each).rejects.toThrow('throttled');
    const next = ask();
    await settled();
    asked[1]?.answer([]);
    expect(await next).toEqual([]);
  });
});
