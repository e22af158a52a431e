/**
 * Imports go one way. `contract` knows nobody; the pure folders know `contract`; edges know the pure folders; only the
 * composing folders (`workers`, `cli`) know edges; the stand-ins (`sim`) know nobody, and only the demo and tests know them.
 *
 * The parser must be swc: with TypeScript 7 alone this tool reads no TypeScript, finds no module and is content. But swc
 * does not tell type imports from others, so there are two passes: rules on the sources hold for types too; rules on
 * `dist`, where types are erased, are about what runs.
 */

const FOLDERS = [
  'contract',
  'policy',
  'seal',
  'cards',
  'workflows',
  'ledger',
  'activities',
  'slack-app',
  'device',
  'workers',
  'sim',
  'cli',
];

/** What each folder may import of the product, beside itself. */
const MAY = {
  contract: [],
  sim: [],
  policy: ['contract', 'seal'],
  seal: ['contract'],
  cards: ['contract'],
  workflows: ['contract', 'activities'], // of activities only types: see `workflows-are-sandboxed`
  ledger: ['contract', 'seal'],
  activities: ['contract', 'policy', 'seal', 'cards'],
  'slack-app': ['contract', 'policy', 'seal', 'cards'],
  device: ['contract', 'policy', 'seal', 'cards'],
  workers: FOLDERS.filter((folder) => !['sim', 'cli'].includes(folder)),
  cli: FOLDERS,
};

const sources = (folders) => `^(${folders.join('|')})/`;
const emitted = (folders) => `^dist/(${folders.join('|')})/`;
const packages = (names) => `node_modules/(${names.join('|')})(/|$)`;

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const oneWay = Object.entries(MAY).map(([folder, others]) =>
  error(
    `${folder}-knows-only`,
    `${folder} may import of the product: ${others.join(', ') || 'nothing'}.`,
    { path: sources([folder]) },
    { path: sources([...FOLDERS, 'test', 'scripts']), pathNot: sources([folder, ...others]) },
  ),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...oneWay,
    error(
      'workflows-are-sandboxed',
      'Workflow code runs in a sandbox and must be deterministic: the contract, the workflow SDK, and nothing else.',
      { path: emitted(['workflows']) },
      { pathNot: [emitted(['workflows', 'contract']), packages(['@temporalio/workflow', '@temporalio/common'])] },
    ),
    error(
      'no-schemas-in-the-pure-core',
      'zod stays at the edges: inside workflows it costs memory and speed, and views have nothing to parse.',
      { path: sources(['contract', 'workflows', 'cards']) },
      { path: packages(['zod']) },
    ),
    error(
      'the-core-does-no-io',
      'Words, policy and views are pure: files, sockets, processes and timers are for the edges.',
      { path: sources(['contract', 'policy', 'cards']) },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|util|url)$' },
    ),
    error(
      'drivers-know-no-temporal',
      'The overdue sweep and the CLI use the drivers without Temporal, also while it is down.',
      { path: '^activities/targets/' },
      { path: packages(['@temporalio']) },
    ),
    error(
      'sim-only-in-demo-and-tests',
      'A stand-in that a production path can reach is a dead switch.',
      { pathNot: '^(dist/)?(sim/|test/|cli/demo)' },
      { path: '^(dist/)?sim/' },
    ),
    error(
      'no-cycles',
      'What imports each other in a circle can be read, tested and replaced only together.',
      { path: '^dist/' },
      { circular: true },
    ),
    error(
      'product-needs-no-dev-package',
      'An install without development packages must run.',
      { path: '^dist/' },
      { dependencyTypes: ['npm-dev', 'npm-optional', 'npm-peer'] },
    ),
    error(
      'only-declared-packages',
      'A package that came with another may go with it.',
      {},
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    error('resolvable', 'An import that leads nowhere hides what it would have led to.', {}, { couldNotResolve: true }),
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
