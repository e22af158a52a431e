/**
 * One whole cloud request without a person: found by typing, approved, in force when AWS itself says so, taken back within
 * a second of the deadline, and what stood before still there. Judged by the organisation's own record.
 */
import type { Overview } from '../../sim/identity-center/overview.js';
import { cardAppears, openForm, pickTarget, sendForm } from './form.js';
import type { DemoHome } from './home.js';
import { ACCOUNTS, awsUserId, SETS } from './organisation.js';
import type { SeenMessage, Sight } from './sight.js';
import { type Found, newest, type Step, Wrong } from './steps.js';
import { CHANNEL, GENERAL, PEOPLE } from './world.js';

const WINDOW_S = 30;
/** How long after the deadline the delete call may leave, in ms. */
const CALL_LAG_MS = 1000;
/** What AWS's stand-in itself takes at most for a change, in seconds, and some room for a busy computer. */
const AWS_S = 3 + 5;
const REASON = 'Look at the queue that stopped after the release of this morning';
const WISH = {
  search: 'sandbox power',
  target: /PowerUserAccess.*sandbox|sandbox.*PowerUserAccess/,
  windowMs: WINDOW_S * 1000,
  reason: REASON,
};
const [ada, , grace, , mallory] = PEOPLE;

type Span = Overview['access'][number];
const isHers = ({ accountId, setArn, userId }: Pick<Span, 'accountId' | 'setArn' | 'userId'>): boolean =>
  accountId === ACCOUNTS.sandbox && setArn === SETS.power && userId === awsUserId('ada');
const standing = ({ access }: Overview): string =>
  access
    .filter(({ cause }) => cause.by === 'standing')
    .map(({ accountId, setArn, userId }) => `${accountId} ${setArn} ${userId}`)
    .sort()
    .join('\n');

/** The steps, in order; what they find out goes into `result`. */
export function awsSteps(sight: Sight, home: DemoHome, result: Found): readonly Step[] {
  const [askerId, approverId, strangerId] = [ada?.slack ?? '', grace?.slack ?? '', mallory?.slack ?? ''];
  const notes: { cardTs?: string; confirmedAt?: number; deadlineAt?: number; before?: string } = {};
  const seen = new Set<string>();
  const cards = () => sight.messages(approverId, CHANNEL.id);
  const card = async (): Promise<SeenMessage> => {
    const found = (await cards()).find((m) => m.ts === notes.cardTs);
    if (!found) throw new Error('the card is not there');
    return found;
  };
  const newDm = async (pattern: RegExp) => (await sight.dms(askerId)).find((m) => pattern.test(textOf(m)) && !seen.has(m.ts));
  const hers = async () => (await sight.aws()).access.find(isHers);
  const press = async (user: string) =>
    sight.act('click', { user, channel: CHANNEL.id, ts: notes.cardTs, actionId: `approve:${WINDOW_S * 1000}` });
  return [
    {
      name: 'Ada types /elevate',
      withinS: 20,
      run: async () => {
        for (const m of [...(await cards()), ...(await sight.dms(askerId))]) seen.add(m.ts);
        if (await hers()) throw new Wrong('Ada has the access before anything was asked; start with --fresh');
        notes.before = standing(await sight.aws());
        const acted = await sight.act('command', { user: askerId, channel: GENERAL.id, command: '/elevate' });
        return acted.ack === 'ok' ? 'acknowledged in time' : undefined;
      },
    },
    {
      name: 'she types into the search and picks',
      withinS: 20,
      run: async () => {
        const modal = await openForm(sight, askerId);
        if (!modal) return undefined;
        await pickTarget(sight, askerId, modal, WISH);
        return `"${WISH.search}" found PowerUserAccess in the sandbox`;
      },
    },
    {
      name: 'she fills the form and sends it',
      withinS: 15,
      run: async () => {
        const modal = await openForm(sight, askerId);
        if (!modal) return undefined;
        const acted = await sendForm(sight, askerId, modal, { ...WISH, confirm: 'sandbox' });
        if (acted.errors) throw new Wrong(JSON.stringify(acted.errors));
        return acted.ack === 'ok' ? 'the form closed: the request is safely started' : undefined;
      },
    },
    cardAppears(cards, seen, notes),
    {
      name: 'Mallory presses Approve and is refused',
      withinS: 10,
      run: async () => {
        await press(strangerId);
        const told = (await sight.messages(strangerId, CHANNEL.id)).find(
          (m) => m.ephemeral && !seen.has(m.ts) && /not an approver/.test(m.text),
        );
        if ((await sight.awsCalls('CreateAccountAssignment')).length > 0) throw new Wrong('a stranger could approve');
        return told?.text;
      },
    },
    {
      name: 'Grace presses Approve',
      withinS: 10,
      run: async () => ((await press(approverId)).ack === 'ok' ? 'acknowledged in time' : undefined),
    },
    {
      name: 'AWS gives Ada the permission set',
      withinS: 30,
      run: async () => {
        const span = await hers();
        if (span && span.cause.by !== 'call') throw new Wrong(`it was given by ${span.cause.by}`);
        return span && `in force since ${new Date(span.from).toISOString()}`;
      },
    },
    {
      name: 'only then the clock starts',
      withinS: 15,
      run: async () => {
        const { view } = (await newest(home)).row;
        const span = await hers();
        if (view.state === 'closed') throw new Wrong(`it ended before it began: ${view.outcome}`);
        if (!view.confirmedAt || !view.deadlineAt || !span) return undefined;
        result.requestId = view.request.requestId;
        notes.confirmedAt = Date.parse(view.confirmedAt);
        notes.deadlineAt = Date.parse(view.deadlineAt);
        if (notes.confirmedAt < span.from) throw new Wrong(`confirmed at ${view.confirmedAt}, before it was in force`);
        return `confirmed at ${view.confirmedAt}`;
      },
    },
    {
      name: 'Ada is told where to open it, and how long a session may outlast it',
      withinS: 15,
      run: async () => (await newDm(/portal/))?.text,
    },
    {
      name: 'at the deadline the delete leaves within a second',
      withinS: WINDOW_S + 15,
      run: async () => {
        const [call] = (await sight.awsCalls('DeleteAccountAssignment')).filter(({ input }) => ofSandbox(input));
        if (!call || !notes.deadlineAt) return undefined;
        const late = call.at - notes.deadlineAt;
        if (late > CALL_LAG_MS) throw new Wrong(`the call left ${late} ms after the deadline`);
        if (late < -1000) throw new Wrong(`the call left ${-late} ms before the deadline`);
        return `${late} ms after it`;
      },
    },
    {
      name: 'she has it no more',
      withinS: AWS_S,
      run: async () => {
        if (await hers()) return undefined;
        const [gone] = (await sight.aws()).ended.filter(isHers);
        if (!gone?.to || !notes.confirmedAt) return undefined;
        result.held = (gone.to - notes.confirmedAt) / 1000;
        if (result.held > WINDOW_S + AWS_S) throw new Wrong(`it lasted ${result.held} s of a window of ${WINDOW_S} s`);
        return `${result.held.toFixed(1)} s after the confirmation, of which AWS took ${gone.to - (notes.deadlineAt ?? 0)} ms`;
      },
    },
    {
      name: 'the card says how it ended, without a button left',
      withinS: 30,
      run: async () => {
        const now = await card();
        const { view } = (await newest(home)).row;
        if (view.state !== 'closed' || JSON.stringify(now.blocks).includes('"type":"actions"')) return undefined;
        if (view.outcome !== 'expired') throw new Wrong(`the outcome is ${view.outcome}, not expired`);
        return now.text;
      },
    },
    {
      name: 'what stood before still stands, and nothing of ours',
      withinS: 5,
      run: async () => {
        const now = await sight.aws();
        if (standing(now) !== notes.before) throw new Wrong('standing access is not what it was');
        const ours = now.access.filter(({ cause }) => cause.by === 'call');
        if (ours.length > 0) throw new Wrong(`still there: ${JSON.stringify(ours)}`);
        return `${now.access.length} standing ways of access, Linus in the same account and set among them`;
      },
    },
  ];
}

const textOf = (message: SeenMessage): string => `${message.text} ${JSON.stringify(message.blocks)}`;
const ofSandbox = (input: Readonly<Record<string, unknown>>): boolean => input.TargetId === ACCOUNTS.sandbox;
