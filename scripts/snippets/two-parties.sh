#!/usr/bin/env bash
# The README's ten commands, in a fresh folder, and a look at whether Southmark really holds the message.
set -u -o pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
cleanup() {
  # Ends only what this script started: the jobs of this shell.
  jobs -p | xargs -r kill 2>/dev/null
  wait 2>/dev/null
  rm -rf "$folder"
}
trap cleanup EXIT
export COMITY_STATE_DIR="$folder/state"
cd "$folder" || exit 1
# In a subshell (a job, a pipe) the command takes the shell's place, so that ending the job ends it.
npx() {
  if [[ $BASH_SUBSHELL -gt 0 ]]; then exec "$repository/node_modules/.bin/$1" "${@:2}"; fi
  "$repository/node_modules/.bin/$1" "${@:2}"
}

until_there() {
  for _ in $(seq 1 300); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  echo "not within a minute: $*"
  return 1
}

set -e
npx comity init --home north --name Northland --unprotected-keys
npx comity init --home south --name Southmark --unprotected-keys
npx comity start --home north --exchange 127.0.0.1:7300 --api 127.0.0.1:7301 &
npx comity start --home south --exchange 127.0.0.1:7400 --api 127.0.0.1:7401 &
until_there test -s north/credentials.comity
until_there test -s south/credentials.comity
until_there test -S north/socket
until_there test -S south/socket

npx comity pair add south/credentials.comity --home north
npx comity pair add north/credentials.comity --home south

NUMBER=$(npx comity pair number Southmark --home north --json |
  sed -n 's/.*"safetyNumber": "\([0-9 ]*\)".*/\1/p')

npx comity pair confirm Southmark --number "$NUMBER" --home north
npx comity pair confirm Northland --number "$NUMBER" --home south
npx comity say channel.message --to Southmark --text "Our desk is open." --wait --home north
npx comity show Northland --home south

# Nothing had to be waited for: the tenth command showed the message.
npx comity show Northland --home south | grep -q 'Our desk is open.'
echo "1 passed, 0 failed"
