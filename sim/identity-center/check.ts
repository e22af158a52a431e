/**
 * Inputs are held against the patterns of the API reference, and refused in AWS's words:
 * "1 validation error detected: Value at 'x' failed to satisfy constraint: …".
 */
import { validation } from './errors.js';

type Rule = (value: unknown) => string | undefined;
export type Input = Readonly<Record<string, unknown>>;

const matching =
  (pattern: string, longest = 1224): Rule =>
  (value) =>
    typeof value !== 'string' || value.length > longest || !new RegExp(`^(?:${pattern})$`).test(value)
      ? `Member must satisfy regular expression pattern: ${pattern}`
      : undefined;
const oneOf =
  (...values: string[]): Rule =>
  (value) =>
    values.some((one) => one === value) ? undefined : `Member must satisfy enum value set: [${values.join(', ')}]`;

export const UUID = '[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}';
/** Sources: API_CreateAccountAssignment, API_DescribeUser, API_ListAccountsForParent and their like. */
export const RULES = {
  instance: matching('arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{16}'),
  set: matching('arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet/(sso)?ins-[a-zA-Z0-9-.]{16}/ps-[a-zA-Z0-9-./]{16}'),
  account: matching('\\d{12}'),
  principal: matching(`([0-9a-f]{10}-|)${UUID}`, 47),
  request: matching(UUID, 36),
  store: matching(`d-[0-9a-f]{10}|${UUID}`, 36),
  parent: matching('r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}', 100),
  child: matching('\\d{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}', 100),
  resource: matching('r-[0-9a-z]{4,32}|\\d{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}', 100),
  principalType: oneOf('USER', 'GROUP'),
  targetType: oneOf('AWS_ACCOUNT'),
  status: oneOf('IN_PROGRESS', 'FAILED', 'SUCCEEDED'),
  provisioning: oneOf('LATEST_PERMISSION_SET_PROVISIONED', 'LATEST_PERMISSION_SET_NOT_PROVISIONED'),
  service: matching('[\\w+=,.@-]*', 128),
} satisfies Record<string, Rule>;
export type RuleName = keyof typeof RULES;

/** The named members, all of them required. Throws AWS's validation error. */
export function required<K extends string>(input: Input, rules: Record<K, RuleName>): Record<K, string> {
  const faults: string[] = [];
  const found = {} as Record<K, string>;
  for (const [name, rule] of Object.entries(rules) as [K, RuleName][]) {
    const value = input[name];
    if (value === undefined || value === null) {
      faults.push(absent(name));
    } else {
      const wrong = RULES[rule](value);
      if (wrong === undefined) found[name] = value as string;
      else faults.push(`Value '${String(value)}' at '${camel(name)}' failed to satisfy constraint: ${wrong}`);
    }
  }
  refuse(faults);
  return found;
}

/** A list of 1 to `most` members of one form, required too. Throws AWS's validation error. */
export function requiredList(input: Input, name: string, rule: RuleName, most: number): readonly string[] {
  const value = input[name];
  if (value === undefined || value === null) refuse([absent(name)]);
  if (!Array.isArray(value)) throw validation(`Value at '${camel(name)}' must be a list`);
  const wrong = listFault(value, rule, most);
  if (wrong !== undefined) refuse([`Value '[${value.join(', ')}]' at '${camel(name)}' failed to satisfy constraint: ${wrong}`]);
  return value as string[];
}

function listFault(list: readonly unknown[], rule: RuleName, most: number): string | undefined {
  if (list.length < 1) return 'Member must have length greater than or equal to 1';
  if (list.length > most) return `Member must have length less than or equal to ${most}`;
  const wrong = list.map((one) => RULES[rule](one)).find((fault) => fault !== undefined);
  return wrong && `Member must satisfy constraint: [${wrong}]`;
}

/** One member that may be absent. */
export function optional(input: Input, name: string, rule: RuleName): string | undefined {
  return input[name] === undefined || input[name] === null ? undefined : required(input, { [name]: rule })[name];
}

/** A structure within the input; empty when absent. */
export function structure(input: Input, name: string): Input {
  const value = input[name] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) throw validation(`Value at '${camel(name)}' must be a structure`);
  return value as Input;
}

/** How many results the caller wants at most: 1 to `most`; `most` when it doesn't say. */
export function maxResults(input: Input, most = 100): number {
  const value = input.MaxResults ?? most;
  const fault = (bound: string) => [
    `Value '${String(value)}' at 'maxResults' failed to satisfy constraint: Member must have value ${bound}`,
  ];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) refuse(fault('greater than or equal to 1'));
  if (Number(value) > most) refuse(fault(`less than or equal to ${most}`));
  return Number(value);
}

function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const noun = faults.length === 1 ? 'error' : 'errors';
  throw validation(`${faults.length} validation ${noun} detected: ${faults.join('; ')}`);
}

const absent = (name: string): string => `Value null at '${camel(name)}' failed to satisfy constraint: Member must not be null`;
const camel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
