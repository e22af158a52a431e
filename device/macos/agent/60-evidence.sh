# ---- evidence: the sudo log, and what changed --------------------------------------------------------------------------
#
# Kept on disk in chunks until the server has taken every one, and a week longer in case it asks again. The subject was root:
# the log shows what an honest sudo wrote, and the lines that start with "# " what differs between before and after.

CHUNK_BYTES=49152
LOG_BYTES=8000000
# So often a log may be refused for good (4xx): by the growing pauses between tries that is about half an hour.
REFUSALS=10

# Who is an administrator, by whatever list, one fact a line, sorted. Fails when a list can't be read.
admin_facts() {
  facts_names=$(admin_values GroupMembership) && facts_guids=$(admin_values GroupMembers) &&
    facts_groups=$(admin_values NestedGroups) &&
    facts_accounts=$(/usr/bin/dscl . -list /Users PrimaryGroupID 2>/dev/null) || return 1
  {
    printf '%s\n' "$facts_names" | /usr/bin/sed -n 's/^./admin name &/p'
    printf '%s\n' "$facts_guids" | /usr/bin/sed -n 's/^./admin guid &/p'
    printf '%s\n' "$facts_groups" | /usr/bin/sed -n 's/^./admin group &/p'
    printf '%s\n' "$facts_accounts" | /usr/bin/awk 'NF { print "account " $1 " primary group " $2 }'
  } | /usr/bin/sort -u
}

# Keeps the snapshot of before, whole and on the disk, for the end of the session and for the case that its record is lost.
snapshot_keep() {
  snapshot >"$BEFORE_FILE.new" && disk_sync && /bin/mv -f "$BEFORE_FILE.new" "$BEFORE_FILE"
}

# Whether the snapshot of before is there to its last line: half of one would call standing administrators new.
before_whole() {
  [ -f "$BEFORE_FILE" ] && [ "$(/usr/bin/tail -n 1 "$BEFORE_FILE")" = '~ whole' ]
}

# What may outlive a window, one fact a line, sorted: administrators, primary groups, sudo and PAM rules, launch items, MDM.
snapshot() {
  snapshot_admins=$(admin_facts) || return 1
  {
    printf '%s\n' "$snapshot_admins"
    for snapshot_file in "$SUDOERS" "$SUDOERS_DIR"/* "$PAM_DIR"/sudo*; do
      [ -f "$snapshot_file" ] && [ "$snapshot_file" != "$DROPIN" ] &&
        printf 'rule file %s %s\n' "$snapshot_file" "$(sha256_hex "$snapshot_file")"
    done
    for snapshot_file in "$LAUNCH_DIR"/LaunchDaemons/* "$LAUNCH_DIR"/LaunchAgents/*; do
      [ -f "$snapshot_file" ] && printf 'launch item %s %s\n' "$snapshot_file" "$(sha256_hex "$snapshot_file")"
    done
    /usr/bin/profiles status -type enrollment 2>/dev/null | /usr/bin/sed 's/^/mdm /'
    /usr/bin/security authorizationdb read system.preferences 2>/dev/null | /usr/bin/openssl dgst -sha256 | /usr/bin/sed 's/^.*[ =]/authorization system.preferences /'
    printf '~ whole\n' # sorts last
  } | /usr/bin/sort -u
}

# What differs from the snapshot taken before, and what the user left running as root.
attestation() {
  if ! before_whole; then
    printf '# there is no snapshot of before\n'
    return 0
  fi
  snapshot >"$RUN_DIR/after" || { printf '# what changed could not be read\n'; return 0; }
  /usr/bin/comm -13 "$BEFORE_FILE" "$RUN_DIR/after" | /usr/bin/sed 's/^/# now there: /'
  /usr/bin/comm -23 "$BEFORE_FILE" "$RUN_DIR/after" | /usr/bin/sed 's/^/# no longer there: /'
  /bin/ps -axo pid=,ruser=,user=,command= 2>/dev/null |
    /usr/bin/awk '$3 == "root" && $4 ~ /(^|\/)sudo$/ { sub(/^ +/, ""); print "# still running: " $0 }'
  /bin/rm -f "$RUN_DIR/after"
}

# Adds to the session's log how it ended and what changed. Twice after a crash is harmless.
evidence_note() {
  note_log=$(sudo_log "$S_REQUEST")
  note_first=
  [ -s "$note_log" ] || note_first='# sudo wrote no log
'
  {
    printf '%s' "$note_first"
    printf '# ended on the Mac: %s\n' "$S_WHY"
    attestation
  } >>"$note_log"
}

# Turns the log of request $1 into chunks that wait for the server. Repeating it after a crash changes nothing.
# A log that is longer than the server takes loses its middle, and says so: neither the start nor the end can be flooded away.
evidence_seal() {
  seal_log=$(sudo_log "$1")
  [ -f "$seal_log" ] && [ ! -d "$EVIDENCE_DIR/$1" ] || return 0
  /bin/rm -rf "$EVIDENCE_DIR/.new" && /bin/mkdir "$EVIDENCE_DIR/.new" || return 1
  seal_bytes=$(/usr/bin/wc -c <"$seal_log" | /usr/bin/tr -d ' ')
  if is_number "$seal_bytes" && [ "$seal_bytes" -gt "$LOG_BYTES" ]; then
    /usr/bin/head -c $((LOG_BYTES / 2)) "$seal_log"
    printf '\n# %s bytes of the log are left out here\n' $((seal_bytes - LOG_BYTES / 2 * 2))
    /usr/bin/tail -c $((LOG_BYTES / 2)) "$seal_log"
  else
    /bin/cat "$seal_log"
  fi | (cd "$EVIDENCE_DIR/.new" && /usr/bin/split -b "$CHUNK_BYTES" -a 4 - chunk.) || return 1
  /bin/mv "$EVIDENCE_DIR/.new" "$EVIDENCE_DIR/$1" && /bin/rm -f "$seal_log"
}

# Sends every chunk that the server has not taken yet. 0 when nothing is left to send, or the server will have none of it.
evidence_push() {
  push_left=0
  for push_dir in "$EVIDENCE_DIR"/*; do
    [ -d "$push_dir" ] || continue
    is_request_id "${push_dir##*/}" || continue
    [ -f "$push_dir/sent" ] || evidence_given_up "$push_dir" || evidence_push_one "$push_dir" || push_left=1
  done
  /usr/bin/find "$EVIDENCE_DIR" -name sent -mtime +7 2>/dev/null | while read -r push_old; do
    /bin/rm -rf "${push_old%/sent}"
  done
  return "$push_left"
}

evidence_push_one() {
  set -- "$1" "$1"/chunk.????
  one_dir=$1
  shift
  one_seq=0
  one_missing=0
  for one_chunk in "$@"; do
    if [ ! -f "$one_dir/taken.$one_seq" ]; then
      evidence_send "${one_dir##*/}" "$one_seq" "$#" "$one_chunk" || return 1
      printf '' >"$one_dir/taken.$one_seq"
      /bin/rm -f "$one_dir/refused"
    fi
    one_seq=$((one_seq + 1))
  done
  if [ "$one_missing" != 0 ]; then
    # The server lost some that it had taken: all again, on the next round.
    /bin/rm -f "$one_dir"/taken.*
    return 1
  fi
  printf '' >"$one_dir/sent"
}

# Sends chunk file $4 as number $2 of $3; sets one_missing to what the server still lacks.
evidence_send() {
  send_dir=$(call_dir log) || return 1
  send_total=0
  [ $(($2 + 1)) -ne "$3" ] || send_total=$3
  {
    printf '{"seq":%s,"total":%s,"sha256":"%s","data":"' "$2" "$send_total" "$(sha256_hex "$4")"
    /usr/bin/openssl base64 -A -in "$4"
    printf '"}'
  } >"$send_dir/body"
  api "$send_dir" POST "/device/v1/elevations/$1/log" '' 15
  case $? in
  0) ;;
  1)
    evidence_refused "$1" "$(api_problem "$send_dir/reply")"
    return 1
    ;;
  *) return 1 ;;
  esac
  [ "$(json_get "$send_dir/reply" received)" = "$2" ] || return 1
  one_missing=$(json_get "$send_dir/reply" missing) && is_number "$one_missing" || one_missing=0
}

# Counts one more refusal of the log of request $1, on disk, so that a restart does not begin anew; $2 is what the server said.
evidence_refused() {
  printf '.' >>"$EVIDENCE_DIR/$1/refused"
  ! evidence_given_up "$EVIDENCE_DIR/$1" ||
    say "log of $1: refused $REFUSALS times ($api_code: $2); kept in $EVIDENCE_DIR/$1 and not sent any more; stint-agent collect tries again"
}

# Whether the log in folder $1 was refused so often that it is only sent again when somebody asks for it.
evidence_given_up() {
  [ -f "$1/refused" ] || return 1
  up_times=$(/usr/bin/wc -c <"$1/refused" | /usr/bin/tr -d ' ')
  is_number "$up_times" && [ "$up_times" -ge "$REFUSALS" ]
}

# The server asks (again) for the log of request $1.
evidence_again() {
  evidence_seal "$1"
  [ -d "$EVIDENCE_DIR/$1" ] || return 1
  /bin/rm -f "$EVIDENCE_DIR/$1/sent" "$EVIDENCE_DIR/$1/refused" "$EVIDENCE_DIR/$1"/taken.*
}
