# ---- clock: deadlines on time that nobody can set --------------------------------------------------------------------
#
# What is real on macOS:
#  - `kern.monotonicclock_usecs` prints "MICROSECONDS MACH_TIME". The first runs at real-time rate through sleep and can't be
#    set; the kernel itself uses it to measure sleep (xnu osfmk/kern/clock.c, clock_wakeup_calendar). Not every Mac has it.
#  - Without it: `date` minus `kern.boottime`. Setting the clock moves boottime by the same step (xnu
#    clock_set_calendar_microtime), so the difference goes on evenly. Read twice, since a step may fall between the two.
# Both are only comparable within one boot, so `kern.bootsessionuuid` is kept beside every deadline.

MONO=
MONO_BY=
MONO_LAST=0

# Sets MONO (seconds) and MONO_BY (which source). Fails when no source answers, or time went backwards.
mono_read() {
  mono_from_counter || mono_from_boottime || return 1
  [ "$MONO" -ge "$MONO_LAST" ] || return 1
  MONO_LAST=$MONO
}

mono_from_counter() {
  mono_raw=$(/usr/sbin/sysctl -n kern.monotonicclock_usecs 2>/dev/null) || return 1
  mono_raw=${mono_raw%%[!0-9]*}
  [ "${#mono_raw}" -gt 6 ] || return 1
  mono_raw=${mono_raw%??????}
  is_number "$mono_raw" || return 1
  MONO=$mono_raw
  MONO_BY=counter
}

mono_from_boottime() {
  for mono_try in 1 2 3; do
    mono_boot=$(boottime) && mono_wall=$(/bin/date +%s) && is_number "$mono_wall" || return 1
    [ "$(boottime)" = "$mono_boot" ] || continue
    [ "$mono_wall" -ge "$mono_boot" ] || return 1
    MONO=$((mono_wall - mono_boot))
    MONO_BY=boottime
    return 0
  done
  : "$mono_try"
  return 1
}

# Seconds of `{ sec = 1700000000, usec = 5 } Tue Nov 14 …`.
boottime() {
  boottime_raw=$(/usr/sbin/sysctl -n kern.boottime 2>/dev/null) || return 1
  boottime_raw=${boottime_raw#*sec = }
  boottime_raw=${boottime_raw%%,*}
  is_number "$boottime_raw" || return 1
  printf '%s\n' "$boottime_raw"
}

# Names this boot. A session of another boot is over.
boot_session() {
  boot_value=$(/usr/sbin/sysctl -n kern.bootsessionuuid 2>/dev/null) || return 1
  is_guid "$boot_value" || return 1
  printf '%s\n' "$boot_value"
}
