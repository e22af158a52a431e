# ---- basics: log lines, checks of untrusted text, configuration -------------------------------------------------

# Writes one line to the agent's log (launchd sends stderr there). Never given secrets or reasons.
say() {
  printf '%s stint-agent[%s]: %s\n' "$(/bin/date '+%Y-%m-%dT%H:%M:%S%z')" "$$" "$*" >&2
}

# Says why, and ends this process with status 1.
die() {
  say "$*"
  exit 1
}

# Whether $1 is a decimal number of at most 12 digits without a leading zero: safe in shell arithmetic, which would
# otherwise run commands hidden in text.
is_number() {
  case $1 in
  '' | *[!0-9]* | ?????????????*) return 1 ;;
  0) return 0 ;;
  0*) return 1 ;;
  esac
}

# Whether $1 has the shape of a request id: 26 characters of lower-case base 32.
is_request_id() {
  case $1 in *[!a-z2-7]*) return 1 ;; esac
  [ "${#1}" -eq 26 ]
}

# Whether $1 may be a short account name. Also keeps options, paths and sudoers syntax out.
is_user() {
  case $1 in
  '' | [!A-Za-z_]* | *[!A-Za-z0-9._-]*) return 1 ;;
  esac
  [ "${#1}" -le 64 ]
}

# Whether $1 is a GUID as Open Directory and the kernel write it.
is_guid() {
  case $1 in *[!A-Fa-f0-9-]*) return 1 ;; esac
  [ "${#1}" -eq 36 ]
}

# The value of key $2 in the flat JSON or property list $1. plutil prints its own errors on stdout, so only its exit
# status tells a value from an error. `-extract KEY raw` needs macOS 12.
json_get() {
  json_value=$(/usr/bin/plutil -extract "$2" raw -o - "$1" 2>/dev/null) || return 1
  printf '%s\n' "$json_value"
}

# stdin as the inside of a JSON string. Control characters other than newline and tab are dropped.
json_escape() {
  /usr/bin/tr -d '\000-\010\013-\037\177' |
    /usr/bin/sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' |
    /usr/bin/awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
}

# What holds while there is no configuration: nobody to talk to, and the limits that are built in.
API='' API_HOST='' API_PROTO='=https' CONTACT_GRACE=300 BEAT_EVERY=5 CEILING=14400 CONFIG_USER=''
# Why this Mac can't talk to its server; see `ready`.
LACK=''

lacks() {
  LACK=$*
  return 1
}

# Reads the configuration: an MDM profile puts it there. Refuses a base URL that would send calls in the clear. Fails with
# LACK; API then is empty.
config_read() {
  API=''
  [ -f "$CONFIG_FILE" ] || { lacks "no configuration at $CONFIG_FILE"; return 1; }
  config_api=$(json_get "$CONFIG_FILE" api) || { lacks 'the configuration names no api'; return 1; }
  config_api=${config_api%/}
  API_HOST=${config_api#*://}
  case $API_HOST in '' | *[!A-Za-z0-9.:-]*) lacks 'the api is not scheme://host[:port]'; return 1 ;; esac
  case $config_api in
  https://*) API_PROTO='=https' ;;
  http://127.0.0.1:*) API_PROTO='=http' ;; # a development server on this machine
  *) lacks 'the api must be https'; return 1 ;;
  esac
  API_HOST=$(printf '%s' "$API_HOST" | /usr/bin/tr '[:upper:]' '[:lower:]')
  CONTACT_GRACE=$(config_number contactGraceS 300)
  BEAT_EVERY=$(config_number heartbeatS 5)
  CEILING=$(config_number ceilingS 14400)
  CONFIG_USER=$(json_get "$CONFIG_FILE" localUser) || CONFIG_USER=
  API=$config_api
}

# The number under key $1 of the configuration, or $2.
config_number() {
  config_value=$(json_get "$CONFIG_FILE" "$1") || config_value=$2
  is_number "$config_value" || config_value=$2
  printf '%s\n' "$config_value"
}

# Everything below runs as root, on folders that nobody else can enter or replace. No configuration and no key is asked for
# here: access is taken back with the disk alone.
prepare() {
  [ "$(/usr/bin/id -u)" = 0 ] || die 'must run as root'
  for prepare_dir in "$STATE_DIR" "$LOG_DIR" "$RUN_DIR" "$OUTBOX_DIR" "$EVIDENCE_DIR"; do
    /bin/mkdir -p "$prepare_dir" || die "cannot make $prepare_dir"
    [ ! -L "$prepare_dir" ] || die "$prepare_dir is a symbolic link"
    [ "$(/usr/bin/stat -f %u "$prepare_dir")" = 0 ] || die "$prepare_dir is not owned by root"
    /bin/chmod 700 "$prepare_dir" || die "cannot close $prepare_dir"
  done
}

# Brings to the disk what was written: a rename alone may survive a power loss without what is in the file.
disk_sync() {
  bounded 10 /bin/sync
  return 0 # a disk that is slow is no reason to keep access
}

# Runs a command for at most $1 seconds; 124 when it had to be killed. Vendor tools may hang on a broken
# opendirectoryd or wait for a prompt, and no hang may delay taking access away. sleep takes fractions on macOS.
bounded() {
  bounded_left=$(($1 * 10))
  shift
  "$@" &
  bounded_pid=$!
  while kill -0 "$bounded_pid" 2>/dev/null; do
    if [ "$bounded_left" -le 0 ]; then
      kill -9 "$bounded_pid" 2>/dev/null
      wait "$bounded_pid" 2>/dev/null
      return 124
    fi
    bounded_left=$((bounded_left - 1))
    /bin/sleep 0.1
  done
  wait "$bounded_pid"
}
