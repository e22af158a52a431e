/** App Home: what there is about the person who opens it. No decision is made there. */
import type { WebClient } from '@slack/web-api';
import { home } from '../cards/status.js';
import { isStintError } from '../contract/errors.js';
import type { Directory, Freeze, Ledger } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import type { Gatekeeper } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import type { Claim } from './payload.js';

export interface Home {
  /** Never throws: a Home that cannot be drawn stays as it was. */
  opened(opened: { readonly claim: Claim; readonly tab: string }): Promise<void>;
}

export function createHome(deps: {
  readonly api: WebClient;
  readonly gatekeeper: Gatekeeper;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly freeze: Pick<Freeze, 'now'>;
  readonly logger: Log;
}): Home {
  async function viewsOf(claim: Claim): Promise<readonly ElevationView[]> {
    const member = await deps.gatekeeper.member(claim);
    const person = await deps.directory.personBySlack(member.teamId, member.userId);
    if (!person) return [];
    return (await deps.ledger.list({ personId: person.personId, limit: 20 })).map((row) => row.view);
  }

  return {
    async opened({ claim, tab }) {
      if (tab !== 'home') return;
      try {
        const view = home(await viewsOf(claim), await deps.freeze.now());
        await deps.api.views.publish({ user_id: claim.userId, view });
      } catch (error) {
        const level = isStintError(error) ? 'info' : 'warn';
        deps.logger[level]({ slackUserId: claim.userId, error: errorText(error) }, 'Home was not drawn');
      }
    },
  };
}
