/** What a case says that the person had and asked before, as the store would have it: all of it by the rule that applies. */
import { instant, type RequestId } from '../contract/ids.js';
import type { Happened, Usage } from '../contract/limits.js';
import type { PolicyCase } from './case-file.js';

const MINUTE = 60_000;

/** `now` in milliseconds since 1970 is when the case is asked. */
export function usageOfCase({ had = {} }: PolicyCase, rule: string | undefined, now: number): Usage {
  const { live = 0, requests = 0, access, revoked, automatic = 0 } = had;
  const named = (name: string) => ({ requestId: name as RequestId, ...(rule === undefined ? {} : { rule }) });
  const at = (ms: number) => instant(now + ms);
  const many = <T>(count: number, of: (index: number) => T) => Array.from({ length: count }, (_, index) => of(index));
  const none = { from: at(0), to: at(0) };
  return {
    asked: many(requests, (i): Happened => ({ ...named(`request-${i + 1}`), at: at(-MINUTE) })),
    held: [
      // How long they last is told by `access` alone.
      ...many(live, (i) => ({ ...named(`live-${i + 1}`), live: true, windowMs: 0, notAfter: at(30 * MINUTE), span: none })),
      ...(access === undefined
        ? []
        : [{ ...named('access'), live: false, windowMs: access, notAfter: at(0), span: { from: at(-access), to: at(0) } }]),
    ],
    automatic: many(automatic, (i): Happened => ({ ...named(`automatic-${i + 1}`), at: at(-MINUTE) })),
    revoked: revoked === undefined ? [] : [{ ...named('revoked'), at: at(-revoked) }],
  };
}
