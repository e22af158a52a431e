#!/bin/sh
# Makes the folder of secrets for docker compose: random database passwords, and empty files to be filled in.
# usage: make-secrets.sh [FOLDER]     An existing file is never touched. The seal keys come from `stint keys init`.
set -eu

folder=${1:-secrets}
owner=1000 # the user that Stint's and Temporal's containers run as
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

# Containers of several users read the passwords through single-file mounts; the folder keeps them from everyone else.
make() {
  [ ! -e "$folder/$1" ] || return 0
  cat >"$folder/$1"
  chmod "$2" "$folder/$1"
}

random() { openssl rand -hex 32; }

random | make postgres_password 444
random | make temporal_db_password 444
random | make stint_db_password 444
printf 'postgres://stint:%s@postgres:5432/stint\n' "$(cat "$folder/stint_db_password")" | make stint_database_url 400

# The last three may stay empty: then PagerDuty and tickets are not asked, and nobody is told by e-mail.
for name in slack_bot_token slack_app_token mdm_token pagerduty_token ticket_authorization smtp_password; do
  make "$name" 600 </dev/null
done

set -- "$folder"/stint_database_url "$folder"/*_token "$folder"/ticket_authorization "$folder"/smtp_password
if [ "$(id -u)" -eq 0 ]; then
  chown "$owner" "$@"
elif [ "$(id -u)" -ne "$owner" ]; then
  echo "make-secrets: as root, run: chown $owner $*" >&2
fi

for name in slack_bot_token slack_app_token mdm_token; do
  [ -s "$folder/$name" ] || echo "make-secrets: put the value into $folder/$name" >&2
done
