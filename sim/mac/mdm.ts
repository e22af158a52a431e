/** The MDM agent of the stand-in Mac: checks in, and runs what the Mac's tags say. It knows the stand-in MDM only by its URL. */

export interface CheckIn {
  close(): void;
}

/** An account as the MDM's inventory lists it. */
export interface LocalAccount {
  readonly username: string;
  readonly type: 'Standard' | 'Admin';
  readonly uid: number;
  readonly generated_uid: string;
}

export interface CheckInDeps {
  readonly mdmUrl: string;
  readonly serial: string;
  readonly everyMs: number;
  /** What the library item of a tag does; called when the tag was not there the last time. */
  readonly actions: Readonly<Record<string, () => void>>;
  readonly accounts: () => readonly LocalAccount[];
}

/** Every `everyMs` reports the Mac's accounts when they changed, asks for its tags, and acts on new ones. */
export function checkIn({ mdmUrl, serial, everyMs, actions, accounts }: CheckInDeps): CheckIn {
  const device = `${mdmUrl}/sim/devices/${encodeURIComponent(serial)}`;
  const signal = () => AbortSignal.timeout(5000);
  let reported = '';
  const inventory = async () => {
    const body = JSON.stringify({ users: accounts() });
    if (body === reported) return;
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${device}/local-users`, { method: 'POST', headers, body, signal: signal() });
    if (reply.ok) reported = body;
  };
  let known = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const once = async () => {
    try {
      await inventory();
      const reply = await fetch(`${device}/tags`, { signal: signal() });
      const body: unknown = reply.ok ? await reply.json() : undefined;
      const tags = tagsOf(body);
      if (tags !== undefined) {
        for (const tag of tags) if (!known.has(tag)) actions[tag]?.();
        known = new Set(tags);
      }
    } catch {
      // A check-in that fails is tried again at the next, as the real agent does.
    }
    if (!closed) timer = setTimeout(once, everyMs);
  };
  timer = setTimeout(once, 0);
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function tagsOf(body: unknown): readonly string[] | undefined {
  if (typeof body !== 'object' || body === null || !('tags' in body) || !Array.isArray(body.tags)) return undefined;
  return body.tags.filter((tag): tag is string => typeof tag === 'string');
}
