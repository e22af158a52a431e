/**
 * A stand-in for Jira Cloud's REST API v3, as far as one issue goes: `GET /rest/api/3/issue/{key}`, with basic authentication, the
 * shapes of Atlassian's reference, and switches for what goes wrong. An issue that was moved is told under its new key, and without
 * the right to see it one is answered for as if it were not there: so does Jira.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { close, EventStream, listen } from '../edge.js';

export type JiraFault = '429' | '500' | '401' | 'hang' | 'drop' | 'stall' | 'huge' | 'wrong-shape' | 'not-json' | 'redirect';

export interface IssueSeed {
  readonly key: string;
  /** Keys that it had before. */
  readonly moved?: readonly string[];
  readonly status: 'new' | 'indeterminate' | 'done';
  readonly assignee?: string;
}

export interface JiraOptions {
  /** The whole value of the header `Authorization`. */
  readonly authorization: string;
  readonly issues: readonly IssueSeed[];
  readonly port?: number;
}

export interface JiraStandIn {
  readonly url: string;
  readonly control: {
    /** Until cleared with undefined. */
    fault(kind: JiraFault | undefined): void;
    setIssues(issues: readonly IssueSeed[]): void;
    /** Path and query of every call that came in. */
    readonly calls: readonly string[];
  };
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts the stand-in; on a free port where none is given. */
export async function startJira({ authorization, issues, port = 0 }: JiraOptions): Promise<JiraStandIn> {
  const calls: string[] = [];
  let [known, fault] = [issues, undefined as JiraFault | undefined];
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    if (fault === 'hang') return;
    if (fault === 'drop') request.socket.destroy();
    else if (fault === 'stall') stall(response);
    else if (fault === 'huge') flood(response);
    else send(response, faulty(fault) ?? answer(request, authorization, known, url));
  });
  const url = await listen(server, port);
  return {
    url,
    control: {
      fault: (kind) => {
        fault = kind;
      },
      setIssues: (changed) => {
        known = changed;
      },
      calls,
    },
    close: () => close(server, new EventStream()),
  };
}

const failure = (status: number, message: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body: { errorMessages: [message], errors: {} },
  headers,
});

function faulty(fault: JiraFault | undefined): Answer | undefined {
  switch (fault) {
    case '429':
      return failure(429, 'Rate limit exceeded.', { 'retry-after': '7', 'x-ratelimit-remaining': '0' });
    case '500':
      return failure(500, 'Internal server error');
    case '401':
      return UNKNOWN_CLIENT;
    case 'redirect':
      return { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/elsewhere' } };
    case 'wrong-shape':
      return { status: 200, body: { fields: [{ status: 'open' }] } };
    case 'not-json':
      return { status: 200, body: '<html>log in</html>' };
    default:
      return undefined;
  }
}

const UNKNOWN_CLIENT: Answer = {
  status: 401,
  body: 'Client must be authenticated to access this resource.',
  headers: { 'www-authenticate': 'OAuth realm="https%3A%2F%2Facme.atlassian.net"' },
};

function answer(request: IncomingMessage, authorization: string, issues: readonly IssueSeed[], base: string): Answer {
  const url = new URL(request.url ?? '/', base);
  const key = /^\/rest\/api\/3\/issue\/([^/]+)$/.exec(url.pathname)?.[1];
  if (request.headers.authorization !== authorization) return UNKNOWN_CLIENT;
  if (request.method !== 'GET' || key === undefined) return { status: 404, body: '<html>not found</html>' };
  const wanted = decodeURIComponent(key).toUpperCase();
  const issue = issues.find((one) => one.key === wanted || one.moved?.includes(wanted));
  if (!issue) return failure(404, 'Issue does not exist or you do not have permission to see it.');
  const asked = url.searchParams.get('fields')?.split(',');
  const fields = Object.entries(fieldsOf(issue, base)).filter(([name]) => !asked || asked.includes(name));
  const self = `${base}/rest/api/3/issue/10002`;
  return {
    status: 200,
    body: { expand: 'renderedFields,names,schema', id: '10002', self, key: issue.key, fields: Object.fromEntries(fields) },
  };
}

const CATEGORIES = {
  new: { id: 2, key: 'new', colorName: 'blue-gray', name: 'To Do' },
  indeterminate: { id: 4, key: 'indeterminate', colorName: 'yellow', name: 'In Progress' },
  done: { id: 3, key: 'done', colorName: 'green', name: 'Done' },
} as const;

function fieldsOf({ key, status, assignee }: IssueSeed, base: string): Record<string, unknown> {
  const category = CATEGORIES[status];
  return {
    summary: `What ${key} is about`,
    status: {
      self: `${base}/rest/api/3/status/${category.id}`,
      description: '',
      iconUrl: `${base}/images/icons/status.png`,
      name: category.name,
      id: String(category.id),
      statusCategory: { self: `${base}/rest/api/3/statuscategory/${category.id}`, ...category },
    },
    assignee: assignee
      ? {
          self: `${base}/rest/api/3/user?accountId=5b10a2844c20165700ede21g`,
          accountId: '5b10a2844c20165700ede21g',
          emailAddress: assignee,
          avatarUrls: {},
          displayName: assignee.split('@')[0],
          active: true,
          timeZone: 'Europe/Berlin',
          accountType: 'atlassian',
        }
      : null,
  };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

/** Begins an answer that never ends. */
function stall(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"fields":');
}

/** An answer without end, as fast as it is taken. */
function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const part = Buffer.alloc(64 * 1024, ' ');
  const more = () => {
    while (!response.destroyed && response.write(part));
  };
  response.on('drain', more);
  more();
}
