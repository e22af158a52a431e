/** What waits to be sent to Slack: plain data, so that it survives a page turn. */
import type { DmKind, LineKind } from '../contract/duties.js';
import type { ErrorCode } from '../contract/errors.js';
import type { Envelope } from '../contract/messages.js';
import type { ElevationView } from '../contract/view.js';

export type Letter =
  | { readonly to: 'subject'; readonly kind: DmKind; readonly view: ElevationView }
  | { readonly to: 'thread'; readonly kind: LineKind; readonly view: ElevationView; readonly key: string }
  | { readonly to: 'files'; readonly view: ElevationView }
  | { readonly to: 'clicker'; readonly actor: Envelope['actor']; readonly code: ErrorCode };
