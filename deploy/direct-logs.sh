#!/bin/sh
# Lets one group read the json-file logs in the Engine's folder, and no container's environment, so
# that deploy/compose.direct-logs.yaml needs no capability:
#   sudo deploy/direct-logs.sh grant     once; it holds for containers made later, and for rotation
#   sudo deploy/direct-logs.sh revoke    takes all of it away
#
# How: an ACL entry for the group, with a default that new folders and files inherit. What of it
# counts is bounded by the mode with which the Engine makes a file: a log is 0640, so the group may
# read it; a container's configuration with its environment is 0600, so the group may not; a
# container's folder is 0710, so the group may pass through it and not list it.
#
# What the Engine makes for everybody to read can then be read too, by whoever knows its name: hosts,
# hostname, resolv.conf, resolv.conf.hash, and hostconfig.json, in which mounts, limits and the
# options of the log driver stand: have no token among those options. So can, in containers made
# after the grant, the shared memory of one with `ipc: shareable`.
#
#   DOCKER_LOG_GID   the group's number, as in .env (10101); no group needs to have that number
#   2nd argument     the folder, when the Engine's data-root is not /var/lib/docker
set -eu
group=${DOCKER_LOG_GID:-10101}
folder=${2:-/var/lib/docker/containers}
is_log='*-json.log*'

fail() { echo "direct-logs: $*" >&2; exit 2; }

command -v setfacl >/dev/null 2>&1 || fail "needs setfacl: apt-get install acl"
case $group in '' | *[!0-9]*) fail "DOCKER_LOG_GID is a number" ;; esac
[ -d "$folder" ] || fail "there is no $folder: give the folder of the Engine's containers"

case ${1:-} in
grant)
  # A default entry for everybody else, too, so that modes stay what the Engine asks for.
  inherited="d:u::rwx,d:g::rwx,d:o::rwx,d:g:$group:rx"
  find "$folder" -maxdepth 1 -type d -exec setfacl -m "$inherited,g:$group:x" {} +
  find "$folder" -mindepth 2 -maxdepth 2 -type f -name "$is_log" -exec setfacl -m "g:$group:r" {} +
  ;;
revoke)
  find "$folder" -maxdepth 1 -type d -exec setfacl -k -x "g:$group" {} +
  find "$folder" -maxdepth 2 -type f -exec setfacl -x "g:$group" {} +
  ;;
*)
  fail "say grant or revoke, and the folder where it is not /var/lib/docker/containers"
  ;;
esac
