/**
 * A Slack app in a process of its own, for the test that kills it: the gate hangs, as when Temporal does. Told: where the
 * stand-in of Slack is, and which message is the card.
 */
import { createSlackApp } from '../../slack-app/app.js';
import { fakeDirectory, fakeGate, fakeLog, fakePreview, fakeStore, place, view } from './fakes.js';
import { config } from './harness.js';

const [, , apiUrl = '', ts = ''] = process.argv;
const store = fakeStore();
place(store, view(), ts);
const gate = fakeGate();
gate.mode = 'hang';
const app = await createSlackApp({
  config: config({ apiUrl }),
  store,
  gate,
  preview: fakePreview(),
  directory: fakeDirectory(),
  repairCard: async () => undefined,
  clock: () => Date.now(),
  logger: fakeLog(),
  random: () => 0.5,
});
await app.start();
