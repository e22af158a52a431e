# ---- recover: the record of the session is damaged or gone ----------------------------------------------------------------
#
# A power loss may leave it empty, half, or not at all. Nothing on disk is thrown away until the access is seen gone, however
# long the directory does not answer; what the record does not say is taken from the snapshot of before.

# Stands for a request, or a boot or an account, whose name was lost.
NO_REQUEST=aaaaaaaaaaaaaaaaaaaaaaaaaa
NO_GUID=00000000-0000-0000-0000-000000000000

# Does not return before it is done: until then this Mac has no other business.
session_broken() {
  say 'the session record is damaged or gone: whoever it was for is taken back'
  broken_request=$S_REQUEST broken_user=$S_USER broken_guid=$S_GUID broken_wait=1
  is_request_id "$broken_request" || broken_request=
  # Who was an administrator before was never elevated by us: then the name is damaged too.
  is_user "$broken_user" && ! before_admin "$broken_user" || broken_user=
  until broken_once; do
    lock_is_mine || exit 1
    say "taking back did not succeed yet; trying again in $broken_wait s"
    /bin/sleep "$broken_wait"
    [ "$broken_wait" -ge 30 ] || broken_wait=$((broken_wait * 2))
  done
}

broken_once() {
  [ -n "$broken_user" ] || ! before_whole || sweep || return 1
  broken_names
  if [ -z "$S_USER" ]; then
    broken_nobody
    return 0
  fi
  broken_identify || return 1
  S_BOOT=$(boot_session) || S_BOOT=$NO_GUID
  S_CLOCK=none S_CLAIMED=0 S_MAX=0 S_START=0 S_DEADLINE=0 S_CONTACT=0
  finish undo
}

# Sets S_REQUEST and S_USER: from the record, else as last remembered before the claim.
broken_names() {
  S_USER=$broken_user S_REQUEST=$broken_request
  [ -n "$S_USER" ] || S_USER=$(remembered 2 "$S_REQUEST" '')
  [ -n "$S_USER" ] || S_USER=$(remembered 2 '' '')
  is_user "$S_USER" && ! before_admin "$S_USER" || S_USER=
  [ -n "$S_REQUEST" ] || S_REQUEST=$(remembered 1 '' "$S_USER")
  is_request_id "$S_REQUEST" || S_REQUEST=$NO_REQUEST
}

# Field $1 (1 request, 2 account) of the last line that is about request $2 and account $3, where those are not empty.
remembered() {
  [ -f "$STATE_DIR/users" ] || return 0
  /usr/bin/awk -v f="$1" -v r="$2" -v u="$3" '(r == "" || $1 == r) && (u == "" || $2 == u) { v = $f } END { print v }' "$STATE_DIR/users"
}

# Sets S_UID, S_GUID and S_PGID of S_USER. Fails while the directory does not answer; a deleted account is an answer.
broken_identify() {
  if ! user_identify "$S_USER"; then
    user_is_gone || return 1
    S_UID=0 S_PGID=20 S_GUID=$broken_guid
    is_guid "$S_GUID" || S_GUID=$NO_GUID
  fi
  [ "$S_PGID" != 80 ] || S_PGID=$(before_group "$S_USER")
}

# Neither the record nor anything else names an account. With a whole snapshot that is no harm: nobody new is left. Without it
# somebody may be an administrator by our doing: kept as `session.broken`, which a person removes who has looked.
broken_nobody() {
  before_whole || {
    say 'nothing names the account of the damaged session: look who is an administrator, then remove session.broken'
    printf 'damaged\n' >"$SESSION_FILE.broken"
  }
  dropin_remove
  session_clear
}

# Whether the snapshot of before names $1 as an administrator.
before_admin() {
  before_whole && /usr/bin/grep -Fxq -e "admin name $1" "$BEFORE_FILE"
}

# The primary group of account $1 before; 20 (staff) when that is not known, or was admin.
before_group() {
  group_before=$(/usr/bin/awk -v u="$1" '$1 == "account" && $2 == u && $3 == "primary" { print $5 }' "$BEFORE_FILE" 2>/dev/null)
  is_number "$group_before" && [ "$group_before" != 80 ] || group_before=20
  printf '%s\n' "$group_before"
}

# Takes back every administrator, by whatever list, that the snapshot of before does not name; 0 only when none is left.
sweep() {
  sweep_pass || sweep_pass
}

sweep_pass() {
  admin_facts >"$RUN_DIR/now" || return 1
  /usr/bin/comm -13 "$BEFORE_FILE" "$RUN_DIR/now" | /usr/bin/grep -E '^admin |^account .* primary group 80$' >"$RUN_DIR/new"
  [ -s "$RUN_DIR/new" ] || return 0
  while read -r sweep_fact; do
    say "not there before the session: $sweep_fact"
    sweep_one "$sweep_fact"
  done <"$RUN_DIR/new"
  return 1
}

sweep_one() {
  sweep_value=${1#admin * }
  case $1 in
  'admin name '*)
    ! is_user "$sweep_value" || bounded 15 /usr/sbin/dseditgroup -o edit -d "$sweep_value" -t user admin >/dev/null 2>&1
    bounded 15 /usr/bin/dscl . -delete /Groups/admin GroupMembership "$sweep_value" >/dev/null 2>&1
    ;;
  'admin guid '*) bounded 15 /usr/bin/dscl . -delete /Groups/admin GroupMembers "$sweep_value" >/dev/null 2>&1 ;;
  'admin group '*) bounded 15 /usr/bin/dscl . -delete /Groups/admin NestedGroups "$sweep_value" >/dev/null 2>&1 ;;
  'account '*)
    sweep_value=${1#account }
    sweep_value=${sweep_value%% *}
    bounded 15 /usr/bin/dscl . -create "/Users/$sweep_value" PrimaryGroupID "$(before_group "$sweep_value")" >/dev/null 2>&1
    ;;
  esac
}
