/**
 * What is said of a permission set in an AWS account. What AWS does not do is said as plainly as the rest: it ends the
 * assignment, and no session that was opened by it (facts: docs of IAM Identity Center, "revoke access").
 */
import { type Instant, instant, msOf } from '../../contract/ids.js';
import type { AwsPermissionSetTarget } from '../../contract/request.js';
import { foreign, link, type Sentence, spell, strong, when } from '../say.js';
import { oneLine } from '../text.js';
import type { Portal, Times, Way, Words } from './words.js';

export function awsWords(target: AwsPermissionSetTarget): Words {
  const { accountId, sessionMs } = target;
  return {
    right: 'AWS access',
    short: 'AWS access',
    are: 'is',
    end: 'ends',
    joint: 'as',
    youHold: 'have AWS access',
    holds: 'has AWS access',
    becomes: 'gets AWS access',
    thing: 'the assignment in AWS',
    fact: [strong('AWS: '), foreign(target.display), ' (account ', foreign(accountId, 20), '), sessions last ', spell(sessionMs)],
    granting: (by) => [
      '. AWS is working on it, which may take a minute',
      ...by,
      '; the clock starts when AWS has given the access.',
    ],
    meanwhile: () => ['AWS is working on it, which may take a minute. The time counts from the moment AWS has given the access.'],
    way: (portal) => way(target, portal),
    tail: (times) => tail(times, sessionMs),
    collecting: 'Closing the record.',
    treat: 'Treat this access as still there',
    check: [
      [
        'What to do: look in IAM Identity Center, AWS accounts, ',
        foreign(accountId, 20),
        ', whether the assignment is still listed, and remove it there; AWS says on that page what it waits for.',
      ],
    ],
    wakeUp: 'Stint goes on trying. Your platform team can look at it in IAM Identity Center.',
    notStarted: 'AWS did not show the access in time',
    unstarted: {
      means:
        'It was approved, and until then AWS was too slow, asked Stint for fewer calls, or did not take Stint’s own credentials.',
      todo: 'Ask again in some minutes. If that ends the same way, tell your platform team: they have an alarm, and "stint doctor --only aws" shows them which it is.',
    },
    neverConfirmed: 'AWS never showed the access.',
    lostContact: 'Contact with AWS was lost',
    log: { elsewhere: ['What was done with it is in the CloudTrail of the account.'] },
  };
}

/** What outlives the assignment: role credentials go on to their own end, whatever is done to the assignment. */
function tail({ deadlineAt, goneAt }: Times, sessionMs: number): Sentence {
  const later = (at: Instant): Instant => instant(msOf(at) + sessionMs);
  if (goneAt) return ['The assignment is gone; a session that was opened before can last until ', when(later(goneAt)), '.'];
  if (!deadlineAt) return [];
  return ['The assignment ends ', when(deadlineAt), '; a session opened before can last until ', when(later(deadlineAt)), '.'];
}

function way(target: AwsPermissionSetTarget, portal: Portal | undefined): Way {
  const hint: Sentence = ['AWS may take a minute to show it everywhere. End it when you are done.'];
  if (!portal) return { says: [['Open it in your AWS access portal. ', ...hint]] };
  return {
    says: [[link(consoleUrl(target, portal), `Open ${oneLine(target.setName, 32)} in the AWS console`), '. ', ...hint]],
    snippet: profile(target, portal),
  };
}

/** A shortcut of the access portal (Identity Center user guide, "Create shortcut links"). */
function consoleUrl({ accountId, setName }: AwsPermissionSetTarget, { startUrl }: Portal): string {
  const query = new URLSearchParams({ account_id: oneLine(accountId, 20), role_name: oneLine(setName, 32) });
  return `${bare(startUrl)}/#/console?${query.toString()}`;
}

/** As people copy it out of their browser, it may end in a slash or in the portal's own `#/`. */
const bare = (url: string): string => url.replace(/\/*(#.*)?$/, '');

/** For `~/.aws/config`, and the two commands that go with it. */
function profile({ accountId, setName }: AwsPermissionSetTarget, { startUrl, region }: Portal): readonly string[] {
  const [account, role] = [oneLine(accountId, 20), oneLine(setName, 32)];
  const name = `stint-${account}-${role}`;
  return [
    `[profile ${name}]`,
    `sso_start_url = ${bare(oneLine(startUrl, 200))}`,
    `sso_region = ${oneLine(region, 40)}`,
    `sso_account_id = ${account}`,
    `sso_role_name = ${role}`,
    '',
    `aws sso login --profile ${name}`,
    `aws sts get-caller-identity --profile ${name}`,
  ];
}
