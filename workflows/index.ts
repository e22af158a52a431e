/** The workflow types that a story worker serves. */
export { elevation } from './elevation.js';
export { lateEvidence } from './late-evidence.js';
export { reconcile } from './reconcile.js';
