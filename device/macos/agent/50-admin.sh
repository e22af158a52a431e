# ---- admin: who is an administrator, and changing it ---------------------------------------------------------------------
#
# Exit codes say nothing here: PrivilegesCLI returns 0 when it was not allowed to do anything, dseditgroup when nothing changed.
# Membership counts by name (GroupMembership), by GUID (GroupMembers), through nested groups and by primary group.

# yes, no or unknown: whether the system takes user $1 (GUID $2) for an administrator. `no` needs every witness.
admin_state() {
  /usr/bin/dsmemberutil flushcache >/dev/null 2>&1
  admin_util=$(/usr/bin/dsmemberutil checkmembership -U "$1" -G admin 2>/dev/null)
  admin_edit=$(/usr/sbin/dseditgroup -o checkmember -m "$1" admin 2>/dev/null)
  case "$admin_util|$admin_edit" in
  'user is a member of the group|'*) printf 'yes\n' ;;
  *"|yes $1 "*) printf 'yes\n' ;;
  'user is not a member of the group|no '*)
    if admin_listed "$1" "$2"; then printf 'yes\n'; else printf 'no\n'; fi
    ;;
  *) printf 'unknown\n' ;;
  esac
}

# Whether either list of the admin group still holds the name or the GUID; a list that can't be read counts as holding it.
# No temporary files: a heartbeat may ask the same at the same moment.
admin_listed() {
  listed_names=$(admin_values GroupMembership) && listed_guids=$(admin_values GroupMembers | /usr/bin/tr '[:lower:]' '[:upper:]') &&
    listed_guid=$(printf '%s' "$2" | /usr/bin/tr '[:lower:]' '[:upper:]') && [ -n "$listed_guid" ] || return 0
  case "
$listed_names
" in *"
$1
"*) return 0 ;; esac
  case "
$listed_guids
" in *"
$listed_guid
"*) return 0 ;; esac
  return 1
}

# The values of attribute $1 of the admin group, one a line. dscl prints them after the name, or on lines of their own.
admin_values() {
  admin_raw=$(/usr/bin/dscl . -read /Groups/admin "$1" 2>&1) || return 1
  case $admin_raw in
  "No such key: $1"*) return 0 ;;
  "$1:"*) printf '%s\n' "${admin_raw#"$1":}" | /usr/bin/tr -s ' ' '\n' | /usr/bin/sed '/^$/d' ;;
  *) return 1 ;;
  esac
}

# One attribute of user $1, or failure.
user_value() {
  user_raw=$(/usr/bin/dscl . -read "/Users/$1" "$2" 2>/dev/null) || return 1
  case $user_raw in "$2: "*) printf '%s\n' "${user_raw#"$2": }" ;; *) return 1 ;; esac
}

# Sets S_UID, S_GUID and S_PGID of user $1. The GUID outlives a rename, and a deleted name that is made again gets another.
user_identify() {
  S_GUID=$(user_value "$1" GeneratedUID) && S_UID=$(user_value "$1" UniqueID) && S_PGID=$(user_value "$1" PrimaryGroupID) &&
    is_guid "$S_GUID" && is_number "$S_UID" && is_number "$S_PGID"
}

# Makes the session's user an administrator: through Privileges when the user has a desktop (its own timer then is one more
# revoker), else, or when that changed nothing, by dseditgroup. 0 only when both tools that decide say so.
admin_grant() {
  if [ -x "$PRIVILEGES" ] && /bin/launchctl print "gui/$S_UID" >/dev/null 2>&1; then
    bounded 15 /bin/launchctl asuser "$S_UID" /usr/bin/sudo -u "$S_USER" "$PRIVILEGES" --add --reason "Stint $S_REQUEST" >/dev/null 2>&1
  fi
  admin_sure || {
    bounded 15 /usr/sbin/dseditgroup -o edit -a "$S_USER" -t user admin >/dev/null 2>&1
    admin_sure
  }
}

admin_sure() {
  /usr/bin/dsmemberutil flushcache >/dev/null 2>&1
  [ "$(/usr/bin/dsmemberutil checkmembership -U "$S_USER" -G admin 2>/dev/null)" = 'user is a member of the group' ] || return 1
  case $(/usr/sbin/dseditgroup -o checkmember -m "$S_USER" admin 2>/dev/null) in "yes $S_USER "*) ;; *) return 1 ;; esac
}

# One attempt to take admin away from the session's user, by every path; 0 only when seen gone.
# Privileges is not asked: it does nothing when restricted, and needs a desktop that the user can end.
admin_demote() {
  bounded 15 /usr/sbin/dseditgroup -o edit -d "$S_USER" -t user admin >/dev/null 2>&1
  admin_demote_rest
  [ "$(admin_state "$S_USER" "$S_GUID")" = no ] && return 0
  # An account that was deleted in the window can't be asked about any more; the lists decide.
  ! user_value "$S_USER" UniqueID >/dev/null && user_is_gone && ! admin_listed "$S_USER" "$S_GUID"
}

user_is_gone() {
  case $(/usr/bin/dscl . -read "/Users/$S_USER" UniqueID 2>&1) in *eDSRecordNotFound*) ;; *) return 1 ;; esac
}

# What removing by name leaves behind: the GUID, a new name of the same account, groups nested in and a primary group changed
# since the session began. Only what was not there before is touched.
admin_demote_rest() {
  admin_names=$(admin_values GroupMembership) && printf '%s\n' "$admin_names" | /usr/bin/grep -Fxq -e "$S_USER" &&
    bounded 15 /usr/bin/dscl . -delete /Groups/admin GroupMembership "$S_USER" >/dev/null 2>&1
  admin_guids=$(admin_values GroupMembers) && printf '%s\n' "$admin_guids" | /usr/bin/grep -Fixq -e "$S_GUID" &&
    bounded 15 /usr/bin/dscl . -delete /Groups/admin GroupMembers "$S_GUID" >/dev/null 2>&1
  admin_alias=$(/usr/bin/dscl . -search /Users GeneratedUID "$S_GUID" 2>/dev/null | /usr/bin/awk 'NR == 1 { print $1 }')
  if is_user "$admin_alias" && [ "$admin_alias" != "$S_USER" ]; then
    bounded 15 /usr/sbin/dseditgroup -o edit -d "$admin_alias" -t user admin >/dev/null 2>&1
  fi
  if [ "$S_PGID" != 80 ] && [ "$(user_value "$S_USER" PrimaryGroupID)" = 80 ]; then
    bounded 15 /usr/bin/dscl . -create "/Users/$S_USER" PrimaryGroupID "$S_PGID" >/dev/null 2>&1
  fi
  before_whole && admin_values NestedGroups | while read -r admin_nested; do
    /usr/bin/grep -Fxq -e "admin group $admin_nested" "$BEFORE_FILE" ||
      bounded 15 /usr/bin/dscl . -delete /Groups/admin NestedGroups "$admin_nested" >/dev/null 2>&1
  done
}
