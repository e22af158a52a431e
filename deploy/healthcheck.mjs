/** Asks the process of this container how it is: GET /healthz on the loopback port STINT_HEALTH_PORT. Exit 0 means well. */
const port = process.env.STINT_HEALTH_PORT;
try {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4_000) });
  process.exit(answer.ok ? 0 : 1);
} catch {
  process.exit(1);
}
