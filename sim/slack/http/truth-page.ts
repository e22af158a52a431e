/** The stand-in's truth as a plain page. Everything shown is escaped: much of it was typed by people. */
import type { TruthView } from '../control.js';

const SHOWN = 200;

/** A page of HTML, the newest first. */
export function truthPage(truth: TruthView): string {
  const messages = truth.messages.map((one) => [
    one.ts,
    one.channel,
    one.onlyFor ? `only for ${one.onlyFor}` : one.threadTs ? `in thread ${one.threadTs}` : '',
    one.deleted ? 'deleted' : `revision ${one.revision}`,
    one.text,
  ]);
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>What Slack knows</title>',
    '<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:80rem}table{border-collapse:collapse;width:100%}',
    'td,th{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}',
    'code{font-size:13px}</style><h1>What Slack knows</h1>',
    '<p>The stand-in&#39;s own record. The product never sees this page.</p>',
    table(
      'Errors that people saw',
      ['when', 'who', 'doing', 'saw'],
      truth.errors.map((one) => [when(one.at), one.user, one.doing, one.saw]),
    ),
    table(
      'Faults switched on',
      ['fault', 'method', 'hits'],
      truth.faults.map((one) => [one.kind, one.method, String(one.hits)]),
    ),
    table('Messages', ['ts', 'channel', 'where', 'state', 'text'], messages),
    table(
      'Deliveries to the app',
      ['when', 'type', 'outcome', 'payload'],
      truth.deliveries.map((one) => [when(one.at), one.type, one.outcome, JSON.stringify(one.payload)]),
    ),
    table(
      'Calls of the app',
      ['when', 'method', 'status', 'faults', 'arguments', 'answer'],
      truth.calls.map((one) => [
        when(one.at),
        one.method,
        one.lost ? 'never answered' : String(one.status),
        one.faults.join(', '),
        JSON.stringify(one.args),
        JSON.stringify(one.answer),
      ]),
    ),
    '</html>',
  ].join('\n');
}

function table(title: string, heads: string[], rows: string[][]): string {
  if (rows.length === 0) return `<h2>${escaped(title)}</h2><p>None.</p>`;
  const cells = (row: string[]) => row.map((cell) => `<td>${escaped(cell.slice(0, 2000))}</td>`).join('');
  const body = rows
    .slice(-SHOWN)
    .reverse()
    .map((row) => `<tr>${cells(row)}</tr>`);
  return `<h2>${escaped(title)} (${rows.length})</h2><table><tr>${heads.map((head) => `<th>${escaped(head)}</th>`).join('')}</tr>${body.join('')}</table>`;
}

function when(at: number): string {
  return new Date(at).toISOString();
}

function escaped(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
