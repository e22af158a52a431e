/** Keys of offers come back from a client: what AWS can name is read, and nothing else. */
import { expect, test } from 'vitest';
import { readKey, setArnOf } from '../../../activities/targets/aws-permission-set/offer.js';

const ACCOUNT = '111122223333';

test.each(['ps-0123456789abcdef', 'ps-0123.4567-89abcd', 'ps-ABCDEFGHIJKLMNOP', 'ps-----------------'])(
  'every id of a set that AWS allows is read: %s',
  (setId) => {
    expect(readKey(`aws/${ACCOUNT}/${setId}`)).toEqual({ accountId: ACCOUNT, setId });
    const instance = { arn: 'arn:aws:sso:::instance/ssoins-0123.4567-89abcd', identityStoreId: 'd-1' };
    expect(setArnOf(instance, setId)).toBe(`arn:aws:sso:::permissionSet/ssoins-0123.4567-89abcd/${setId}`);
  },
);

test.each([
  'aws/111122223333/ps-0123456789abcde',
  'aws/111122223333/ps-0123456789abcdef0',
  'aws/111122223333/ps-0123/56789abcdef',
  'aws/111122223333/ps-0123456789abcde_',
  'aws/111122223333/ps-0123456789abcdef/user',
  'aws/111122223333/ps-0123456789abcdef\n',
  'aws/11112222333/ps-0123456789abcdef',
  'mac-admin/C02BOB',
])('nothing else is: %j', (key) => {
  expect(readKey(key)).toBeUndefined();
});
