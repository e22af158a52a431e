/**
 * What AWS' identifiers look like (API reference of `CreateAccountAssignment`). All of them end in calls that give access, so
 * none is taken on trust. Stricter than AWS in one point: an id of ours never holds a slash, for keys are made of them.
 */
import { z } from 'zod';

const PARTITION = 'arn:aws(?:-[a-z]{1,5}){0,3}:sso:::';
const INSTANCE = '(?:sso)?ins-[a-zA-Z0-9.-]{16}';
const UUID = '[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}';

const matching = (pattern: string, what: string) => z.string().regex(new RegExp(`^${pattern}$`), { error: `must be ${what}` });

export const awsAccount = matching('[0-9]{12}', 'an AWS account id: twelve digits');
export const identityCenterArn = new RegExp(`^${PARTITION}instance/${INSTANCE}$`);
export const identityCenter = matching(`${PARTITION}instance/${INSTANCE}`, 'the ARN of an instance of Identity Center');
export const permissionSet = matching(
  `${PARTITION}permissionSet/${INSTANCE}/ps-[a-zA-Z0-9.-]{16}`,
  'the ARN of a permission set',
);
/** The name of a permission set (API reference, `PermissionSet.Name`): it ends in links and in a profile's name. */
export const permissionSetName = matching(
  '[\\w+=,.@-]{1,32}',
  'the name of a permission set: 1 to 32 letters, digits and + = , . @ - _',
);
/** What an account is called (API reference of Organizations, `Account.Name`): at most 50 characters that can be printed. */
export const awsAccountName = matching('[!-~](?:[ -~]{0,48}[!-~])?', 'the name of an AWS account: 1 to 50 printable characters');
/** A user of the Identity Store: a UUID, in older directories with a prefix. */
export const awsUser = matching(`(?:[0-9a-f]{10}-)?${UUID}`, 'the id of a user in Identity Center');
