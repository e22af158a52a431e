/** `stint policy diff`: prints for whom and on what another policy changes anything. */
import { few } from '../../contract/few.js';
import { unknownNames } from '../../policy/check.js';
import { type ChangeGroup, diffPolicies, type PolicyDiff } from '../../policy/diff.js';
import { withEveryRota } from '../../policy/duty.js';
import { parsePolicy } from '../../policy/load.js';
import { parsePeopleFile } from '../../policy/people.js';
import { print } from '../ask.js';
import { readText, withMistakes } from './read.js';

export interface DiffOptions {
  readonly people: string;
  readonly exitCode?: boolean;
  readonly json?: boolean;
}

/** Sets exit code 1, if that is asked for, when anything changes. Throws `bad-policy` and `bad-config`. */
export async function diffPolicyFiles(before: string, after: string, options: DiffOptions): Promise<void> {
  const { exitCode, json } = options;
  const { diff, warnings } = await withMistakes(
    json,
    (findings) => ({ changed: null, groups: [], compared: null, complete: false, warnings: [], findings }),
    () => compare(before, after, options),
  );
  const changed = diff.groups.length > 0;
  if (!json) for (const one of warnings) process.stderr.write(`Warning: ${one}\n`);
  print(json, { changed, ...diff, warnings, findings: [] }, () => diffText(diff));
  if (changed && exitCode) process.exitCode = 1;
}

async function compare(before: string, after: string, { people }: DiffOptions) {
  const fix = 'Give its path: stint policy diff old.yaml new.yaml --people people.yaml';
  const [was, is] = [parsePolicy(readText(before, fix), before), parsePolicy(readText(after, fix), after)];
  const file = parsePeopleFile(readText(people, fix), people);
  // Nobody asks at an hour here: whoever may ever be on call for a rota may have what it gives.
  const diff = diffPolicies(was, is, withEveryRota(file));
  // A name that nobody has gives nothing to anybody, so an edit of it alone would come out as no change.
  const found = [...(await unknownNames(was, file, before)), ...(await unknownNames(is, file, after))];
  return { diff, warnings: [...new Set(found)] };
}

/** What changes, for people: what is wider first. */
export function diffText({ groups, compared, complete }: PolicyDiff): string {
  const { people, macs, awsTargets } = compared;
  return [
    ...section('WIDER', groups, ({ widened }) => widened),
    ...section('NARROWER', groups, ({ narrowed }) => narrowed),
    ...section('NEITHER', groups, ({ other }) => other),
    ...(groups.length === 0 ? ['Nothing changes for anybody.'] : []),
    `Compared for ${people} active people: ${macs} Macs of theirs and ${awsTargets} kinds of AWS target.`,
    ...(complete
      ? []
      : ['These rules tell more kinds of AWS target, or of people, apart than are compared: look at those yourself.']),
  ].join('\n');
}

function section(title: string, groups: readonly ChangeGroup[], points: (group: ChangeGroup) => readonly string[]): string[] {
  const concerned = groups.filter((group) => points(group).length > 0);
  if (concerned.length === 0) return [];
  return [title, ...concerned.flatMap((group) => [...points(group).map((point) => `  ${point}`), ...whom(group), ''])];
}

const SHOWN = 10;

const whom = ({ people, targets, subjects }: ChangeGroup): string[] => [
  `    who: ${few(people, SHOWN)}`,
  ...(subjects ? [`    for: ${few(subjects, SHOWN)}`] : []),
  `    on:  ${few(targets, SHOWN, '; ')}`,
];
