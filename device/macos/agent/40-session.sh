# ---- session: the one record of an open elevation on this Mac -----------------------------------------------------------
#
# Written before the flip and before every step, by rename, so that a process that dies anywhere leaves a record from which
# the next one ends the session. Values are checked on reading: the file is root's, but never evaluated. Beside it lies the
# snapshot of before; while either is there, an elevation may be open. Heartbeats leave both alone.
#
# phase: claimed (drop-in may be there) -> granting (may be admin) -> active (confirmed) -> ending (being taken back).

session_reset() {
  S_REQUEST='' S_USER='' S_UID='' S_GUID='' S_PGID='' S_BOOT='' S_CLOCK='' S_PHASE='' S_WHY='' S_CLAIMED='' S_MAX='' S_START='' S_DEADLINE='' S_CONTACT='' S_WRITTEN=''
}

# Writes the record so that it outlives a power loss; `session_write` only so that it outlives this process.
session_save() {
  session_new && disk_sync && /bin/mv -f "$SESSION_FILE.new" "$SESSION_FILE" && disk_sync
}

session_write() {
  session_new && /bin/mv -f "$SESSION_FILE.new" "$SESSION_FILE"
}

session_new() {
  printf '%s=%s\n' request "$S_REQUEST" user "$S_USER" uid "$S_UID" guid "$S_GUID" pgid "$S_PGID" boot "$S_BOOT" clock "$S_CLOCK" \
    phase "$S_PHASE" why "$S_WHY" claimed "$S_CLAIMED" max "$S_MAX" start "$S_START" deadline "$S_DEADLINE" contact "$S_CONTACT" >"$SESSION_FILE.new" && S_WRITTEN=$S_DEADLINE
}

# The last contact, apart from the record: it changes with every heartbeat. Lost or damaged it only ends the window sooner.
contact_save() {
  printf '%s %s\n' "$S_BOOT" "$S_CONTACT" >"$CONTACT_FILE.new" && /bin/mv -f "$CONTACT_FILE.new" "$CONTACT_FILE"
}

contact_load() {
  [ -f "$CONTACT_FILE" ] && read -r contact_boot contact_at <"$CONTACT_FILE" && [ "$contact_boot" = "$S_BOOT" ] &&
    is_number "$contact_at" && [ "$contact_at" -gt "$S_CONTACT" ] || return 0
  S_CONTACT=$contact_at
}

# Whether there is a record or a snapshot, readable or not.
session_left() {
  [ -e "$SESSION_FILE" ] || [ -e "$BEFORE_FILE" ]
}

# 0: a session is open and read. 1: there is none. 2: there is one that can't be understood.
session_load() {
  session_reset
  [ -f "$SESSION_FILE" ] || return 1
  while IFS='=' read -r session_key session_value; do
    case $session_key in
    request) S_REQUEST=$session_value ;;
    user) S_USER=$session_value ;;
    uid) S_UID=$session_value ;;
    guid) S_GUID=$session_value ;;
    pgid) S_PGID=$session_value ;;
    boot) S_BOOT=$session_value ;;
    clock) S_CLOCK=$session_value ;;
    phase) S_PHASE=$session_value ;;
    why) S_WHY=$session_value ;;
    claimed) S_CLAIMED=$session_value ;;
    max) S_MAX=$session_value ;;
    start) S_START=$session_value ;;
    deadline) S_DEADLINE=$session_value ;;
    contact) S_CONTACT=$session_value ;;
    esac
  done <"$SESSION_FILE"
  session_sound || return 2
  S_WRITTEN=$S_DEADLINE # the deadline as it stands on disk
  contact_load
}

session_sound() {
  is_request_id "$S_REQUEST" && is_user "$S_USER" && is_number "$S_UID" && is_guid "$S_GUID" && is_number "$S_PGID" &&
    is_guid "$S_BOOT" && is_number "$S_CLAIMED" && is_number "$S_MAX" && is_number "$S_START" && is_number "$S_DEADLINE" && is_number "$S_CONTACT" || return 1
  case $S_PHASE in claimed | granting | active | ending) ;; *) return 1 ;; esac
}

session_clear() {
  # The snapshot first: left alone it would be taken for a session whose record was lost.
  /bin/rm -f "$BEFORE_FILE" "$CONTACT_FILE" && /bin/rm -f "$SESSION_FILE" "$STATE_DIR/end-wanted"
  disk_sync
  session_reset
}

# Sets the deadline to $1 seconds after $2 (the instant before the call left, so never later than the server's own), and
# never past the ceiling that this Mac keeps for itself.
session_deadline() {
  S_DEADLINE=$(($2 + $1))
  [ "$S_DEADLINE" -le $((S_CLAIMED + CEILING)) ] || S_DEADLINE=$((S_CLAIMED + CEILING))
}

# Never past $1 seconds since the window began, nor, where $1 is less or no number, past what was claimed: whatever a clock of
# the server makes of the seconds that are left, only an extension can give more than the claim.
session_limit() {
  limit_s=$S_MAX
  ! is_number "$1" || [ "$1" -le "$limit_s" ] || limit_s=$1
  [ "$S_DEADLINE" -le $((S_START + limit_s)) ] || S_DEADLINE=$((S_START + limit_s))
}

session_reset
