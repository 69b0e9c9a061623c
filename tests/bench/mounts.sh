# shellcheck shell=bash
# Mounts of the benchmark: every one that is made here is unmounted here, and only daemons that serve them are killed.
# Sourced by scripts/bench; uses $work, $statusfs, $bare, $no_flush.

declare -A mount_pid=()   # name -> the daemon's pid

mountpoint_of() { echo "$work/mnt/$1"; }

# The process whose arguments name this mountpoint. The pattern comes through a file, or grep would find itself.
find_daemon() {
  local file
  file=$(grep -lzxF -f <(printf '%s\n' "$1") /proc/[0-9]*/cmdline 2>/dev/null | head -n 1) || true
  [[ $file == /proc/*/cmdline ]] || return 1
  file=${file#/proc/}
  echo "${file%/cmdline}"
}

# mount_bare NAME [OPTION...]
mount_bare() {
  local name=$1 point
  point=$(mountpoint_of "$name")
  shift
  mkdir -p "$point"
  mount_pid[$name]=0
  timeout 20 "$bare" "$point" --files 64 --noflush "$no_flush" "$@" </dev/null >>"$work/$name.log" 2>&1
  mount_pid[$name]=$(find_daemon "$point")
}

# mount_statusfs NAME SOURCE [OPTION...]
mount_statusfs() {
  local name=$1 source=$2 point
  point=$(mountpoint_of "$name")
  shift 2
  mkdir -p "$point"
  mount_pid[$name]=0
  timeout "$(time_limit)" "$statusfs" "$source" "$point" "$@" </dev/null >>"$work/$name.log" 2>&1 || { unmount "$name"; return 1; }
  mount_pid[$name]=$(find_daemon "$point")
}

# mount_ffs NAME FILE: the peer, when the user has it. It stays in the foreground; its output is thrown away.
mount_ffs() {
  local name=$1 file=$2 point tries
  point=$(mountpoint_of "$name")
  mkdir -p "$point"
  ffs --no-output -m "$point" "$file" </dev/null >>"$work/$name.log" 2>&1 &
  mount_pid[$name]=$!
  for ((tries = 0; tries < 100; ++tries)); do
    mountpoint -q "$point" && return
    sleep 0.1
  done
  return 1
}

wait_for_end() {
  local tries
  for ((tries = 0; tries < $2 * 20; ++tries)); do
    [[ -d /proc/$1 ]] || return 0
    sleep 0.05
  done
  return 1
}

# Last resort. Looks again whether the process still is the daemon of this mountpoint.
kill_daemon() {
  local pid=$1 point=$2
  [[ $pid -gt 1 ]] && grep -qzxF -f <(printf '%s\n' "$point") "/proc/$pid/cmdline" 2>/dev/null || return 0
  kill -KILL "$pid" 2>/dev/null || true
}

# unmount NAME: returns when everything is on disk and the daemon ended; by force after a time.
unmount() {
  local name=$1 point pid=${mount_pid[$1]:-}
  [[ -n $pid ]] || return 0
  point=$(mountpoint_of "$name")
  if [[ $name == statusfs_* ]]; then
    timeout 60 "$statusfs" umount "$point" >>"$work/$name.log" 2>&1 || true
  fi
  if mountpoint -q "$point" 2>/dev/null || ! stat "$point" >/dev/null 2>&1; then
    timeout 10 fusermount3 -u "$point" 2>/dev/null || timeout 10 fusermount3 -uz "$point" 2>/dev/null || true
  fi
  [[ $pid -gt 1 ]] || pid=$(find_daemon "$point") || pid=0
  [[ $pid -le 1 ]] || wait_for_end "$pid" 30 || kill_daemon "$pid" "$point"
  unset "mount_pid[$name]"
}

unmount_all() {
  local name
  for name in "${!mount_pid[@]}"; do unmount "$name"; done
}

# Leaves the work files where they are if anything is still mounted in them.
clean_up() {
  local status=$?
  trap - EXIT
  trap : INT TERM  # what comes now comes too late: nothing stays mounted
  unmount_all
  if grep -qF " $work/mnt/" /proc/self/mounts; then
    echo "bench: something is still mounted in $work: left as it is" >&2
  else
    rm -rf --one-file-system "$work"
  fi
  exit "$status"
}
