# ---- commands -----------------------------------------------------------------------------------------------------------

# request --user NAME --window 15m|900s|900000ms --category WORD, the reason on stdin (never in argv, which all can read).
# Prints "REQUEST-ID STATE". One ask id per run: a reply that is lost does not make two requests.
cmd_request() {
  ask_user='' ask_ms='' ask_category=''
  while [ $# -ge 2 ]; do
    case $1 in
    --user) ask_user=$2 ;;
    --window) ask_ms=$(window_ms "$2") || die 'the window is a number with m, s or ms' ;;
    --category) ask_category=$2 ;;
    *) die "unknown option $1" ;;
    esac
    shift 2
  done
  [ $# -eq 0 ] && [ -n "$ask_ms" ] || die 'usage: stint-agent request --user NAME --window 15m --category WORD < reason'
  is_user "$ask_user" || die 'no such account'
  case $ask_category in '' | *[!a-z0-9-]*) die 'the category is a word' ;; esac
  prepare
  ready || die "$LACK"
  ask_dir=$(call_dir ask) || die 'no room for the call'
  {
    printf '{"askId":"%s","localUser":"%s","windowMs":%s,' "$(/usr/bin/openssl rand -hex 16)" "$ask_user" "$ask_ms"
    printf '"category":"%s","reason":"%s"}' "$ask_category" "$(/usr/bin/head -c 2000 | json_escape)"
  } >"$ask_dir/body"
  for ask_try in 1 2 3; do
    api "$ask_dir" POST /device/v1/requests '' 20
    case "$? $api_code" in
    0*) ask_done "$ask_dir/reply"; return ;;
    1* | *' 429') die "not accepted: $(api_problem "$ask_dir/reply")" ;; # 429: asking again at once would only be one more
    esac
    /bin/sleep "$ask_try"
  done
  die 'the server does not answer'
}

ask_done() {
  ask_request=$(json_get "$1" requestId) && is_request_id "$ask_request" || die 'the reply names no request'
  user_remember "$ask_request" "$ask_user"
  printf '' >"$STATE_DIR/kick"
  printf '%s %s\n' "$ask_request" "$(json_get "$1" state)"
}

# Milliseconds of 15m, 900s or 900000ms.
window_ms() {
  case $1 in
  *ms) window_number=${1%ms} window_unit=1 ;;
  *m) window_number=${1%m} window_unit=60000 ;;
  *s) window_number=${1%s} window_unit=1000 ;;
  *) return 1 ;;
  esac
  is_number "$window_number" && [ "${#window_number}" -le 8 ] && printf '%s\n' $((window_number * window_unit))
}

# The user is done. The daemon demotes first and tells then; when none runs, this process does both.
cmd_end() {
  prepare
  session_left || { say 'nothing to end'; return 0; }
  printf '' >"$STATE_DIR/end-wanted"
  for end_try in 1 2 3 4 5; do
    lock_holder_lives || break
    /bin/sleep 1
    session_left || return 0
  done
  : "$end_try"
  lock_take || return 0
  if session_load; then finish user; elif session_left; then session_broken; fi
  /bin/rm -f "$LOCK"
}

# What the MDM runs when its elevate signal is there: ask for orders now. Safe to run at any time, by anybody who is root.
cmd_kick() {
  prepare
  printf '' >"$STATE_DIR/kick"
}

# What the MDM runs for its collect signal: send what waits, also when the daemon is gone.
cmd_collect() {
  prepare
  ready || die "$LACK"
  outbox_flush 10
  /bin/rm -f "$EVIDENCE_DIR"/*/refused
  evidence_push
}

# The session as this Mac sees it, as flat JSON.
cmd_status() {
  prepare
  if ! session_load; then
    printf '{"session":false}\n'
    return 0
  fi
  mono_read || MONO=$S_DEADLINE
  status_left=$((S_DEADLINE - MONO))
  [ "$status_left" -gt 0 ] || status_left=0
  printf '{"session":true,"requestId":"%s","localUser":"%s","phase":"%s","remainingS":%s}\n' \
    "$S_REQUEST" "$S_USER" "$S_PHASE" "$status_left"
}

# Makes this Mac's key if it has none, and prints the public half to be registered for its serial number.
cmd_enrol() {
  prepare
  if [ ! -f "$DEVICE_KEY" ]; then
    /usr/bin/openssl ecparam -name prime256v1 -genkey -noout -out "$DEVICE_KEY.new" && /bin/mv "$DEVICE_KEY.new" "$DEVICE_KEY" ||
      die 'cannot make a key'
  fi
  /usr/bin/openssl pkey -in "$DEVICE_KEY" -pubout
}

case ${1-} in
daemon) daemon ;;
request)
  shift
  cmd_request "$@"
  ;;
kick) cmd_kick ;;
end) cmd_end ;;
collect) cmd_collect ;;
status) cmd_status ;;
enrol) cmd_enrol ;;
*) die 'usage: stint-agent daemon | request | kick | end | collect | status | enrol' ;;
esac
