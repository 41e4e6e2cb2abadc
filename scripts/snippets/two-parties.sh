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
mkdir "$folder/clone" && cd "$folder/clone" || exit 1
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
npx comity init --home ../trial/north --name Northland --unprotected-keys
npx comity init --home ../trial/south --name Southmark --unprotected-keys
npx comity start --home ../trial/north --exchange 127.0.0.1:7300 --api 127.0.0.1:7301 &
npx comity start --home ../trial/south --exchange 127.0.0.1:7400 --api 127.0.0.1:7401 &
until_there test -S ../trial/north/socket
until_there test -S ../trial/south/socket

npx comity pair add ../trial/south/credentials.comity --home ../trial/north
npx comity pair add ../trial/north/credentials.comity --home ../trial/south

NUMBER=$(npx comity pair number Southmark --home ../trial/north --json |
  sed -n 's/.*"safetyNumber": "\([0-9 ]*\)".*/\1/p')

npx comity pair confirm Southmark --number "$NUMBER" --home ../trial/north
npx comity pair confirm Northland --number "$NUMBER" --home ../trial/south
npx comity say channel.message --to Southmark --text "Our desk is open." --wait --home ../trial/north
npx comity show Northland --home ../trial/south

# Nothing had to be waited for: the tenth command showed the message.
npx comity show Northland --home ../trial/south | grep -q 'Our desk is open.'
echo "1 passed, 0 failed"
