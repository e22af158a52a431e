/** People's accounts in Slack: whoever has some in several workspaces is reached, and named, by the one in the workspace that the app is in. */
import type { SlackUserId } from './ids.js';
import type { Person } from './ports.js';
import type { PersonRef } from './request.js';

/** Their account in this workspace, if they have one there: an id of another workspace is nobody's here, or somebody else's. */
export function accountIn(teamId: string, { slack }: Pick<Person, 'slack'>): SlackUserId | undefined {
  return slack.find((account) => account.teamId === teamId)?.userId;
}

/** As a request names them. */
export function refIn(teamId: string, person: Person): PersonRef {
  const { personId, name } = person;
  const slackUserId = accountIn(teamId, person);
  return { personId, name, ...(slackUserId && { slackTeamId: teamId, slackUserId }) };
}
