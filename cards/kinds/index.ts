/** Words by kind of target: a further kind is one more line here, and the compiler asks for it. */
import type { Target, TargetKind, TargetOf } from '../../contract/request.js';
import type { ElevationView } from '../../contract/view.js';
import { named, type Sentence } from '../say.js';
import { awsWords } from './aws.js';
import { macWords } from './mac.js';
import type { Words } from './words.js';

const WORDS: { readonly [K in TargetKind]: (target: TargetOf<K>) => Words } = {
  'mac-admin': macWords,
  'aws-permission-set': awsWords,
};

/** What is said of this target. */
export function wordsOf(target: Target): Words {
  // The table is keyed by the very kind that the target has; TypeScript does not follow that through a union.
  const make = WORDS[target.kind] as (target: Target) => Words;
  return make(target);
}

/** `admin rights on mac-bob`. */
export function accessOf(view: ElevationView): Sentence {
  const { right, joint } = wordsOf(view.request.target);
  return [`${right} ${joint} `, named(view)];
}

/** What is said of a kind where nothing is chosen yet: in a form. */
export interface KindTexts {
  /** Heads the kind's offers in a list. */
  readonly group: string;
  /** Heads and labels a form of nothing else. */
  readonly title: string;
  readonly one: string;
  /** What happens with what is done in the window. */
  readonly record: string;
}

export const KINDS: { readonly [K in TargetKind]: KindTexts } = {
  'mac-admin': {
    group: 'Macs',
    title: 'Ask for admin rights',
    one: 'Mac',
    record: "your session's sudo log is attached to the thread",
  },
  'aws-permission-set': {
    group: 'AWS',
    title: 'Ask for AWS access',
    one: 'Account and permission set',
    record: 'what you do is in the CloudTrail of the account',
  },
};
