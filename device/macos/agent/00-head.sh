#!/bin/sh
# shellcheck disable=SC2015 # a && b || die: here every path that is not all true must end in the refusal
#
# Stint agent: makes one account of this Mac an administrator for an approved window, and takes it back.
# Assembled from device/macos/agent/*.sh by assemble.mjs; edit the fragments, not the result.
#
# Rules that hold in every fragment:
#  - POSIX sh only (macOS /bin/sh is bash 3.2 in POSIX mode); no python, jq or GNU options.
#  - Every program is named by its full path: nothing of the environment decides what root runs.
#  - Whatever comes from the network, a file or a person is checked before use and never evaluated.
#  - Anything that fails ends with less access, never with more.

set -u
umask 077
PATH=/usr/bin:/bin:/usr/sbin:/sbin
LC_ALL=C # reasons and logs are bytes; no locale may reorder or drop them
export PATH LC_ALL
unset CDPATH ENV BASH_ENV GREP_OPTIONS

AGENT_VERSION=1

# Folders that only root can write, with parents that only root can write. /usr/local belongs to the user on some Macs.
STATE_DIR=/private/var/db/stint                                  # @place
LOG_DIR=/private/var/log/stint                                   # @place
CONFIG_FILE='/Library/Managed Preferences/com.stint.agent.plist' # @place
SUDOERS=/private/etc/sudoers                                     # @place
SUDOERS_DIR=/private/etc/sudoers.d                               # @place
PAM_DIR=/private/etc/pam.d                                       # @place
LAUNCH_DIR=/Library                                              # @place
SUDO_TICKETS=/private/var/db/sudo/ts                             # @place
PRIVILEGES=/Applications/Privileges.app/Contents/MacOS/PrivilegesCLI # @place

DEVICE_KEY=$STATE_DIR/device-key.pem
SERVER_KEY=$STATE_DIR/server-key.pem
SESSION_FILE=$STATE_DIR/session
RUN_DIR=$STATE_DIR/run
OUTBOX_DIR=$STATE_DIR/outbox
EVIDENCE_DIR=$STATE_DIR/evidence
BEFORE_FILE=$STATE_DIR/before
CONTACT_FILE=$STATE_DIR/contact
LOCK=$STATE_DIR/lock
# sudo skips files of sudoers.d with a dot in the name, and the last Defaults wins: hence no dot, and zz.
DROPIN=$SUDOERS_DIR/zz_stint
