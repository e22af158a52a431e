/** All groups, in the order in which they run. */
import type { Metric } from '../metric.js';
import { approval } from './approval.js';
import { aws } from './aws.js';
import { clicks } from './clicks.js';
import { deadlines } from './deadlines.js';
import { elevations } from './elevations.js';
import { macs } from './macs.js';
import { memory } from './memory.js';
import { policy } from './policy.js';
import { recovery } from './recovery.js';
import { search } from './search.js';

export const GROUPS: readonly Metric[] = [clicks, approval, deadlines, aws, search, macs, elevations, memory, policy, recovery];
