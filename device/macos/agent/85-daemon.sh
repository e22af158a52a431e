# ---- daemon: what launchd keeps alive -------------------------------------------------------------------------------------

IDLE_FAILS=0
LAST_ORDER=
LAST_ORDER_AT=0
LAST_REPORT_AT=0
PUSH_NEXT=0
PUSH_WAIT=5
LACK_SAID=''

# One daemon at a time. A symbolic link is made in one step together with the pid that it holds.
lock_take() {
  for lock_try in 1 2 3; do
    /bin/ln -s "$$" "$LOCK" 2>/dev/null && return 0
    lock_holder_lives && return 1
    /bin/rm -f "$LOCK"
  done
  : "$lock_try"
  return 1
}

# A pid may belong to another program after a crash or a boot: it counts only while that program is this one.
lock_holder_lives() {
  lock_pid=$(/usr/bin/readlink "$LOCK" 2>/dev/null)
  is_number "$lock_pid" && kill -0 "$lock_pid" 2>/dev/null || return 1
  case $(/bin/ps -o command= -p "$lock_pid" 2>/dev/null) in *stint-agent*) return 0 ;; esac
  return 1
}

lock_is_mine() {
  [ "$(/usr/bin/readlink "$LOCK" 2>/dev/null)" = "$$" ]
}

# An open session comes before everything else, with the disk alone: profile and keys may be missing after a boot, and without
# them the daemon waits rather than ends.
daemon() {
  prepare
  lock_take || die 'another agent is running'
  clean_up
  say "agent $AGENT_VERSION runs"
  while lock_is_mine; do
    session_load
    case $? in
    0) resume ;;
    1) if session_left; then session_broken; elif ready; then idle; else idle_without; fi ;;
    *) session_broken ;;
    esac
  done
  die 'another agent took over'
}

# Removes what dead processes left; a drop-in without a session has no business here.
clean_up() {
  for clean_dir in "$RUN_DIR"/call.*; do
    clean_pid=${clean_dir##*/call.}
    clean_pid=${clean_pid%%.*}
    is_number "$clean_pid" && kill -0 "$clean_pid" 2>/dev/null && [ "$clean_pid" != "$$" ] || /bin/rm -rf "$clean_dir"
  done
  [ -f "$SESSION_FILE" ] || dropin_remove
}

# A session on disk: held when it is active and of this boot; in any other case it is over.
resume() {
  resume_boot=$(boot_session) || resume_boot=
  if [ "$S_PHASE" = ending ]; then
    finish "${S_WHY:-undo}"
  elif [ "$resume_boot" != "$S_BOOT" ]; then
    finish boot
  elif [ "$S_PHASE" != active ]; then
    finish undo # the process died between the record and the confirmation
  elif [ -z "$API" ] && [ ! -f "$CONFIG_FILE" ]; then
    # Not held with the built-in limits: who takes the profile away, takes this Mac out of the management that this access was
    # approved under, and an administrator can do just that. Too early an end costs another request. A process that has seen
    # the profile gives it some seconds, in `hold_clock`.
    finish profile
  else
    # With a configuration or key that is damaged the window is held without contact, so for the grace at most.
    ready || say "$LACK"
    hold
  fi
}

# No session, and no configuration or no keys: what is to be told waits on disk. Said once, not with every look.
idle_without() {
  [ "$LACK" = "$LACK_SAID" ] || say "$LACK; waiting for it"
  LACK_SAID=$LACK
  /bin/rm -f "$STATE_DIR/end-wanted" "$STATE_DIR/kick"
  idle_pause 10
}

# No session: tell what is untold, send logs, ask for orders.
idle() {
  mono_read || MONO_LAST=0
  outbox_flush 10
  idle_untold=$?
  idle_push
  /bin/rm -f "$STATE_DIR/end-wanted" "$STATE_DIR/kick"
  idle_dir=$(call_dir orders) || { /bin/sleep 5; return 0; }
  if ! api "$idle_dir" GET /device/v1/orders wait=20 25; then
    [ "$IDLE_FAILS" -ge 5 ] || IDLE_FAILS=$((IDLE_FAILS + 1))
    idle_pause $((1 << IDLE_FAILS))
    return 0
  fi
  IDLE_FAILS=0
  idle_order "$idle_dir/reply" "$idle_untold"
}

idle_push() {
  [ "${MONO:-0}" -ge "$PUSH_NEXT" ] || return 0
  if evidence_push; then
    PUSH_WAIT=5
  else
    PUSH_NEXT=$((${MONO:-0} + PUSH_WAIT))
    [ "$PUSH_WAIT" -ge 300 ] || PUSH_WAIT=$((PUSH_WAIT * 2))
  fi
}

# Acts on a verified orders reply $1. The same order again within seconds (it stays open until the server closes it) is not
# acted on again, so that a failing start does not become a loop. $2: whether an end is still untold; then nothing starts.
idle_order() {
  order_kind=$(json_get "$1" order) || order_kind=none
  order_request=$(json_get "$1" requestId) || order_request=
  order_user=$(json_get "$1" localUser) || order_user=
  ! is_request_id "$order_request" || ! is_user "$order_user" || user_remember "$order_request" "$order_user"
  order_pause=$(json_get "$1" pollAfterS) && is_number "$order_pause" || order_pause=5
  if [ "$order_kind" != none ] && is_request_id "$order_request"; then
    if [ "$order_kind $order_request" != "$LAST_ORDER" ] || [ $((${MONO:-0} - LAST_ORDER_AT)) -ge 10 ]; then
      LAST_ORDER="$order_kind $order_request"
      LAST_ORDER_AT=${MONO:-0}
      case $order_kind in
      start) [ "$2" -ne 0 ] || ! start_elevation "$order_request" || return 0 ;;
      end)
        idle_state "$order_request"
        evidence_seal "$order_request" && PUSH_NEXT=0
        ;;
      collect) evidence_again "$order_request" && PUSH_NEXT=0 ;;
      esac
    fi
    [ "$order_pause" -gt 1 ] || order_pause=2
  elif [ "$(json_get "$1" waiting)" = true ] && [ $((${MONO:-0} - LAST_REPORT_AT)) -ge 30 ]; then
    LAST_REPORT_AT=${MONO:-0}
    is_request_id "$order_request" || order_request=
    idle_state "$order_request"
  fi
  [ "$order_pause" -le 300 ] || order_pause=300
  idle_pause "$order_pause"
}

# Says whether the user of request $1 is an administrator now. There is no session, so if so it is not our doing.
idle_state() {
  state_user=$(user_of "$1") && state_guid=$(user_value "$state_user" GeneratedUID) || return 0
  state_dir=$(call_dir state) || return 0
  case $(admin_state "$state_user" "$state_guid") in
  yes) report "$state_dir" "$1" "$state_user" true true 10 ;;
  no) report "$state_dir" "$1" "$state_user" false false 10 ;;
  esac
}

# Waits $1 seconds, or until the MDM kicks.
idle_pause() {
  pause_left=$1
  while [ "$pause_left" -gt 0 ] && [ ! -f "$STATE_DIR/kick" ] && lock_is_mine; do
    /bin/sleep 1
    pause_left=$((pause_left - 1))
  done
}
