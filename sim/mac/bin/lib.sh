# shellcheck shell=sh disable=SC2123
# What the stand-in's tools have in common. They act together on one small state: a change made by one is seen by all.
# @MAC@ is the state folder and @PATH@ the real programs' path, both filled in when the stand-in is laid out.
MAC='@MAC@'
PATH='@PATH@'

now_ms() {
  now=$(date +%s%3N)
  case $now in *[!0-9]*) now=$(date +%s)000 ;; esac
  printf '%s\n' "$now"
}

# Records the call: what was run, with what.
called() {
  called_tool=${0##*/}
  printf '%s %s %s\n' "$(now_ms)" "$called_tool" "$(printf '%s ' "$@" | tr '\n' ' ')" >>"$MAC/calls.log"
}

# Whether fault $1 is on. A fault with a number of times counts down.
fault() {
  [ -f "$MAC/faults/$1" ] || return 1
  read -r fault_left _ <"$MAC/faults/$1" || return 1
  [ "$fault_left" != 0 ] || return 1
  case $fault_left in -*) ;; *) printf '%s\n' $((fault_left - 1)) >"$MAC/faults/$1" ;; esac
}

state_lock() {
  state_tries=0
  until mkdir "$MAC/lock" 2>/dev/null; do
    state_tries=$((state_tries + 1))
    [ "$state_tries" -lt 200 ] || break # left by a tool that was killed
    sleep 0.01
  done
  trap 'rmdir "$MAC/lock" 2>/dev/null' EXIT
}

user_exists() { [ -n "$1" ] && [ -d "$MAC/users/$1" ]; }
user_attr() { cat "$MAC/users/$1/$2" 2>/dev/null; }
in_list() { grep -Fixq -e "$2" "$MAC/group/$1" 2>/dev/null; }

# What the kernel says: by name, by GUID, by primary group, or through a nested group.
is_member() {
  in_list GroupMembership "$1" || in_list GroupMembers "$(user_attr "$1" GeneratedUID)" ||
    [ "$(user_attr "$1" PrimaryGroupID)" = 80 ] || { [ -s "$MAC/group/NestedGroups" ] && in_list nested-users "$1"; }
}

list_add() { in_list "$1" "$2" || printf '%s\n' "$2" >>"$MAC/group/$1"; }
list_remove() {
  grep -Fixv -e "$2" "$MAC/group/$1" >"$MAC/group/.$1.$$"
  mv "$MAC/group/.$1.$$" "$MAC/group/$1"
}

# change USER FUNCTION ARGS…: makes the change and writes down whether the user became or ceased to be an administrator.
change() {
  change_user=$1
  shift
  state_lock
  is_member "$change_user" && change_before=true || change_before=false
  "$@"
  is_member "$change_user" && change_after=true || change_after=false
  [ "$change_before" = "$change_after" ] ||
    printf '%s %s %s %s\n' "$(now_ms)" "$change_user" "$change_after" "${SIM_BY:-${0##*/}}" >>"$MAC/admin.log"
}

admin_on() {
  list_add GroupMembership "$1"
  list_add GroupMembers "$(user_attr "$1" GeneratedUID)"
}
admin_off() {
  list_remove GroupMembership "$1"
  fault guid-stays || list_remove GroupMembers "$(user_attr "$1" GeneratedUID)"
}
