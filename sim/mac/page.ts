/** The stand-in Mac for people: who is an administrator, the Mac's own countdown, its sudo log. Reloads itself on changes. */
import type { Truth } from './truth.js';

const safe = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const STYLE = `body{font:15px/1.5 -apple-system,system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1d1d1f;background:#f5f5f7}
main{background:#fff;border-radius:12px;padding:1.5rem 2rem;box-shadow:0 1px 4px #0002}h1{font-size:1.3rem;margin:0}
.state{font-size:1.6rem;font-weight:600;margin:.6rem 0}.admin{color:#b3261e}.standard{color:#1b6e3c}
pre{background:#1d1d1f;color:#e8e8ed;padding:1rem;border-radius:8px;overflow:auto;white-space:pre-wrap}h2{font-size:1rem;margin:1.2rem 0 .3rem}`;

/** One page of HTML; everything shown is escaped. */
export function page(truth: Truth): string {
  const admin = truth.admins.includes(truth.localUser);
  const left = truth.countdown === undefined ? '' : ` · the Mac ends it in <span id="left">${truth.countdown}</span> s`;
  const list = (items: readonly string[]) => `<pre>${items.map(safe).join('\n') || '–'}</pre>`;
  const changes = truth.adminLog.map((c) => `${c.at}  ${c.user}  ${c.admin ? 'administrator' : 'standard'}  by ${c.by}`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${safe(truth.name)}</title><style>${STYLE}</style>
<main><h1>${safe(truth.name)} <small>${safe(truth.serial)}</small></h1>
<p class="state ${admin ? 'admin' : 'standard'}">${safe(truth.localUser)} is ${admin ? 'an administrator' : 'a standard user'}${left}</p>
<p>Administrators: ${truth.admins.map(safe).join(', ')} · agent ${truth.daemonPid === undefined ? 'not running' : `pid ${truth.daemonPid}`}${
    truth.faults.length === 0 ? '' : ` · faults: ${truth.faults.map(safe).join(', ')}`
  }</p>
<h2>sudo</h2>${list(truth.sudoLog.slice(-50))}<h2>Changes of the admin group</h2>${list(changes.slice(-50))}
<h2>Agent</h2>${list(truth.agentLog.slice(-30))}</main>
<script>let n=0;new EventSource('../events').onmessage=()=>{if(n++)location.reload()};
const l=document.getElementById('left');if(l)setInterval(()=>{l.textContent=Math.max(0,+l.textContent-1)},1000)</script></html>`;
}
