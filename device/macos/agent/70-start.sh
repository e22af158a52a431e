# ---- start and end: the only two functions that give and take access ---------------------------------------------------

# Remembers which account request $1 is for ($2), as the last one. A repeat changes nothing, so polls push nothing out.
user_remember() {
  [ ! -f "$STATE_DIR/users" ] || [ "$(/usr/bin/tail -n 1 "$STATE_DIR/users")" != "$1 $2" ] || return 0
  {
    [ ! -f "$STATE_DIR/users" ] || /usr/bin/grep -v -e "^$1 " "$STATE_DIR/users" | /usr/bin/tail -n 50
    printf '%s %s\n' "$1" "$2"
  } >"$STATE_DIR/users.$$" && /bin/mv -f "$STATE_DIR/users.$$" "$STATE_DIR/users"
}

# The account that request $1 is for: as asked for here or named by an order, as the MDM assigned the Mac, or who sits at the screen.
# Only a proposal: the server compares it with the request and refuses another.
user_of() {
  user_found=
  [ ! -f "$STATE_DIR/users" ] || user_found=$(/usr/bin/awk -v r="$1" '$1 == r { u = $2 } END { print u }' "$STATE_DIR/users")
  [ -n "$user_found" ] || user_found=$CONFIG_USER
  [ -n "$user_found" ] || user_found=$(/usr/bin/stat -f %Su /dev/console 2>/dev/null)
  is_user "$user_found" && [ "$user_found" != root ] && printf '%s\n' "$user_found"
}

# report DIR REQUEST USER ADMIN STANDING SECONDS: tells the server what is true here; REQUEST may be empty. Nobody is called a
# standing administrator while an elevation may be open: the server takes that word for a proof that ours is gone.
report() {
  report_boot=$(boot_session) || return 2
  report_standing=$5
  ! session_left && [ ! -e "$SESSION_FILE.broken" ] || report_standing=false
  {
    [ -z "$2" ] || printf '{"requestId":"%s",' "$2"
    [ -n "$2" ] || printf '{'
    printf '"localUser":"%s","admin":%s,"standing":%s,"bootSession":"%s"}' "$3" "$4" "$report_standing" "$report_boot"
  } >"$1/body"
  api "$1" POST /device/v1/report '' "$6"
}

# Carries out a start order for request $1. Every way out of it but the last leaves the user as it was.
start_elevation() {
  session_reset
  start_user=$(user_of "$1") || { say "start $1: no account to elevate"; return 1; }
  start_prechecks "$1" "$start_user" || return 1
  start_claim "$1" "$start_user" || return 1
  start_grant && start_confirm && { say "start $1: $S_USER is an administrator"; return 0; }
  finish undo
  return 1
}

# Nobody who is an administrator already is touched: what we did not give, we would not know how to take back.
start_prechecks() {
  [ -f "$CONFIG_FILE" ] || { say "start $1: the profile is gone, so this Mac is no longer managed"; return 1; }
  user_identify "$2" || { say "start $1: no such account"; return 1; }
  [ "$S_UID" -ge 500 ] || { say "start $1: $2 is a system account"; return 1; }
  start_state=$(admin_state "$2" "$S_GUID")
  [ "$start_state" != no ] || return 0
  say "start $1: whether $2 is an administrator already: $start_state; left alone"
  [ "$start_state" != yes ] || { start_dir=$(call_dir standing) && report "$start_dir" "$1" "$2" true true 10; }
  return 1
}

# Asks for whom and how long at most, then writes the record whose deadline holds from here on without any server.
start_claim() {
  mono_read && S_BOOT=$(boot_session) || { say "start $1: no clock to trust"; return 1; }
  claim_dir=$(call_dir claim) || return 1
  printf '{"localUser":"%s","bootSession":"%s"}' "$2" "$S_BOOT" >"$claim_dir/body"
  api "$claim_dir" POST "/device/v1/elevations/$1/claim" '' 15 || { say "start $1: claim not answered with yes"; return 1; }
  claim_max=$(json_get "$claim_dir/reply" maxS) && claim_start=$(json_get "$claim_dir/reply" startByS) || return 1
  [ "$(json_get "$claim_dir/reply" authorised)" = true ] && [ "$(json_get "$claim_dir/reply" localUser)" = "$2" ] &&
    is_number "$claim_max" && is_number "$claim_start" && [ "$claim_max" -gt 0 ] && [ "$claim_start" -gt 0 ] ||
    { say "start $1: claim reply refused"; return 1; }
  S_REQUEST=$1 S_USER=$2 S_CLOCK=$MONO_BY S_PHASE=claimed S_CLAIMED=$MONO S_MAX=$claim_max S_START=$MONO S_CONTACT=$MONO
  START_BY=$((MONO + claim_start))
  session_deadline "$claim_max" "$MONO"
  user_remember "$1" "$2" && snapshot_keep && session_save || { say "start $1: the disk or the directory does not answer"; return 1; }
}

start_grant() {
  dropin_install || { say "start $S_REQUEST: sudo logging can't be set up"; return 1; }
  mono_read && [ "$MONO" -lt "$START_BY" ] && [ "$MONO" -lt "$S_DEADLINE" ] || { say "start $S_REQUEST: too late"; return 1; }
  S_PHASE=granting
  session_save || return 1
  admin_grant || { say "start $S_REQUEST: $S_USER did not become an administrator"; return 1; }
}

# The clock of the window starts with the server's answer. No answer: no access.
start_confirm() {
  confirm_dir=$(call_dir confirm) && mono_read || return 1
  confirm_at=$MONO
  printf '{"localUser":"%s","bootSession":"%s"}' "$S_USER" "$S_BOOT" >"$confirm_dir/body"
  api "$confirm_dir" POST "/device/v1/elevations/$S_REQUEST/confirm" '' 15 || { say "start $S_REQUEST: not confirmed"; return 1; }
  confirm_left=$(json_get "$confirm_dir/reply" remainingS) && is_number "$confirm_left" && [ "$confirm_left" -gt 0 ] || return 1
  [ "$confirm_left" -le "$S_MAX" ] || { say "start $S_REQUEST: the confirmation gives more than was claimed"; return 1; }
  S_START=$confirm_at
  session_deadline "$confirm_left" "$confirm_at"
  S_PHASE=active
  S_CONTACT=$confirm_at
  session_save
}

# Takes access back for reason $1, and does not return before that is seen. Safe to run again from any point.
finish() {
  S_PHASE=ending
  S_WHY=$1
  session_write # no waiting for the disk before the access is gone
  finish_wait=1
  until admin_demote; do
    say "end $S_REQUEST: $S_USER is still an administrator; trying again in $finish_wait s"
    finish_dir=$(call_dir still) && report "$finish_dir" "$S_REQUEST" "$S_USER" true false 5
    /bin/sleep "$finish_wait"
    [ "$finish_wait" -ge 30 ] || finish_wait=$((finish_wait * 2))
  done
  say "end $S_REQUEST: $S_USER is no longer an administrator ($S_WHY)"
  # The record of "gone" is on disk before the session goes: it is told until the server has heard it.
  until outbox_put; do
    say "end $S_REQUEST: the disk takes no record; trying again"
    /bin/sleep 5
  done
  beat_settle
  outbox_flush 5
  dropin_remove
  evidence_note
  # A start that was undone may be tried again for the same request; its log waits, so that one log tells of both.
  [ "$S_WHY" = undo ] || evidence_seal "$S_REQUEST" || say "end $S_REQUEST: the log could not be prepared"
  session_clear
}

outbox_put() {
  printf '%s %s %s %s\n' "$S_REQUEST" "$S_USER" "$S_GUID" "$S_WHY" >"$OUTBOX_DIR/.new" &&
    /bin/mv -f "$OUTBOX_DIR/.new" "$OUTBOX_DIR/$S_REQUEST" && disk_sync
}

# Tells the server what ended, within $1 seconds a call; 0 when nothing is left to tell.
outbox_flush() {
  outbox_left=0
  for outbox_file in "$OUTBOX_DIR"/*; do
    [ -f "$outbox_file" ] || continue
    read -r outbox_request outbox_user outbox_guid outbox_why <"$outbox_file"
    if ! is_request_id "$outbox_request" || ! is_user "$outbox_user"; then
      /bin/rm -f "$outbox_file"
    elif outbox_tell "$1"; then
      /bin/rm -f "$outbox_file"
    else
      outbox_left=1
    fi
  done
  return "$outbox_left"
}

# First the user's own end, then what was seen. A refusal (4xx) is an answer too: that elevation is over or unknown there.
outbox_tell() {
  outbox_dir=$(call_dir outbox) || return 1
  if [ "$outbox_why" = user ]; then
    printf '{"localUser":"%s"}' "$outbox_user" >"$outbox_dir/body"
    api "$outbox_dir" POST "/device/v1/elevations/$outbox_request/end" '' "$1"
    [ $? -ne 2 ] || return 1
  fi
  report "$outbox_dir" "$outbox_request" "$outbox_user" false false "$1"
  [ $? -ne 2 ] || return 1
  # Made an administrator again by somebody else meanwhile: said as it is, and as not ours.
  [ "$S_PHASE" = ending ] || [ "$(admin_state "$outbox_user" "$outbox_guid")" = no ] ||
    report "$outbox_dir" '' "$outbox_user" true true "$1"
  return 0
}
