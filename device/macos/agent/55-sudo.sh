# ---- sudo: what the user does with it is logged -----------------------------------------------------------------------
#
# macOS 15 and later do not log a sudo that succeeds unless `log_allowed` is set. The classic format with loglinelen=0 is one
# line per command; the JSON format rewrites one object with repeated keys and holds the whole environment.

# The log file of request $1: one per request, so that nothing ever truncates a log in use.
sudo_log() {
  printf '%s/%s.log\n' "$LOG_DIR" "$1"
}

# The drop-in for the session on macOS major version $1. Scoped by uid: no account name can be sudoers syntax.
dropin_text() {
  dropin_scope="Defaults:#$S_UID"
  printf '# Stint: logs the sudo commands of one account for request %s; removed when it ends.\n' "$S_REQUEST"
  printf '%s log_allowed, log_denied, logfile="%s"\n' "$dropin_scope" "$(sudo_log "$S_REQUEST")"
  printf '%s log_format=sudo, loglinelen=0, log_host, log_year\n' "$dropin_scope"
  printf '%s timestamp_timeout=0, timestamp_type=tty\n' "$dropin_scope"
  # macOS 12 and 13 ship sudo 1.9.5, which does not know this name; an unknown name makes the file invalid.
  [ "$1" -lt 14 ] || printf '%s log_exit_status\n' "$dropin_scope"
}

# Puts the drop-in in place. Nobody is made admin without it: sudoers must read the folder, and the file must parse.
dropin_install() {
  dropin_os=$(/usr/bin/sw_vers -productVersion 2>/dev/null)
  dropin_os=${dropin_os%%.*}
  is_number "$dropin_os" && [ "$dropin_os" -ge 12 ] || return 1
  /usr/bin/grep -Eq '^[#@]includedir[[:space:]]+(/private)?/etc/sudoers\.d/?[[:space:]]*$' "$SUDOERS" || return 1
  # A dot in the name: sudo does not read the file before it is checked and renamed.
  dropin_new=$SUDOERS_DIR/.zz_stint.new
  dropin_text "$dropin_os" >"$dropin_new" && /bin/chmod 440 "$dropin_new" && /usr/sbin/chown root:wheel "$dropin_new" &&
    /usr/sbin/visudo -cf "$dropin_new" >/dev/null 2>&1 && /bin/mv -f "$dropin_new" "$DROPIN" && return 0
  /bin/rm -f "$dropin_new"
  return 1
}

# Takes the drop-in away, and the tickets that would let a running terminal use sudo once more.
dropin_remove() {
  /bin/rm -f "$DROPIN" "$SUDOERS_DIR/.zz_stint.new"
  [ -z "$S_USER" ] || /bin/rm -f "$SUDO_TICKETS/$S_USER" "$SUDO_TICKETS/$S_UID"
}
