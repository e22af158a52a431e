/** Which hosts are this very computer: what may be sent there in the clear may be sent nowhere else. */

/** 127.0.0.0/8, as it stands in an address. */
const FOUR = /^127(\.(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])){3}$/;
/** The same as IPv6 writes it (RFC 4291, 2.5.5.2), and as `URL` does. */
const MAPPED = /^::ffff:(?:7f[0-9a-f]{2}:[0-9a-f]{1,4}|(127[\d.]+))$/;

/**
 * Whether the `hostname` of a `URL` is this very computer; an IPv6 address may stand without its brackets, too. NB: compared as a
 * whole: `127.0.0.1.example.com` and `localhost.example.com` are somebody else's.
 */
export function isLoopback(hostname: string): boolean {
  const host = /^\[(.*)\]$/.exec(hostname)?.[1] ?? hostname;
  if (host === 'localhost' || host === '::1' || FOUR.test(host)) return true;
  const mapped = MAPPED.exec(host);
  return mapped !== null && (mapped[1] === undefined || FOUR.test(mapped[1]));
}
