/** The small Temporal's server: workflows by id, their runs one after the other, and what an operator can do to them. */
import type { RunId } from '../../contract/ids.js';
import { elevation } from '../../workflows/elevation.js';
import { Run, type RunDeps } from './run.js';
import { TurnedPage } from './temporal.js';

/** How long a Mac waits for an answer. */
const ANSWER_MS = 10_000;

interface Workflow {
  readonly start: unknown;
  readonly signals: { readonly name: string; readonly raw: string }[];
  run: Run;
}

export class Server {
  /** Why a story threw: on the real server it would be tried for ever. */
  readonly stuck: unknown[] = [];
  private readonly workflows = new Map<string, Workflow>();
  private runs = 0;

  constructor(private readonly deps: RunDeps) {}

  get running(): number {
    return [...this.workflows.values()].filter(({ run }) => !run.over).length;
  }

  /** Starts it unless it runs. A repeated start of a running one is the same one. */
  start(id: string, start: unknown): void {
    const known = this.workflows.get(id);
    if (known && !known.run.over) return;
    this.workflows.set(id, { start, signals: [], run: this.begin(id, [JSON.parse(JSON.stringify(start))]) });
  }

  private begin(workflowId: string, args: readonly unknown[], before?: RunId): Run {
    this.runs += 1;
    const info = {
      workflowId,
      runId: `run-${this.runs}` as RunId,
      attempt: 1 as const,
      historyLength: 10,
      continueAsNewSuggested: false,
      ...(before && { continuedFromExecutionRunId: before }),
    };
    const run = new Run(this.deps, info);
    const [start, carried] = args as Parameters<typeof elevation>;
    void run
      .as(() => elevation(start, carried))
      .then(
        () => run.end('completed'),
        (error: unknown) => this.left(run, error),
      );
    return run;
  }

  private left(run: Run, error: unknown): void {
    if (run.over) return;
    run.end('failed', error);
    const { workflowId, runId } = run.info;
    const workflow = this.workflows.get(workflowId);
    if (!(error instanceof TurnedPage) || !workflow) return void this.stuck.push(error);
    workflow.run = this.begin(workflowId, JSON.parse(JSON.stringify(error.args)), runId);
  }

  signal(id: string, name: string, message: unknown): void {
    const workflow = this.workflows.get(id);
    if (!workflow || workflow.run.over) return;
    const raw = JSON.stringify(message);
    workflow.signals.push({ name, raw });
    deliver(workflow.run, name, raw);
  }

  /** Asks and waits for the answer, as a Mac waits: not for ever. Undefined when none came. */
  async update<A>(id: string, name: string, message: unknown): Promise<A | undefined> {
    const run = this.workflows.get(id)?.run;
    const handler = run?.handlers.get(`update ${name}`);
    if (!run || run.over || !handler) return undefined;
    const raw: unknown = JSON.parse(JSON.stringify(message));
    run.as(() => run.handlers.get(`validator ${name}`)?.(raw));
    run.updating += 1;
    // A handler that was cancelled refuses its update; the one who asked gets an error.
    const answer = Promise.resolve(run.as(() => handler(raw)))
      .catch(() => undefined)
      .finally(() => {
        run.updating -= 1;
      });
    const late = this.deps.time.sleep(ANSWER_MS).then(() => undefined);
    return (await Promise.race([answer, late])) as A | undefined;
  }

  query<V>(id: string): V | null {
    const run = this.workflows.get(id)?.run;
    return run ? ((run.as(() => run.handlers.get('query state')?.()) ?? null) as V | null) : null;
  }

  cancel(id: string): void {
    this.workflows.get(id)?.run.scope.cancel();
  }

  terminate(id: string): void {
    this.workflows.get(id)?.run.end('terminated');
  }

  /** The next time that it may, the run goes on as a new one. */
  suggestPage(id: string): void {
    const run = this.workflows.get(id)?.run;
    if (run) run.info.continueAsNewSuggested = true;
  }

  /** The operator's reset to the first task, of a run that lives or is over, with or without the signals. */
  reset(id: string, withSignals: boolean): void {
    const workflow = this.workflows.get(id);
    if (!workflow) return;
    workflow.run.end('terminated');
    workflow.run = this.begin(id, [JSON.parse(JSON.stringify(workflow.start))]);
    if (!withSignals) workflow.signals.length = 0;
    for (const { name, raw } of workflow.signals) deliver(workflow.run, name, raw);
  }
}

/** Signals that come before the handlers wait for them. */
function deliver(run: Run, name: string, raw: string): void {
  const handlers = run.handlers;
  run.watch(
    () => handlers.has('signal'),
    () => {
      const known = handlers.get(`signal ${name}`);
      const message: unknown = JSON.parse(raw);
      run.as(() => (known ? known(message) : handlers.get('signal')?.(name, message)));
    },
  );
}
