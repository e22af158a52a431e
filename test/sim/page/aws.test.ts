/** What the demo page shows of AWS, and what its switches and its other hands do: the page's own code over the stand-in. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { EXAMPLE } from '../../../sim/identity-center/index.js';
import { ADA, rigOf } from '../../identity-center/rig.js';

interface VNode {
  readonly tag: string;
  readonly props: { readonly [name: string]: unknown };
  readonly children: readonly (VNode | string)[];
}
type Panel = () => VNode;

let page: {
  awsPanel: Panel;
  faultsPanel: Panel;
  aws: () => Promise<void>;
  state: { open: Record<string, boolean>; toasts: unknown[] };
};
let rig: Awaited<ReturnType<typeof rigOf>>;

beforeAll(async () => {
  const load = (name: string) => import(new URL(`../../../sim/page/js/${name}.js`, import.meta.url).href);
  const [{ awsPanel }, { faultsPanel }, { aws }, { state }] = await Promise.all(['aws', 'faults', 'live', 'store'].map(load));
  page = { awsPanel, faultsPanel, aws, state };
  vi.stubGlobal('document', { hidden: true });
  // As the page's own server does it: what stands under /aws goes to the stand-in.
  const direct = globalThis.fetch;
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => direct(path.replace(/^\/aws/, rig.aws.url), init));
});
afterAll(() => vi.unstubAllGlobals());

async function begin(...settings: Parameters<typeof rigOf>) {
  rig = await rigOf(...settings);
  await page.aws();
  return rig;
}

const isNode = (child: VNode | string): child is VNode => typeof child !== 'string';
const words = (node: VNode | string): string => (isNode(node) ? node.children.map(words).join(' ') : node);
const all = (node: VNode, fits: (one: VNode) => boolean): readonly VNode[] => [
  ...(fits(node) ? [node] : []),
  ...node.children.filter(isNode).flatMap((child) => all(child, fits)),
];
/** The panel as it is now, its parts that carry this attribute as `value words`. */
async function shown(attribute: string): Promise<readonly string[]> {
  await page.aws();
  const parts = all(page.awsPanel(), ({ props }) => props[attribute] !== undefined);
  return parts.map((one) => `${one.props[attribute]} ${words(one)}`.replace(/\s+/g, ' '));
}
async function click(control: VNode | undefined): Promise<void> {
  const act = control?.props.onclick;
  if (typeof act !== 'function') throw new Error('there is nothing to press');
  await act();
}
/** Presses the one control of that name. */
async function press(panel: VNode, name: RegExp): Promise<void> {
  const called = (one: VNode) => name.test(String(one.props['aria-label'] ?? words(one)).trim());
  const [control, ...more] = all(panel, (one) => one.tag === 'button' && called(one));
  expect([control?.tag, more.length], `${name}`).toEqual(['button', 0]);
  await click(control);
}

it('shows what AWS works on, who has access by whom, and what ended, each at its time', async () => {
  await begin();
  const standing = await shown('data-access');
  expect(standing).toHaveLength(3);
  for (const row of standing) expect(row).toMatch(/^standing .* stood before/);
  await rig.create();
  expect(await shown('data-doing')).toEqual([expect.stringMatching(/^create giving AdministratorAccess · Ada/)]);
  expect(await shown('data-access')).toEqual(standing);
  rig.pass(2_000);
  expect(await shown('data-doing')).toEqual([]);
  expect((await shown('data-access'))[0]).toMatch(/^call Ada AdministratorAccess production Stint \d/);
  await rig.remove();
  expect(await shown('data-doing')).toEqual([expect.stringMatching(/^delete taking back/)]);
  rig.pass(2_000);
  expect(await shown('data-access')).toEqual(standing);
  expect(words(page.awsPanel())).toContain('Ended (1)');
});

it('shows why AWS failed what it had taken, and accounts as they are', async () => {
  await begin();
  await press(openFaults(), /^Takes it, and fails later/);
  await rig.create();
  rig.pass(2_000);
  expect(await shown('data-doing')).toEqual([expect.stringMatching(/^create failed giving .*RolesPerAccount: 1000$/)]);
  page.state.open['aws-accounts'] = true;
  const panel = words(page.awsPanel()).replace(/\s+/g, ' ');
  expect(panel).toContain(EXAMPLE.production);
  expect(panel).toMatch(/old-shop .*suspended/);
});

it('its other hand takes away and gives again, and both are shown as another’s', async () => {
  await begin();
  await rig.create();
  rig.pass(2_000);
  await page.aws();
  await press(page.awsPanel(), /^Take AdministratorAccess from Ada/);
  expect(rig.aws.truth.hasAccess(ADA)).toBe(false);
  page.state.open['aws-ended'] = true;
  expect(words(page.awsPanel())).toMatch(/ended by another hand/);
  await press(page.awsPanel(), /^Give again by hand/);
  expect(rig.aws.truth.hasAccess(ADA)).toBe(true);
  expect((await shown('data-access'))[0]).toMatch(/^sync Ada/);
  expect(page.state.toasts).toEqual([]);
});

it('has a switch for each way in which AWS can be broken, which goes on and off again', async () => {
  await begin();
  const group = () => all(openFaults(), ({ props }) => props['aria-label'] === 'Faults of AWS')[0];
  const names = () => all(group() ?? openFaults(), ({ props }) => props['data-switch'] !== undefined);
  const keys = names().map(({ props }) => String(props['data-switch']));
  expect(keys).toContain('aws-slow');
  const before = rig.aws.settings.inProgressMs;
  const on = () => names().flatMap(({ props }) => (props['aria-checked'] === 'true' ? [String(props['data-switch'])] : []));
  const toggle = async (key: string) => {
    await click(names().find(({ props }) => props['data-switch'] === key));
    // A fault of every call is none of the page's: it asks the stand-in, not AWS.
    await page.aws();
  };
  for (const key of keys) {
    await toggle(key);
    expect(on(), key).toEqual([key]);
    expect([rig.aws.faults.list().length, rig.aws.settings.inProgressMs === before], key).toEqual(
      key === 'aws-slow' ? [0, false] : [1, expect.any(Boolean)],
    );
    await toggle(key);
    expect([on(), rig.aws.faults.list()], key).toEqual([[], []]);
  }
});

function openFaults(): VNode {
  page.state.open.faults = true;
  return page.faultsPanel();
}
