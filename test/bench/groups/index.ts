/** All groups, in the order in which they run. */
import type { Metric } from '../metric.js';
import { approval } from './approval.js';
import { deadlines } from './deadlines.js';

export const GROUPS: readonly Metric[] = [approval, deadlines];
