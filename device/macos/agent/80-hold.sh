# ---- hold: the window, second by second ---------------------------------------------------------------------------------
#
# The loop itself never waits for the network: calls run beside it and leave their result in a file. So neither a hanging
# server nor a hanging directory service can delay the deadline.

BEAT_PID=''
POLL_PID=''

# Holds the session until it ends, and ends it.
hold() {
  BEAT_PID='' BEAT_NEXT=0 POLL_PID='' POLL_NEXT=0
  hold_why='' HOLD_MANAGED=''
  while [ -z "$hold_why" ]; do
    hold_clock && hold_beat && hold_poll && {
      [ ! -f "$STATE_DIR/end-wanted" ] || hold_why=user
      [ -n "$hold_why" ] || /bin/sleep 1
      lock_is_mine || exit 1
    }
  done
  finish "$hold_why"
  [ -z "$POLL_PID" ] || kill "$POLL_PID" 2>/dev/null
}

# Lets a heartbeat that is under way arrive before "gone" is told, else an older "is an administrator" could be the last word.
beat_settle() {
  settle_left=50
  while [ -n "$BEAT_PID" ] && [ ! -f "$BEAT_DIR/rc" ] && kill -0 "$BEAT_PID" 2>/dev/null && [ "$settle_left" -gt 0 ]; do
    settle_left=$((settle_left - 1))
    /bin/sleep 0.1
  done
  [ -z "$BEAT_PID" ] || kill "$BEAT_PID" 2>/dev/null
  BEAT_PID=''
}

# The limits that need no server. A clock that fails ends the window, and so does a profile that stays away: without it this Mac
# is no longer managed. For some seconds it may be away because the MDM is writing it anew.
hold_clock() {
  if ! mono_read || [ "$MONO_BY" != "$S_CLOCK" ]; then
    hold_why=clock
  elif [ "$MONO" -ge "$S_DEADLINE" ]; then
    hold_why=deadline
  elif [ $((MONO - S_CONTACT)) -ge "$CONTACT_GRACE" ]; then
    hold_why=contact
  elif [ -f "$CONFIG_FILE" ] || [ -z "$HOLD_MANAGED" ]; then
    HOLD_MANAGED=$MONO
  elif [ $((MONO - HOLD_MANAGED)) -ge 10 ]; then
    hold_why=profile
  fi
  [ -z "$hold_why" ]
}

# One heartbeat at a time. It also looks whether the user still is an administrator.
hold_beat() {
  if [ -z "$BEAT_PID" ]; then
    [ "$MONO" -ge "$BEAT_NEXT" ] || return 0
    ready || : # here and not only in the heartbeat: the ceiling of a profile that came back counts in this process
    BEAT_DIR=$(call_dir beat) || return 0
    BEAT_AT=$MONO
    beat_run "$BEAT_DIR" &
    BEAT_PID=$!
  elif job_over "$BEAT_PID" "$BEAT_DIR" "$BEAT_AT"; then
    BEAT_PID=''
    BEAT_NEXT=$((BEAT_AT + BEAT_EVERY))
    beat_apply
  fi
  [ -z "$hold_why" ]
}

beat_run() {
  case $(admin_state "$S_USER" "$S_GUID") in
  no)
    printf '' >"$1/gone"
    report "$1" "$S_REQUEST" "$S_USER" false false 10
    ;;
  *) report "$1" "$S_REQUEST" "$S_USER" true false 10 ;; # unknown is never told as gone
  esac
  printf '%s\n' "$?" >"$1/rc.new"
  /bin/mv "$1/rc.new" "$1/rc"
}

# Whether job $1 with folder $2, started at $3, has ended; sets JOB_RC (2 when it died or hung).
job_over() {
  JOB_RC=2
  if [ -f "$2/rc" ]; then
    read -r JOB_RC <"$2/rc"
  elif [ $((MONO - $3)) -gt 60 ]; then
    kill -9 "$1" 2>/dev/null
  elif kill -0 "$1" 2>/dev/null; then
    return 1
  fi
  wait "$1" 2>/dev/null
  return 0
}

# A verified reply is contact; its seconds move the deadline both ways, counted from before the call left.
beat_apply() {
  if [ -f "$BEAT_DIR/gone" ]; then
    hold_why=gone
    return 0
  fi
  [ "$JOB_RC" = 0 ] || return 0
  S_CONTACT=$BEAT_AT
  contact_save
  beat_most=$(json_get "$BEAT_DIR/reply" maxS) || beat_most=
  beat_left=$(json_get "$BEAT_DIR/reply" remainingS) && is_number "$beat_left" && session_deadline "$beat_left" "$BEAT_AT" &&
    session_limit "$beat_most"
  [ "$(json_get "$BEAT_DIR/reply" order)" != end ] || hold_why=order
  # Replies waver by a second. What stands in the record may be a little early for the next process, never late.
  [ "$S_DEADLINE" -ge "$S_WRITTEN" ] && [ "$S_DEADLINE" -le $((S_WRITTEN + 5)) ] || session_write
}

# A long poll beside the heartbeats: a revoke arrives within a second or two. What waits to be sent goes the same way.
hold_poll() {
  if [ -z "$POLL_PID" ]; then
    [ "$MONO" -ge "$POLL_NEXT" ] || return 0
    POLL_DIR=$(call_dir poll) || return 0
    POLL_AT=$MONO
    poll_run "$POLL_DIR" &
    POLL_PID=$!
  elif job_over "$POLL_PID" "$POLL_DIR" "$POLL_AT"; then
    POLL_PID=''
    POLL_NEXT=$((POLL_AT + 3))
    [ "$JOB_RC" != 0 ] || S_CONTACT=$POLL_AT
    [ "$JOB_RC" != 0 ] || [ "$(json_get "$POLL_DIR/reply" order)" != end ] ||
      [ "$(json_get "$POLL_DIR/reply" requestId)" != "$S_REQUEST" ] || hold_why=order
  fi
  [ -z "$hold_why" ]
}

poll_run() {
  api "$1" GET /device/v1/orders wait=20 25
  printf '%s\n' "$?" >"$1/rc.new"
  /bin/mv "$1/rc.new" "$1/rc"
}
