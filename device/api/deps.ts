/** What the device API needs, and the Fastify instance as its routes see it. */
import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { PersonId } from '../../contract/ids.js';
import type { Directory, Gate, PersonKeys, Store } from '../../contract/ports.js';
import type { Preview, ReasonRule } from '../../contract/preview.js';
import type { Target } from '../../contract/request.js';

/** What the policy offers before anything starts; the workflow judges again with live facts. */
export type AskPreview = (
  personId: PersonId,
  target: Target,
) => Promise<
  | { readonly ok: true; readonly windowsMs: readonly number[]; readonly reason?: ReasonRule }
  | { readonly ok: false; readonly sentence: string }
>;

export interface DeviceApiDeps {
  readonly store: Pick<Store, 'devices' | 'evidence' | 'fence' | 'freeze' | 'ledger' | 'requests' | 'once' | 'ping'>;
  readonly gate: Gate;
  readonly directory: Pick<Directory, 'personByMac'>;
  readonly preview: AskPreview;
  /** What people may call from their command lines; without it there are no such routes. */
  readonly people?: PeopleDeps;
  /** The Slack workspace that the app is in: requests name people by their accounts there. */
  readonly teamId: string;
  /** ECDSA P-256 private key; Macs pin its public half. */
  readonly replyKey: KeyObject;
  /** Host names (with port, if not the default) that calls may be made to. Absent: whatever the Host header says. */
  readonly authorities?: readonly string[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** After this silence an elevated Mac ends by itself, ms: it must be told to poll well within it. */
  readonly contactGraceMs: number;
  readonly logger: FastifyBaseLogger;
  /** 0 to 1: spreads the polls of a fleet. */
  readonly random: () => number;
  readonly limits?: DeviceApiLimits;
  /** As Fastify's option: set it only behind a proxy of your own. */
  readonly trustProxy?: boolean | string;
  /** Waits, seconds at most, while many revokes leave: what a Mac tells of its end can wait, and they can't. */
  readonly afterRevokes?: () => Promise<void>;
  /** How long a claim or confirm waits for the workflow; ms. Macs give up after 15 s. */
  readonly answerWithinMs?: number;
}

export interface PeopleDeps {
  readonly keys: Pick<PersonKeys, 'key'>;
  readonly directory: Pick<Directory, 'person'>;
  readonly preview: Pick<Preview, 'offersFor' | 'search' | 'pin' | 'judgeClick'>;
  /** Seals what people ask for as asked at a command line. */
  readonly gate: Pick<Gate, 'start' | 'send'>;
}

export interface DeviceApiLimits {
  /** Calls a minute from one address: a whole office may stand behind one. */
  readonly perAddress?: number;
  /** Calls a minute with one key. */
  readonly perDevice?: number;
  /** The same for a person's key. */
  readonly perPerson?: number;
}

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What is told on this route lets revokes go first. */
    readonly yields?: boolean;
  }
}
