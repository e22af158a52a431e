/**
 * The end: revoke until observed gone, collect what was done, close. Nothing unrelated can gate the revoke: its ids were
 * pinned at the grant; Slack, policy, directory and store may all be down. Nothing is called ended before it is gone.
 */
import { CancellationScope, condition } from '@temporalio/workflow';
import { type Instant, instant, msOf } from '../../contract/ids.js';
import type { Book } from '../book.js';
import { firstRevoke, revoking, store } from '../duties.js';
import type { Admitted } from './admit.js';
import { unless } from './decide.js';

/** Minutes after the ending began at which the alarm grows; after the last, every fifteen. */
const ALARMS = [1, 5, 15] as const;
/** A Mac sends its log by itself; only one that did not is asked through the MDM. */
const ASK_AFTER_MS = 60_000;

/** Takes it away, and stays here until the target shows that it is gone, or two people close it without proof. */
export async function revoke(e: Admitted): Promise<void> {
  const { book, painter } = e;
  if (book.state !== 'ending') return;
  const { request } = book.view;
  await firstRevoke.revokeOnce.executeWithOptions({ summary: `revoke ${request.target.key}` }, [request]).catch(() => false);
  book.hush = false;
  painter.line('ending');
  const endedAt = book.view.endingAt ?? instant(Date.now());
  void store.fenceEnd.executeWithOptions({ summary: 'store: ended' }, [request, endedAt]).catch(() => undefined);

  const alarms = new CancellationScope({ cancellable: true });
  void alarms.run(() => alarm(e, msOf(endedAt))).catch(() => undefined);
  const over = () => book.state !== 'ending' || e.pageFull();
  const proof = await unless(
    over,
    () =>
      revoking.proveGone.executeWithOptions({ summary: `observe ${request.target.key} gone` }, [
        request,
        book.quietFrom,
        book.view.claimedAt !== undefined,
      ]),
    book,
  );
  alarms.cancel();
  if (proof && book.state === 'ending') {
    book.record('gone', { observedAt: proof.observedAt, how: proof.how });
    // The target is free from here on: the log may take half an hour, the next elevation need not wait for it.
    book.released = true;
    void store.release
      .executeWithOptions({ summary: 'store: target free' }, [request, endedAt, proof.observedAt, true])
      .catch(() => undefined);
  }
  if (!book.is('ending')) painter.line('ended');
}

async function alarm({ book, painter }: Admitted, from: number): Promise<void> {
  for (let i = 0; ; i++) {
    const minutes = ALARMS[i] ?? 15 * (i - ALARMS.length + 2);
    if (minutes <= (book.view.alarmMinutes ?? 0)) continue; // said before the page was turned
    if (await book.until(() => book.state !== 'ending', from + minutes * 60_000, `alarm after ${minutes} min`)) return;
    book.record('alarm', { what: 'revoke-pending', minutes });
    painter.line('alarm', `alarm-${minutes}`);
  }
}

/** Log chunks complete, or the evidence deadline: then "log missing" is said. */
export async function collect(e: Admitted): Promise<void> {
  const { book, painter } = e;
  if (book.state !== 'collecting') return;
  const { request, verdict } = book.view;
  // A Mac that never got the access has nothing to show.
  const expected = book.view.claimedAt !== undefined;
  const by = msOf(book.view.goneAt ?? instant(Date.now())) + verdict.deadlines.evidenceMs;
  const soon = Math.min(by, Date.now() + ASK_AFTER_MS);
  if (expected && !(await book.until(() => book.evidenceComplete || e.pageFull(), soon, 'until the Mac sends its log')))
    void revoking.askEvidence.executeWithOptions({ summary: 'ask for the log' }, [request]).catch(() => undefined);
  if (expected) await book.until(() => book.evidenceComplete || e.pageFull(), by, 'evidence deadline');
  if (e.pageFull() && expected && !book.evidenceComplete) return;
  const found = expected
    ? await unless(
        () => false,
        () => store.readEvidence.executeWithOptions({ summary: 'store: evidence' }, [request.requestId]),
        book,
        Math.max(by, Date.now() + 60_000),
      )
    : undefined;
  const complete = !expected || (found?.complete ?? false);
  if (!complete) book.record('alarm', { what: 'evidence-missing', minutes: Math.round(verdict.deadlines.evidenceMs / 60_000) });
  book.record('evidence-settled', { complete, lines: found?.lines ?? 0, ...(found?.digest && { digest: found.digest }) });
  if (found && found.lines + (found.digest ? 1 : 0) > 0) painter.files();
  if (expected) painter.line('evidence');
}

/** MDM signals cleared, card final, outcome recorded. Slack and the store are waited for here, and only here. */
export async function close(e: Admitted): Promise<void> {
  const { book, painter } = e;
  if (book.state !== 'closed') return;
  const { request } = book.view;
  const at: Instant = book.view.closedAt ?? instant(Date.now());
  book.record('closed', { outcome: book.view.outcome ?? 'failed' });
  if (book.view.confirmedAt) painter.dm('ended');
  if (!book.released) {
    const proved = book.view.outcome === 'unproven';
    await store.release.executeWithOptions({ summary: 'store: target free' }, [request, book.view.endingAt ?? at, at, proved]);
  }
  if (book.view.armedAt) await revoking.clearSignals.executeWithOptions({ summary: 'clear MDM signals' }, [request]);
  await settle(e);
  await e.stop();
}

/** Until everything is written and sent, and no message waits: a click in this time gets its answer, late evidence its place. */
async function settle(e: Admitted): Promise<void> {
  const { book, inbox, painter, scribe } = e;
  do {
    await condition(() => inbox.idle);
    await fileLate(e);
    await scribe.written();
    await painter.settled();
  } while (!inbox.idle || lateIsThere(book));
}

function lateIsThere({ view, evidenceComplete }: Book): boolean {
  return evidenceComplete && view.evidence?.complete === false;
}

async function fileLate({ book, painter }: Admitted): Promise<void> {
  if (!lateIsThere(book)) return;
  const found = await store.readEvidence.executeWithOptions({ summary: 'store: late evidence' }, [book.view.request.requestId]);
  if (!found.digest) {
    book.evidenceComplete = false;
    return;
  }
  book.record('late-evidence', { lines: found.lines, digest: found.digest }, { via: 'device' });
  painter.files();
  painter.line('evidence', 'late-evidence');
}
