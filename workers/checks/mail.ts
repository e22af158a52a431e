/** Whether the mail server takes what rules tell by e-mail. Logs in, and sends nothing. */
import { createMailer } from '../../activities/mail/smtp.js';
import { isStintError } from '../../contract/errors.js';
import { few } from '../../contract/few.js';
import type { PartConfigs } from '../config.js';
import { type Check, SHOWN } from './check.js';

export interface MailCheckDeps {
  readonly mail: PartConfigs['mail'];
  /** The rules that tell anybody by e-mail. */
  readonly wanted: () => Promise<readonly string[]>;
  readonly readFile: (path: string) => string;
}

const CALL_MS = 8_000;

/** One row. */
export function checkMail({ mail, wanted, readFile }: MailCheckDeps): Check {
  return async (say) => {
    const rules = await wanted();
    if (!mail && rules.length === 0) return say.ok('server', 'none is set up, and no rule tells anybody by e-mail');
    if (!mail)
      return say.fail('server', `none is set up, and these rules tell by e-mail: ${few(rules, SHOWN)}`, 'Set STINT_SMTP_URL.');
    try {
      await createMailer({ config: mail, readFile, timeoutMs: CALL_MS }).verify();
      say.ok('server', `${mail.host}:${mail.port} lets Stint in`);
    } catch (error) {
      if (!isStintError(error)) throw error;
      say.fail('server', error.sentence, 'Nothing waits for it; what was not told within a day is given up.');
    }
  };
}
