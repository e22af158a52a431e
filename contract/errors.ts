/**
 * One error base, one table: what a code means to HTTP, to a retry and to a person. Unknown errors are rethrown,
 * never turned into one of these.
 */

interface Meaning {
  /** HTTP status when it leaves through an API. */
  readonly status: number;
  /** Whether the same call may work later. */
  readonly retryable: boolean;
  /** What to tell the person; says what to do next. */
  readonly sentence: string;
  readonly severity: 'info' | 'warning' | 'error';
}

const table = <T extends Record<string, Meaning>>(t: T): { readonly [K in keyof T]: Meaning } => t;
const info = (status: number, sentence: string): Meaning => ({ status, retryable: false, sentence, severity: 'info' });
const warn = (status: number, sentence: string): Meaning => ({ status, retryable: false, sentence, severity: 'warning' });
const later = (status: number, sentence: string): Meaning => ({ status, retryable: true, sentence, severity: 'error' });
const broken = (status: number, sentence: string): Meaning => ({ status, retryable: false, sentence, severity: 'error' });

export const ERRORS = table({
  // who
  'person-unknown': warn(403, 'Stint does not know you yet. Ask your IT team to add your Slack account to the people file.'),
  'person-inactive': warn(403, 'Your entry in the people file is not active. Ask your IT team.'),
  'not-eligible': info(403, 'The policy does not let you ask for this. Ask your IT team which rule would.'),
  'not-approver': info(403, 'You are not an approver of this request.'),
  'own-request': info(403, 'You cannot decide your own request. Someone else has to.'),
  'not-yours': info(403, 'Only the person who holds this elevation, or an approver, may do that.'),
  'foreign-workspace': warn(403, 'This button works only for members of the workspace that Stint is installed in.'),
  'guest-account': warn(403, 'Guests, bots and deactivated accounts cannot use Stint.'),
  'wrong-place': warn(403, 'This button is not on the card that Stint posted. Use the card in the approver channel.'),
  replayed: warn(409, 'This was already received once and was not carried out again.'),
  // what
  'bad-input': info(400, 'Something in this request is not valid.'),
  'bad-start': info(400, 'This cannot begin at that time. Choose another.'),
  'unknown-request': info(404, 'Stint knows no such elevation. Check the id.'),
  'unknown-target': info(404, 'There is no such target in the people file and the policy.'),
  'device-unknown': info(404, 'The MDM has no Mac of that serial number.'),
  'device-ambiguous': warn(409, 'The MDM has several records of that serial number. Remove the stale one first.'),
  'tag-unknown': broken(422, 'The MDM does not know the tag. Create it, or correct the tag name in the configuration.'),
  'state-conflict': info(409, 'That is no longer possible: the elevation has moved on.'),
  'target-busy': info(409, 'Another elevation holds this target. Wait until it has ended.'),
  'too-late': info(409, 'The time for this has passed.'),
  'too-early': later(503, 'The time for this has not come yet.'),
  'verdict-lost': warn(403, 'The policy no longer allows this.'),
  'limit-reached': info(403, 'A limit of the policy is reached. Try again later.'),
  frozen: info(423, 'Stint is frozen: nothing new is granted until an operator lifts the freeze with "stint unfreeze".'),
  fenced: warn(409, 'This elevation was already ended; it will not be granted again.'),
  'ledger-conflict': broken(409, 'An entry of this id exists with other content.'),
  'not-gone': later(503, 'The target does not yet show that the access is gone.'),
  // seals and device calls
  'bad-seal': warn(401, 'The signature of this message is not valid.'),
  'seal-lost': warn(403, 'The request or its approval was sealed with a key that is no longer trusted. Ask again.'),
  'seal-expired': warn(401, 'This message is too old.'),
  'wrong-sender': warn(403, 'This sender may not say that.'),
  'bad-signature': warn(401, 'The signature of this call is not valid.'),
  'stale-call': warn(401, "The time of this call is too far from the server's. Check the clock."),
  'too-large': info(413, 'The body is too large.'),
  'too-many': later(429, 'Too many calls. Wait a moment.'),
  // parts that are down
  'store-unavailable': later(503, 'The store cannot be reached, so nothing new is granted. Try again shortly.'),
  'temporal-unavailable': later(503, 'The workflow engine cannot be reached. Try again shortly; nothing was lost.'),
  'mdm-unavailable': later(503, 'The MDM cannot be reached.'),
  'slack-unavailable': later(503, 'Slack cannot be reached.'),
  'slack-rejected': broken(502, 'Slack refused the call.'),
  'mdm-rejected': broken(502, 'The MDM refused the call.'),
  'aws-unavailable': later(503, 'AWS cannot be reached, or is busy. Trying again.'),
  'aws-credentials': later(503, "AWS does not accept Stint's credentials. Renew them; then it goes on by itself."),
  'aws-rejected': broken(502, 'AWS refused the call.'),
  'aws-failed': broken(502, 'AWS could not do it.'),
  'oncall-unavailable': later(503, 'Who is on call cannot be looked up, so nothing that depends on it is approved.'),
  'ticket-unavailable': later(503, 'Whether the ticket is there cannot be looked up, so nothing is approved by it.'),
  'have-already': info(409, 'You have this already, and not from Stint. Nothing was granted, and nothing will be taken away.'),
  // set-up
  'bad-config': broken(500, 'The configuration is not valid.'),
  'bad-policy': broken(500, 'The policy file is not valid.'),
  locked: broken(500, 'Another process uses this data folder.'),
  'no-server': broken(500, 'No Temporal server could be found or started.'),
  'not-ready': broken(500, 'A part did not come up.'),
  'port-used': broken(500, 'A port is already in use.'),
});

export type ErrorCode = keyof typeof ERRORS;

/** Every error that Stint raises on purpose. Branch on `code`; show `sentence`. */
export class StintError extends Error {
  readonly code: ErrorCode;
  /** Names the field or thing, and the fix; safe to show. Falls back on the table's sentence. */
  readonly sentence: string;

  constructor(code: ErrorCode, sentence?: string, options?: ErrorOptions) {
    super(`${code}: ${sentence ?? ERRORS[code].sentence}`, options);
    this.name = 'StintError';
    this.code = code;
    this.sentence = sentence ?? ERRORS[code].sentence;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** Narrow an unknown error to one of ours. */
export function isStintError(error: unknown): error is StintError {
  return error instanceof StintError;
}
