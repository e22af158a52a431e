/** The MDM agent of the stand-in Mac: checks in, and runs what the Mac's tags say. It knows the stand-in MDM only by its URL. */

export interface CheckIn {
  close(): void;
}

/** Every `everyMs` asks for the Mac's tags; calls the action of each tag that was not there the last time. */
export function checkIn(mdmUrl: string, serial: string, everyMs: number, actions: Readonly<Record<string, () => void>>): CheckIn {
  let known = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const once = async () => {
    try {
      const reply = await fetch(`${mdmUrl}/sim/devices/${encodeURIComponent(serial)}/tags`, {
        signal: AbortSignal.timeout(5000),
      });
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
