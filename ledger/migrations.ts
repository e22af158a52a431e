/** How the tables came to be, step by step. A step that was released is never changed; another one is added. */

/** One step: SQL statements that both databases understand, run in one transaction. */
export interface Migration {
  /** Orders the steps; never reused. */
  readonly name: string;
  readonly statements: readonly string[];
}

/** Comparing instants as text is right only while all of them have this one form. */
const INSTANT = `~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$'`;
const instantColumn = (name: string, rest = 'not null') => `${name} text collate "C" ${rest} check (${name} ${INSTANT})`;

const LEDGER = [
  `create table ledger_head (
    only_row boolean primary key default true check (only_row),
    chain text not null,
    size bigint not null,
    hash text not null)`,
  `create table entries (
    seq bigint primary key check (seq >= 0),
    hash text not null unique,
    prev text not null unique,
    id text not null unique,
    request_id text collate "C" not null,
    type text not null,
    ${instantColumn('at')},
    body text not null)`,
  'create index entries_of_request on entries (request_id, seq)',
  `create function stint_refuse_change() returns trigger language plpgsql as $$
    begin raise exception 'the ledger is append-only: % on % is refused', tg_op, tg_table_name; end $$`,
  `create function stint_head_goes_forward() returns trigger language plpgsql as $$
    begin
      if new.chain <> old.chain or new.size <= old.size then raise exception 'the head of the ledger only goes forward'; end if;
      return new;
    end $$`,
  ...['entries', 'ledger_head'].flatMap((table) => [
    `create trigger ${table}_keep before delete${table === 'entries' ? ' or update' : ''} on ${table}
      for each row execute function stint_refuse_change()`,
    `create trigger ${table}_keep_all before truncate on ${table}
      for each statement execute function stint_refuse_change()`,
    // Triggers are skipped by a session that poses as a replica, unless they are `always`.
    `alter table ${table} enable always trigger ${table}_keep`,
    `alter table ${table} enable always trigger ${table}_keep_all`,
  ]),
  `create trigger ledger_head_forward before update on ledger_head
    for each row execute function stint_head_goes_forward()`,
  'alter table ledger_head enable always trigger ledger_head_forward',
];

const ELEVATIONS = [
  `create table elevations (
    request_id text collate "C" primary key,
    state text not null,
    outcome text,
    person_id text not null,
    requester_id text not null,
    target_key text not null,
    ${instantColumn('asked_at')},
    ${instantColumn('updated_at')},
    view text not null)`,
  'create index elevations_newest on elevations (asked_at desc, request_id desc)',
  `create index elevations_live on elevations (asked_at desc, request_id desc) where state <> 'closed'`,
  'create index elevations_of_person on elevations (person_id)',
  'create index elevations_of_requester on elevations (requester_id)',
  'create index elevations_of_target on elevations (target_key)',
];

const FENCE = [
  'create table people_locks (person_id text primary key)',
  `create table grants (
    request_id text primary key,
    target_key text not null,
    target text not null,
    person_id text not null,
    run_id text not null,
    ${instantColumn('not_after')},
    ${instantColumn('ended_at', '')},
    ${instantColumn('gone_at', '')})`,
  'create unique index grants_one_per_target on grants (target_key) where gone_at is null',
  'create index grants_overdue on grants (not_after) where gone_at is null',
];

const DOCUMENTS = [
  'create table requests (request_id text primary key, digest text not null, body text not null)',
  'create table texts (digest text primary key, bytes bytea not null)',
  'create table policies (hash text primary key, bytes bytea not null)',
  'create table messages (key text primary key, channel text not null, ts text not null, render_digest text not null)',
  `create table once (digest text primary key, scope text not null, ${instantColumn('until')})`,
  'create index once_until on once (until)',
];

const DEVICES = [
  `create table device_keys (
    key_id text primary key, serial text not null, public_key text not null, ${instantColumn('revoked_at', '')})`,
  'create sequence device_order_ids',
  `create table device_orders (
    id bigint not null unique default nextval('device_order_ids'),
    serial text not null,
    request_id text not null,
    kind text not null check (kind in ('start', 'end', 'collect')),
    ${instantColumn('created_at')},
    ${instantColumn('closed_at', '')},
    primary key (request_id, kind))`,
  'create index device_orders_open on device_orders (serial) where closed_at is null',
  `create table device_reports (
    serial text not null,
    local_user text not null,
    request_id text,
    admin boolean not null,
    standing boolean not null,
    boot_session text not null,
    ${instantColumn('at')},
    primary key (serial, local_user))`,
  `create table device_lanes (serial text primary key, holder text not null, ${instantColumn('until')})`,
  `create table evidence_chunks (
    request_id text not null,
    seq integer not null check (seq >= 0),
    data bytea not null,
    total integer check (total = seq + 1),
    ${instantColumn('received_at')},
    primary key (request_id, seq))`,
  'create unique index evidence_one_total on evidence_chunks (request_id) where total is not null',
];

const LOOKS = [
  `create table looks (target text primary key, ${instantColumn('at')}, told text not null)`,
  // The reconciler asks for what was gone since yesterday; without this it would read every grant there ever was.
  'create index grants_gone on grants (gone_at)',
  `create index elevations_unproven on elevations (request_id) where outcome = 'unproven'`,
];

const FREEZE = [
  // The row is there from the start, so that every arm has something to lock (`freeze.ts`).
  `create table freezing (
    only_row boolean primary key default true check (only_row),
    orders bigint not null,
    ${instantColumn('since', '')},
    operator text,
    reason bytea,
    check ((since is null) = (operator is null) and (since is null) = (reason is null)))`,
  'insert into freezing (only_row, orders) values (true, 0)',
  `create table untold (request_id text primary key, ${instantColumn('at')})`,
];

const MARKS = [
  `create table marks (
    request_id text primary key,
    target text not null,
    before text not null check (before in ('absent', 'present')),
    ${instantColumn('at')},
    create_id text,
    delete_id text)`,
];

/** What was noted before has no end: whatever came after it may be ours. */
const MARKS_UNTIL = [`alter table marks add column ${instantColumn('until', '')}`];

const BINDINGS = [
  `create table bindings (
    person_id text not null,
    kind text not null,
    far_id text not null,
    ${instantColumn('at')},
    primary key (person_id, kind),
    unique (kind, far_id))`,
];

const PERSON_KEYS = [
  `create table person_keys (
    key_id text primary key,
    person_id text not null,
    public_key text not null unique,
    ${instantColumn('enrolled_at')},
    ${instantColumn('removed_at', '')})`,
  'create index person_keys_live on person_keys (person_id) where removed_at is null',
];

/**
 * What limits count (`usage.ts`). What is there already is read out of the views by patterns, not as JSON, which would refuse the
 * zero character; none of these keys can stand inside a text, where its quotes would be escaped.
 */
const USAGE = [
  `alter table elevations
    add column rule text,
    add column refused boolean not null default false,
    add column ${instantColumn('confirmed_at', '')},
    add column ${instantColumn('revoked_at', '')}`,
  `update elevations set
    rule = substring(view from '"rule":"([^"]+)"'),
    refused = coalesce(outcome = 'denied', false) and view like '%"votes":[]%',
    confirmed_at = substring(view from '"confirmedAt":"([^"]+)"'),
    revoked_at = case
      when outcome = 'revoked' and coalesce(substring(view from '"endedBy":"([^"]+)"'), '') not in (person_id, requester_id)
      then coalesce(substring(view from '"endingAt":"([^"]+)"'), substring(view from '"closedAt":"([^"]+)"')) end`,
  'alter table grants add column rule text, add column window_ms bigint',
  `update grants set
    rule = elevations.rule,
    window_ms = substring(view from '"approvedWindowMs":([0-9]+)')::bigint
    from elevations where elevations.request_id = grants.request_id and view like '%"armedAt":"%'`,
  'create index elevations_asked on elevations (requester_id, asked_at)',
  'create index elevations_revoked on elevations (person_id, revoked_at) where revoked_at is not null',
  'create index grants_of_person on grants (person_id, gone_at)',
];

const APPLIED_POLICIES = [
  `create table applied_policies (
    number bigint primary key check (number > 0),
    hash text not null references policies (hash),
    applied_by bytea not null,
    ${instantColumn('at')})`,
  'create index applied_policies_hash on applied_policies (hash)',
];

/** What the policy approved by itself, which its own cap counts. */
const AUTOMATIC = [
  `alter table grants add column ${instantColumn('automatic_at', '')}`,
  'create index grants_automatic on grants (person_id, automatic_at) where automatic_at is not null',
];

/** The end of an access that was seen, for as long as its workflow has not said when it ends. */
const SEEN_UNTIL = [`alter table grants add column ${instantColumn('seen_until', '')}`];

/** No elevation of before was a break-glass. */
const REVIEWS = [
  'alter table elevations add column review_open boolean not null default false',
  'create index elevations_review on elevations (asked_at) where review_open',
];

/** Posts that may stand twice, to be looked for again. */
const DOUBTS = [
  `create table doubts (
    key text not null,
    channel text not null,
    thread_ts text not null,
    ${instantColumn('since')},
    ${instantColumn('next_at')},
    primary key (key, channel, thread_ts))`,
  'create index doubts_next on doubts (next_at)',
];

/** By which policy a target was taken. Read out of the views as `USAGE` does: the policy by which it was first judged. */
const TAKEN_BY = [
  'alter table grants add column policy text',
  `update grants set policy = substring(view from '"policyHash":"([^"]+)"')
    from elevations where elevations.request_id = grants.request_id and view like '%"armedAt":"%'`,
];

/** When somebody was last at its ending. */
const PULSE = [`alter table grants add column ${instantColumn('pulse_at', '')}`];

/** By when what a create may have made has to be over, while nobody knows more of it. */
const SENT_UNTIL = [`alter table grants add column ${instantColumn('sent_until', '')}`];

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  { name: '0001-first', statements: [...LEDGER, ...ELEVATIONS, ...FENCE, ...DOCUMENTS, ...DEVICES] },
  { name: '0002-freeze', statements: FREEZE },
  { name: '0002-looks', statements: LOOKS },
  { name: '0003-marks', statements: MARKS },
  { name: '0004-bindings', statements: BINDINGS },
  { name: '0005-person-keys', statements: PERSON_KEYS },
  { name: '0006-marks-until', statements: MARKS_UNTIL },
  { name: '0007-usage', statements: USAGE },
  { name: '0008-applied-policies', statements: APPLIED_POLICIES },
  { name: '0009-automatic', statements: AUTOMATIC },
  { name: '0010-seen-until', statements: SEEN_UNTIL },
  { name: '0011-reviews', statements: REVIEWS },
  { name: '0012-doubts', statements: DOUBTS },
  { name: '0013-taken-by', statements: TAKEN_BY },
  { name: '0014-pulse', statements: PULSE },
  { name: '0015-sent-until', statements: SENT_UNTIL },
];
