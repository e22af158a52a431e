/** What a worker and the doctor say of a Temporal that is not as Stint needs it. */
import type { Connection } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../../contract/queues.js';
import { missingAttributes, notMade, requireFit, versionTrouble } from '../../../workers/checks/temporal.js';

const DAY = 86_400;

/** A server that answers as it is told; gRPC errors are objects with a code and details. */
function server(change: {
  version?: string;
  namespace?: object | Error;
  attributes?: Record<string, number> | Error;
}): Connection {
  const give =
    <T>(value: T | Error) =>
    async (): Promise<T> => {
      if (value instanceof Error) throw value;
      return value;
    };
  const namespace = change.namespace ?? {
    namespaceInfo: { state: 1, capabilities: { syncUpdate: true } },
    config: { workflowExecutionRetentionTtl: { seconds: 30 * DAY } },
  };
  const attributes = change.attributes ?? Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 2]));
  return {
    workflowService: {
      getSystemInfo: give({ serverVersion: change.version ?? '1.32.0' }),
      describeNamespace: give(namespace),
    },
    operatorService: {
      listSearchAttributes: give(attributes instanceof Error ? attributes : { customAttributes: attributes }),
    },
  } as unknown as Connection;
}
const grpc = (code: number, details: string) => Object.assign(new Error(details), { code, details });

const said = async (change: Parameters<typeof server>[0]) =>
  requireFit(server(change), 'stint').then(
    () => 'fits',
    (error: { code: string; sentence: string }) => `${error.code}: ${error.sentence}`,
  );

describe('before a worker polls', () => {
  test('a server that is right is taken', async () => {
    expect(await said({})).toBe('fits');
  });

  test('one that is too old is refused with the version that is needed', async () => {
    expect(await said({ version: '1.24.9' })).toMatch(
      /^temporal-unavailable: .*1\.24\.9, older than 1\.25\.0.*Run Temporal 1\.25\.0/,
    );
  });

  test('a namespace that is not there is named, with the command that makes it', async () => {
    const missing = grpc(5, 'Namespace stint is not found.');
    expect(await said({ namespace: missing })).toMatch(/no namespace stint.*temporal operator namespace create -n stint/);
  });

  test('a namespace that this key may not use', async () => {
    expect(await said({ namespace: grpc(7, 'Request unauthorized.') })).toMatch(
      /cannot be looked at \(Request unauthorized\.\).*API key/,
    );
  });

  test('updates that are switched off', async () => {
    const namespace = { namespaceInfo: { state: 1, capabilities: { syncUpdate: false } }, config: {} };
    expect(await said({ namespace })).toMatch(/frontend\.enableUpdateWorkflowExecution/);
  });

  test('a search attribute of another type cannot be used, and is not made anew', async () => {
    const attributes = { ...Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 2])), StintState: 1 };
    expect(await said({ attributes })).toMatch(/StintState are there, but not of the type Keyword/);
  });

  test('those that are missing are no reason to refuse: the worker makes them', async () => {
    expect(await said({ attributes: {} })).toBe('fits');
    expect(await missingAttributes(server({ attributes: {} }), 'stint')).toEqual([...SEARCH_ATTRIBUTES]);
  });

  test('a service that does not let us look is believed', async () => {
    const attributes = grpc(7, 'not allowed');
    expect(await said({ attributes })).toBe('fits');
    expect(await missingAttributes(server({ attributes }), 'stint')).toBe('unseen');
  });

  test('those that are missing and may not be made come with the command for somebody who may', () => {
    const { sentence, code } = notMade('stint', ['StintRule'], grpc(7, 'no permission'));
    expect(code).toBe('temporal-unavailable');
    expect(sentence).toMatch(/StintRule.*no permission.*search-attribute create -n stint --name StintRule --type Keyword/);
  });
});

test.each([
  ['1.32.0', undefined],
  ['1.32.0-157.2', undefined],
  ['2.0.0', undefined],
  ['1.31.2', 'warn'],
  ['1.25.0', 'warn'],
  ['1.24.3', 'fail'],
  ['0.30.0', 'fail'],
  ['', 'warn'],
  ['dev', 'warn'],
])('a server of version %j: %s', (version, level) => {
  expect(versionTrouble(version)[0]?.level).toBe(level);
});
