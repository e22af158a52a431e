/** `stint policy test`: runs the table of cases beside a policy, and prints what came out otherwise. */
import { dirname, isAbsolute, join } from 'node:path';
import { checkRotas, parseCases } from '../../policy/case-file.js';
import { type CaseResult, type CasesReport, runCases } from '../../policy/cases.js';
import { parsePolicy } from '../../policy/load.js';
import { parsePeopleFile } from '../../policy/people.js';
import { print } from '../ask.js';
import { readText, withMistakes } from './read.js';

export interface CasesOptions {
  readonly policy?: string;
  readonly people?: string;
  readonly minCoverage: number;
  readonly json?: boolean;
}

/** Sets exit code 1 when a case fails or too few rules are reached. Throws `bad-policy` and `bad-config`. */
export async function testPolicy(file: string, options: CasesOptions): Promise<void> {
  const { minCoverage, json } = options;
  const none = { ok: false, minCoverage, cases: [], rules: [], coverage: 0 };
  const report = await withMistakes(
    json,
    (findings) => ({ ...none, findings }),
    () => reportOf(file, options),
  );
  const ok = report.cases.every((one) => one.ok) && report.coverage >= minCoverage;
  print(json, { ok, minCoverage, ...report, findings: [] }, () => text(report, minCoverage));
  if (!ok) process.exitCode = 1;
}

async function reportOf(file: string, { policy, people }: CasesOptions): Promise<CasesReport> {
  const table = parseCases(readText(file, 'Give the path of a table of cases: stint policy test path/to/policy.test.yaml'), file);
  const beside = (name: string) => (isAbsolute(name) ? name : join(dirname(file), name));
  const read = <T>(parse: (text: string, name: string) => T, path: string) =>
    parse(readText(path, `${file} names it, from its own folder; --policy and --people give others.`), path);
  const rules = read(parsePolicy, policy ?? beside(table.policy));
  const everybody = read(parsePeopleFile, people ?? beside(table.people));
  checkRotas(table, everybody.rotas);
  return runCases(rules, everybody.people, table, Date.now());
}

function text({ cases, rules, coverage }: CasesReport, minCoverage: number): string {
  const failed = cases.filter((one) => !one.ok);
  const missed = rules.filter((rule) => rule.cases === 0).map(({ rule }) => rule);
  const few = coverage < minCoverage ? `; at least ${minCoverage} % are asked for` : '';
  return [
    ...failed.map(failure),
    `${cases.length - failed.length} of ${cases.length} cases come out as expected.`,
    `Rules that a case reaches: ${rules.length - missed.length} of ${rules.length} (${coverage} %)${few}.`,
    ...(missed.length > 0 ? [`No case reaches: ${missed.join(', ')}.`] : []),
  ].join('\n');
}

function failure({ name, at, failures, sentences }: CaseResult): string {
  return [`FAILED ${at} ${name}`, ...failures.map((one) => `  ${one}`), ...sentences.map((one) => `  > ${one}`), ''].join('\n');
}
