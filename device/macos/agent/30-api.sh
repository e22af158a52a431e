# ---- device API: signed calls, verified replies ----------------------------------------------------------------------
#
# Calls carry an RFC 9421 signature (ECDSA P-256: LibreSSL on macOS has no Ed25519). Replies are signed by the server over the
# nonce of the call, so a TLS-inspecting proxy can neither elevate nor replay. What does not verify was not said.

# Where the server's clock is, as seconds to add to ours; see api_learn_clock.
SKEW_FILE=$RUN_DIR/skew

# First 16 hex digits of the SHA-256 of our public key (SPKI DER).
key_id() {
  /usr/bin/openssl pkey -in "$DEVICE_KEY" -pubout -outform DER 2>/dev/null | sha256_hex /dev/stdin | /usr/bin/cut -c 1-16
}

# Sets KEY_ID. Fails with LACK; KEY_ID then is empty.
KEY_ID=''
keys_read() {
  KEY_ID=''
  [ -f "$DEVICE_KEY" ] && keys_id=$(key_id) && [ "${#keys_id}" -eq 16 ] || { lacks 'this Mac has no key: run stint-agent enrol'; return 1; }
  [ -f "$SERVER_KEY" ] || { lacks "no server key at $SERVER_KEY"; return 1; }
  KEY_ID=$keys_id
}

# Whether configuration and keys are there. Read when they are first needed, which is after access was taken back, and again
# until both were found. Fails with LACK.
ready() {
  [ -n "$API" ] && [ -n "$KEY_ID" ] || { config_read && keys_read; }
}

sha256_hex() {
  /usr/bin/openssl dgst -sha256 <"$1" | /usr/bin/sed 's/^.*[ =]//'
}

# The 64 bytes r||s of the DER signature $1, in base64. asn1parse prints integers without their sign byte and leading zeros.
raw_signature() {
  raw_escapes=$(/usr/bin/openssl asn1parse -inform DER -in "$1" | /usr/bin/awk '
    /INTEGER/ {
      sub(/^.*:/, ""); sub(/[ \r]+$/, "")
      while (length($0) < 64) $0 = "0" $0
      hex = hex $0
    }
    END {
      if (length(hex) != 128) exit 1
      for (i = 1; i <= 128; i += 2) {
        v = index("0123456789ABCDEF", substr(hex, i, 1)) * 16 + index("0123456789ABCDEF", substr(hex, i + 1, 1)) - 17
        printf "\\%03o", v
      }
    }') || return 1
  # shellcheck disable=SC2059 # the format is 64 octal escapes made above
  printf "$raw_escapes" | /usr/bin/openssl base64 -A
}

# A fresh empty folder for one call, named $1 and kept apart from calls of other processes.
call_dir() {
  /bin/rm -rf "$RUN_DIR/call.$$.$1"
  /bin/mkdir -p "$RUN_DIR/call.$$.$1" || return 1
  printf '' >"$RUN_DIR/call.$$.$1/body"
  printf '%s\n' "$RUN_DIR/call.$$.$1"
}

# api DIR METHOD PATH QUERY SECONDS: sends DIR/body, leaves the verified reply in DIR/reply.
# 0: a verified 2xx. 1: refused for good (4xx). 2: no valid answer (silence, 5xx, a reply that does not verify, no
# configuration or key to ask with). api_code is the status, where one came.
api_code=''
api() {
  api_code=''
  ready || return 2
  api_once "$@"
  api_result=$?
  if [ "$api_result" -eq 3 ]; then
    api_once "$@"
    api_result=$?
  fi
  [ "$api_result" -ne 3 ] || api_result=2
  return "$api_result"
}

api_once() {
  api_dir=$1
  api_nonce=$(/usr/bin/openssl rand -base64 16 | /usr/bin/tr '+/' '-_' | /usr/bin/tr -d '=\n')
  [ "${#api_nonce}" -eq 22 ] || return 2
  api_sign "$api_dir" "$2" "$3" "$4" || return 2
  /bin/rm -f "$api_dir/reply" "$api_dir/headers"
  api_code=$(api_curl "$api_dir" "$2" "$API$3${4:+?$4}" "$5") || return 2
  case $api_code in
  2??) api_verify "$api_dir" "$api_code" "$api_nonce" || return 2 ;;
  401)
    # Never final: a wrong clock or a key that is not known yet must not make us forget what is still to be told.
    api_learn_clock "$api_dir/headers" && return 3
    return 2
    ;;
  408 | 425 | 429) return 2 ;;
  4??) return 1 ;;
  *) return 2 ;;
  esac
}

# Writes the signature base (RFC 9421 section 2.5) and the headers of the call.
api_sign() {
  api_created=$(($(/bin/date +%s) + $(api_skew)))
  api_digest="sha-256=:$(/usr/bin/openssl dgst -sha256 -binary <"$1/body" | /usr/bin/openssl base64 -A):"
  api_params="(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" \"content-type\");created=$api_created"
  api_params="$api_params;expires=$((api_created + 60));nonce=\"$api_nonce\";keyid=\"$KEY_ID\""
  api_params="$api_params;alg=\"ecdsa-p256-sha256\";tag=\"stint-device-v1\""
  {
    printf '"@method": %s\n"@authority": %s\n"@path": %s\n' "$2" "$API_HOST" "$3"
    printf '"@query": ?%s\n"content-digest": %s\n' "$4" "$api_digest"
    printf '"content-type": application/json\n"@signature-params": %s' "$api_params"
  } >"$1/base"
  /usr/bin/openssl dgst -sha256 -sign "$DEVICE_KEY" -out "$1/sig.der" "$1/base" 2>/dev/null || return 1
  api_sig=$(raw_signature "$1/sig.der") || return 1
  {
    printf 'Content-Type: application/json\nContent-Digest: %s\n' "$api_digest"
    printf 'Signature-Input: stint=%s\nSignature: stint=:%s:\nExpect:\n' "$api_params" "$api_sig"
  } >"$1/head"
}

# Everything goes in by stdin and files: argv is readable by every user of the Mac. -q ignores a .curlrc.
api_curl() {
  {
    printf 'url = "%s"\nrequest = "%s"\nheader = "@%s/head"\n' "$3" "$2" "$1"
    [ "$2" = GET ] || printf 'data-binary = "@%s/body"\n' "$1"
    printf 'output = "%s/reply"\ndump-header = "%s/headers"\nwrite-out = "%%{http_code}"\n' "$1" "$1"
    printf 'proto = "%s"\nmax-time = %s\nconnect-timeout = 5\nmax-filesize = 65536\nsilent\n' "$API_PROTO" "$4"
  } | /usr/bin/curl -q --config - 2>/dev/null
}

api_verify() {
  [ -f "$1/reply" ] || printf '' >"$1/reply"
  api_header "$1/headers" stint-reply-signature >"$1/reply.b64"
  /usr/bin/openssl base64 -d -A -in "$1/reply.b64" -out "$1/reply.sig" 2>/dev/null || return 1
  printf 'stint-reply-v1\n%s\n%s\n%s\n' "$3" "$2" "$(sha256_hex "$1/reply")" >"$1/said"
  /usr/bin/openssl dgst -sha256 -verify "$SERVER_KEY" -signature "$1/reply.sig" "$1/said" >/dev/null 2>&1
}

# What the problem $1 says to a person, on one line. Unsigned, so it is shown and never acted on; control characters could
# write over a terminal.
api_problem() {
  problem_said=$(json_get "$1" detail || json_get "$1" title) || problem_said='the server gave no reason'
  printf '%s' "$problem_said" | /usr/bin/tr -d '\000-\037\177' | /usr/bin/head -c 300
}

# The value of header $2 (lower case) in the dump $1.
api_header() {
  /usr/bin/tr -d '\r' <"$1" | /usr/bin/awk -v want="$2" '
    { i = index($0, ":") }
    i && tolower(substr($0, 1, i - 1)) == want { sub(/^[^:]*:[ \t]*/, ""); print; exit }'
}

api_skew() {
  skew_value=
  [ ! -f "$SKEW_FILE" ] || read -r skew_value <"$SKEW_FILE"
  is_number "${skew_value#-}" || skew_value=0
  printf '%s\n' "$skew_value"
}

# A Mac whose clock is wrong would be refused on every call and could not even say that access is gone. So a 401 teaches the
# offset from the server's Date header, for `created` only; no deadline is ever computed from it. 0 when something was learned.
# An unsigned header can at worst make us sign for another minute; the nonce still allows one use, and TLS guards the header.
api_learn_clock() {
  skew_date=$(api_header "$1" date | /usr/bin/awk '
    /^[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9][0-9][0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT$/ {
      m = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $3) + 2) / 3
      y = $4; if (m <= 2) { y--; m += 12 }
      days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + $2 - 719469
      split($5, t, ":")
      printf "%d\n", days * 86400 + t[1] * 3600 + t[2] * 60 + t[3]
    }')
  is_number "$skew_date" || return 1
  skew_new=$((skew_date - $(/bin/date +%s)))
  skew_change=$((skew_new - $(api_skew)))
  [ "${skew_change#-}" -gt 5 ] || return 1
  printf '%s\n' "$skew_new" >"$SKEW_FILE.$$" && /bin/mv -f "$SKEW_FILE.$$" "$SKEW_FILE"
}
