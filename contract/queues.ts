/** Task queues and search attributes: the names by which workers, clients and operators find each other. */

/** Each queue has its own slots, so that a hanging Slack can never starve a revoke. */
export const QUEUES = {
  story: 'stint-story',
  revoke: 'stint-revoke',
  grant: 'stint-grant',
  slack: 'stint-slack',
  news: 'stint-news',
  store: 'stint-store',
} as const;

/** Workflow type names. */
export const ELEVATION = 'elevation';
export const LATE_EVIDENCE = 'lateEvidence';
export const RECONCILE = 'reconcile';

/** The Schedule that runs the reconciler, and the beginning of its workflows' ids. */
export const RECONCILE_SCHEDULE = 'stint-reconcile';

/** Keyword attributes, opaque ids only, for display: no safety logic reads them. */
export const SEARCH_ATTRIBUTES = ['StintState', 'StintPerson', 'StintTarget', 'StintOutcome', 'StintRule'] as const;
