# shellcheck shell=bash
# What the benchmark measures: one function a group. Sourced by scripts/bench.
# Uses $work, $csv, $quick, $field, $statusfs, $make_plan, $deadline and the functions of mounts.sh.

has_statusfs() { [[ -n $statusfs ]]; }
pick() { if ((quick)); then echo "$1"; else echo "$2"; fi; }   # pick QUICK FULL
seconds_left() { echo $((deadline - SECONDS)); }
# What one command may take: the time that is left, but neither too little to be fair nor more than two minutes.
time_limit() {
  local left
  left=$(seconds_left)
  echo $((left < 15 ? 15 : left > 120 ? 120 : left))
}
note() { printf 'bench: %s\n' "$*" >&2; }

# ---- how things are measured ----

# Says it, and makes the whole run end with an exit status that tells.
failed() {
  note "$*"
  touch "$work/failed"
}

# job SERIES OPERATION SIZE PROCESSES OPERATIONS ARGUMENT...: a line of bench_field's input; no commas in names
job() {
  local IFS=$'\t'
  printf '%s\n' "$*"
}

# field GROUP PLACEMENT SECONDS < jobs: runs them interleaved; at least one round, no new one after SECONDS
field() {
  local group=$1 placement=$2 seconds=$3 left name servers=()
  left=$(seconds_left)
  ((left > 3)) || { note "no time left for $group"; cat >/dev/null; return 0; }
  for name in "${!mount_pid[@]}"; do servers+=(--server "${mount_pid[$name]}"); done
  timeout -k 5 "$left" "$field" --group "$group" --placement "$placement" --rounds "$rounds" \
    --seconds "$((seconds < left ? seconds : left))" --job-seconds "$job_seconds" "${servers[@]}" >>"$csv" && return
  case $? in
    124 | 137) note "$group ($placement): out of time" ;;
    *) failed "$group ($placement): a part failed" ;;
  esac
}

# record GROUP SERIES OPERATION SIZE UNIT OPERATIONS < values, one a line: a line of CSV
record() {
  sort -n | awk -v head="$1,$2,$3,$4,free,1" -v operations="$6" -v unit="$5" '
    { value[NR] = $1 }
    END {
      if (NR == 0) exit
      median = value[int((NR + 1) / 2)]; p99 = value[int(NR * 0.99 + 0.999)]
      rate = unit == "us" && median > 0 ? operations * 1e6 / median : 0
      printf "%s,%d,%d,%s,%.2f,%.2f,%.2f,%.2f,%.1f\n", head, NR, operations, unit, median, p99, value[1], value[NR], rate
    }' >>"$csv"
}

# elapsed COMMAND...: the microseconds it took
elapsed() {
  local start=$EPOCHREALTIME end
  timeout "$(time_limit)" "$@" >/dev/null 2>>"$work/elapsed.log" || return
  end=$EPOCHREALTIME
  echo $((${end/./} - ${start/./}))
}

resident() { awk '/^VmRSS/ { print $2 }' "/proc/${mount_pid[$1]}/status"; }

# ---- names ----

task_name() { printf 'task_%06d_step' "$1"; }
source_of() { echo "$work/source/$1"; }
json_of() { echo "$(source_of "$1")/exec_status_125.txt"; }
tree_of() { echo "$(mountpoint_of "statusfs_$1")/exec_status_125"; }
percentage_of() { echo "$(tree_of "$1")/tasks/$(task_name "${2:-0}")/percent_complete"; }

# The percentages of 64 ACTIVE tasks of the plan of 100.
different_fields() {
  local number found=0
  for ((number = 0; found < 64; ++number)); do
    ((number % 10 < 7)) || continue
    percentage_of 100 "$number"
    found=$((found + 1))
  done
}

bare_values() {
  local number
  for ((number = 0; number < 64; ++number)); do echo "$(mountpoint_of "$1")/value_$number"; done
}

# ---- preparation ----

# A mounted plan of N tasks. Its first JSON is kept, for recovery later.
mount_plan() {
  local tasks=$1
  "$make_plan" "$(source_of "$tasks")" --tasks "$tasks"
  cp "$(json_of "$tasks")" "$work/plain_$tasks.json"
  has_statusfs || return 0
  mount_statusfs "statusfs_$tasks" "$(source_of "$tasks")" -o adopt ||
    { failed "cannot mount $tasks tasks"; return 1; }
  keep_early_json "$tasks"
}

record_size=1500   # bytes of a journal line of a small field

# fsync on any file of the tree returns when the JSON is complete; sync(1) of a file is that fsync.
keep_early_json() {
  sync "$(tree_of "$1")/status.json" 2>/dev/null || sleep 1
  cp "$(json_of "$1")" "$work/early_$1.json"
}

prepare() {
  local tasks
  mkdir -p "$work/mnt" "$work/ext4"
  mount_bare bare
  mount_bare bare_sync --append-sync "$work/bare_sync.journal"
  mount_bare bare_record --append-sync "$work/bare_record.journal" --record-size "$record_size"
  mkdir -p "$work/bare_promises" "$work/bare_unsynced"
  mount_bare bare_promises --append-sync "$work/bare_promises.journal" --record-size "$record_size" --promises "$work/bare_promises"
  mount_bare bare_unsynced --append "$work/bare_unsynced.journal" --record-size "$record_size" --promises "$work/bare_unsynced"
  for tasks in 10 100 1000 10000; do mount_plan "$tasks"; done
  echo 10 >"$work/ext4/percent_complete"
  prepare_ffs
}

prepare_ffs() {
  ffs_field=
  command -v ffs >/dev/null || return 0
  mount_ffs ffs "$work/plain_100.json" || { note "ffs did not mount"; unmount ffs; return 0; }
  ffs_field=$(find "$(mountpoint_of ffs)/payload/tasks_status" -name percent_complete | sort | head -n 1)
}

# ---- the groups ----

jq_read_command() {
  printf 'for ((i = 0; i < $1; ++i)); do jq -r ".payload.tasks_status[] | select(.task_id_ref==\\"%s\\").percent_complete" %q; done >/dev/null' \
    "$(task_name 5)" "$1"
}

# The old way: lock, jq, temporary file, fsync, rename.
jq_write_command() {
  printf 'set -e; f=%q; for ((i = 0; i < $1; ++i)); do ( flock 9; jq --argjson v $((10 + RANDOM %% 90)) "(.payload.tasks_status[] | select(.task_id_ref==\\"%s\\")).percent_complete = \\$v" $f >$f.tmp; sync $f.tmp; mv $f.tmp $f ) 9>>$f.lock; done' \
    "$1" "$(task_name 5)"
}

# A copy of the plan that the old ways may change.
old_way_json() {
  [[ -e $work/ext4/$1.json ]] || cp "$work/plain_$1.json" "$work/ext4/$1.json"
  echo "$work/ext4/$1.json"
}

read_jobs() {
  local tasks
  job "bare FUSE" read 1 1 2000 "$(mountpoint_of bare)/value_0"
  if has_statusfs; then
    for tasks in 10 10000; do job statusfs read "$tasks" 1 2000 "$(percentage_of "$tasks")"; done
  fi
  [[ -z $ffs_field ]] || job ffs read 100 1 2000 "$ffs_field"
  job ext4 read 1 1 2000 "$work/ext4/percent_complete"
}

old_read_jobs() {
  local tasks
  for tasks in 10 100 1000 10000; do
    job "nlohmann parse" parse "$tasks" 1 "$((tasks < 1000 ? 100 : 2))" "$work/plain_$tasks.json" "$(task_name 5)"
    job "jq process" shell "$tasks" 1 "$((tasks < 1000 ? 10 : 1))" "$(jq_read_command "$work/plain_$tasks.json")"
  done
}

group_read() {
  local placement
  for placement in same across; do read_jobs | field read "$placement" "$(pick 3 10)"; done
  old_read_jobs | field read free "$(pick 6 20)"
}

write_jobs() {
  local tasks
  job "bare FUSE" write 1 1 "$1" "$(mountpoint_of bare)/value_0"
  job "bare FUSE + append" write 1 1 "$1" "$(mountpoint_of bare_sync)/value_0"
  job "bare FUSE + append of a record" write 1 1 "$1" "$(mountpoint_of bare_record)/value_0"
  job "bare FUSE + record and promises" write 1 1 "$1" "$(mountpoint_of bare_promises)/value_0"
  if has_statusfs; then
    for tasks in 10 10000; do job statusfs write "$tasks" 1 "$1" "$(percentage_of "$tasks")"; done
  fi
  [[ -z $ffs_field ]] || job "ffs (not durable)" write 100 1 "$1" "$ffs_field"
  job "SQLite WAL FULL" sqlite 1 1 "$1" "$work/ext4/one.sqlite"
  job "append 400 B" append-sync 1 1 "$1" "$work/ext4/append"
  job "ext4 (not durable)" write 1 1 "$1" "$work/ext4/percent_complete"
}

old_write_jobs() {
  local tasks
  for tasks in 10 100 1000 10000; do
    job "nlohmann: replace" replace "$tasks" 1 "$((tasks < 1000 ? 20 : 1))" "$(old_way_json "$tasks")" "$(task_name 5)"
    job "flock + jq + mv" shell "$tasks" 1 "$((tasks < 1000 ? 5 : 1))" "$(jq_write_command "$(old_way_json "$tasks")")"
  done
}

group_write() {
  local placement
  for placement in same across; do write_jobs "$(pick 300 1000)" | field write "$placement" "$(pick 5 15)"; done
  old_write_jobs | field write free "$(pick 7 25)"
}

writer_jobs() {
  local operations=$1 writers different=() bare_different sync_different unsynced_different
  mapfile -t bare_different < <(bare_values bare)
  mapfile -t sync_different < <(bare_values bare_sync)
  mapfile -t unsynced_different < <(bare_values bare_unsynced)
  ! has_statusfs || mapfile -t different < <(different_fields)
  for writers in 1 2 4 8 16 32 64; do
    if has_statusfs; then
      job "statusfs: one field" write 100 "$writers" "$operations" "${different[0]}"
      job "statusfs: different fields" write 100 "$writers" "$operations" "${different[@]}"
    fi
    job "bare FUSE: one field" write 1 "$writers" "$operations" "${bare_different[0]}"
    job "bare FUSE: different fields" write 1 "$writers" "$operations" "${bare_different[@]}"
    job "bare FUSE + append: one field" write 1 "$writers" "$operations" "${sync_different[0]}"
    job "bare FUSE + append: different fields" write 1 "$writers" "$operations" "${sync_different[@]}"
    job "bare FUSE + promises without sync: different fields" write 1 "$writers" "$operations" "${unsynced_different[@]}"
    job "SQLite: eager" sqlite-eager 1 "$writers" "$operations" "$work/ext4/many.sqlite"
  done
  ((quick)) || slow_writer_jobs
}

# These take so long that three numbers of writers must do.
slow_writer_jobs() {
  local writers
  for writers in 1 8 32; do
    job "SQLite: busy_timeout" sqlite 1 "$writers" 200 "$work/ext4/many.sqlite"
    job "flock + jq + mv" shell 100 "$writers" 32 "$(jq_write_command "$(old_way_json 100)")"
  done
}

version_of() { cat "$(tree_of "$1")/header/v_file_instance"; }

group_writers() {
  local before=0 writes
  ! has_statusfs || before=$(version_of 100)
  writer_jobs "$(pick 640 1920)" | field writers free "$(pick 25 110)"
  has_statusfs || return 0
  writes=$(awk -F, '$1 == "writers" && $2 ~ /^statusfs/ { sum += $8 } END { print sum + 0 }' "$csv")
  note "writers: $writes writes made $(($(version_of 100) - before)) versions"
}

shell_jobs() {
  local operations=$1 series=$2 size=$3 path=$4
  job "$series: cat" shell "$size" 1 "$operations" "$(printf 'for ((i = 0; i < $1; ++i)); do cat %q; done >/dev/null' "$path")"
  job "$series: echo" shell "$size" 1 "$operations" "$(printf 'set -e; for ((i = 0; i < $1; ++i)); do echo $((10 + i %% 90)) >%q; done' "$path")"
  job "$series: /bin/echo" shell "$size" 1 "$operations" "$(printf 'set -e; for ((i = 0; i < $1; ++i)); do /bin/echo $((10 + i %% 90)) >%q; done' "$path")"
}

group_shell() {
  local operations
  operations=$(pick 200 1000)
  {
    shell_jobs "$operations" "bare FUSE" 1 "$(mountpoint_of bare)/value_0"
    ! has_statusfs || shell_jobs "$operations" statusfs 100 "$(percentage_of 100)"
    shell_jobs "$operations" ext4 1 "$work/ext4/percent_complete"
  } | field shell free "$(pick 8 40)"
}

bulk_command() {
  case $1 in
    cat) printf 'cat %q/status.json >/dev/null' "$2" ;;
    grep) printf 'grep -r ACTIVE %q/tasks >/dev/null' "$2" ;;
    find) printf 'find %q >/dev/null' "$2" ;;
    ls) printf 'ls -lR %q >/dev/null' "$2" ;;
    tar) printf 'tar c -C %q . | cat >/dev/null' "$2" ;;
  esac
}

bulk_jobs() {
  local command=$1 tasks=$2
  ! has_statusfs || job "statusfs: $command" shell "$tasks" 1 1 "$(bulk_command "$command" "$(tree_of "$tasks")")"
  job "ext4: $command" shell "$tasks" 1 1 "$(bulk_command "$command" "$work/tree_$tasks/exec_status_125")"
}

# In the quick run the biggest tree is only measured by cat of the whole document.
group_bulk() {
  local tasks command
  for tasks in 100 1000 10000; do
    if ((quick && tasks == 10000)); then
      mkdir -p "$work/tree_$tasks/exec_status_125"
      cp "$work/plain_$tasks.json" "$work/tree_$tasks/exec_status_125/status.json"
      bulk_jobs cat "$tasks" | field bulk free 2
      continue
    fi
    "$make_plan" "$work/tree_$tasks" --tasks "$tasks" --tree
    for command in cat grep find ls tar; do bulk_jobs "$command" "$tasks" | field bulk free "$(pick 2 5)"; done
    rm -rf "$work/tree_$tasks"
    ! has_statusfs || forget_tree "$tasks"
  done
}

# forget_tree TASKS: the kernel, and so the daemon, knows every file of the tree now; what follows is measured without.
forget_tree() {
  local name=statusfs_$1
  resident "$name" | record bulk statusfs "memory after bulk" "$1" kB 1
  unmount "$name"
  mount_statusfs "$name" "$(source_of "$1")" || failed "cannot mount $1 tasks after bulk"
}

# ---- growth ----

# measure_mount GROUP NAME SIZE SOURCE FIELD: mounts several times; leaves it mounted
measure_mount() {
  local group=$1 name=$2 size=$3 source=$4 field=$5 round start end
  for ((round = 0; round < 5; ++round)); do
    unmount "$name"
    start=$EPOCHREALTIME
    mount_pid[$name]=0
    timeout "$(time_limit)" "$statusfs" "$source" "$(mountpoint_of "$name")" </dev/null >>"$work/$name.log" 2>&1 ||
      { failed "$group: cannot mount $size again"; unmount "$name"; return 1; }
    end=$EPOCHREALTIME
    echo $((${end/./} - ${start/./})) >>"$work/mount.times"
    cat "$field" >/dev/null
    end=$EPOCHREALTIME
    echo $((${end/./} - ${start/./})) >>"$work/first.times"
    mount_pid[$name]=$(find_daemon "$(mountpoint_of "$name")")
    (($(seconds_left) > 20)) || break
  done
  record "$group" statusfs mount "$size" us 1 <"$work/mount.times"
  record "$group" statusfs "mount and first read" "$size" us 1 <"$work/first.times"
  rm "$work/mount.times" "$work/first.times"
}

# measure_recovery GROUP SIZE SOURCE_NAME: puts the early JSON back, so that recovery replays the whole journal;
# verification reads the closed ones, too. Not mounted meanwhile.
measure_recovery() {
  local group=$1 size=$2 name=$3 json lines all_lines round
  json=$(json_of "$name")
  lines=$(wc -l <"$json.journal")
  all_lines=$(($(zcat -f "$json".journal.d/*.gz </dev/null | wc -l) + lines))
  for ((round = 0; round < 3; ++round)); do
    cp "$work/early_$name.json" "$json.early" && mv "$json.early" "$json"
    elapsed "$statusfs" recover "$json" || failed "recover of $size failed"
    (($(seconds_left) > 20)) || break
  done | record "$group" statusfs recover "$size" us "$lines"
  for ((round = 0; round < 3; ++round)); do
    elapsed "$statusfs" verify "$json" || failed "verify of $size failed"
    (($(seconds_left) > 20)) || break
  done | record "$group" statusfs verify "$size" us "$all_lines"
}

growth_jobs() {
  local tasks
  for tasks in "$@"; do
    job statusfs write "$tasks" 1 200 "$(percentage_of "$tasks")"
    job statusfs read "$tasks" 1 500 "$(percentage_of "$tasks")"
  done
}

lag_jobs() {
  local tasks
  for tasks in "$@"; do
    job statusfs lag "$tasks" 1 "$((tasks < 10000 ? 5 : 1))" \
      "$(tree_of "$tasks")/tasks/$(task_name 0)/execution_log/failure_details" "$(json_of "$tasks")"
  done
}

group_tasks() {
  has_statusfs || return 0
  local tasks sizes=(10 100 1000 10000)
  if ! ((quick)) && mount_plan 100000; then sizes+=(100000); fi
  growth_jobs "${sizes[@]}" | field tasks same "$(pick 5 20)"
  lag_jobs "${sizes[@]}" | field tasks free "$(pick 4 15)"
  for tasks in "${sizes[@]}"; do
    (($(seconds_left) > 10)) || { note "no time left for growth at $tasks tasks"; break; }
    measure_plan "$tasks"
  done
}

measure_plan() {
  local tasks=$1 name=statusfs_$1
  resident "$name" | record tasks statusfs "memory after use" "$tasks" kB 1
  stat -c %s "$(json_of "$tasks")" | awk '{ print $1 / 1024 }' | record tasks JSON size "$tasks" kB 1
  measure_mount tasks "$name" "$tasks" "$(source_of "$tasks")" "$(percentage_of "$tasks")" || return
  resident "$name" | record tasks statusfs "memory after first read" "$tasks" kB 1
  unmount "$name"
  measure_recovery tasks "$tasks" "$tasks"
}

# Of the closed journals, too: a line a version.
journal_lines() { version_of lines; }

# fill_journal LINES SECONDS: writes with 32 writers until the journal has so many lines, or the time is over
fill_journal() {
  local wanted=$1 until=$((SECONDS + $2)) missing fields
  mapfile -t fields < <(different_fields | sed 's|/statusfs_100/|/statusfs_lines/|')
  while missing=$((wanted - $(journal_lines))) && ((missing > 0 && SECONDS < until && $(seconds_left) > 20)); do
    missing=$((missing < 40000 ? missing : 40000))
    job "statusfs: fill" write "$wanted" 32 "$((missing > 32 ? missing : 32))" "${fields[@]}" |
      rounds=1 job_seconds=30 field fill free 1
  done
}

group_lines() {
  has_statusfs || return 0
  local wanted lines
  "$make_plan" "$(source_of lines)" --tasks 100
  mount_statusfs statusfs_lines "$(source_of lines)" -o adopt || { failed "cannot mount the plan of journal lines"; return 1; }
  keep_early_json lines
  for wanted in 100 10000 1000000; do
    ((!quick || wanted < 1000000)) || break
    (($(seconds_left) > 20)) || { note "no time left for $wanted journal lines"; break; }
    fill_journal "$wanted" "$(pick 8 100)"
    lines=$(journal_lines)
    ((lines >= wanted)) || note "journal: $lines lines instead of $wanted were written in the time there was"
    job statusfs write "$lines" 1 200 "$(percentage_of lines)" | field lines same 3
    measure_mount lines statusfs_lines "$lines" "$(source_of lines)" "$(percentage_of lines)" || return
    resident statusfs_lines | record lines statusfs "memory after first read" "$lines" kB 1
    unmount statusfs_lines
    measure_recovery lines "$lines" lines
    mount_statusfs statusfs_lines "$(source_of lines)" || { failed "cannot mount after recovery"; return 1; }
  done
  unmount statusfs_lines
}

# Reads one field of each file, which loads them all.
read_all_files() { cat "$(mountpoint_of "$1")"/exec_status_*/tasks/"$(task_name 0)"/percent_complete; }

# measure_reading_of_each NAME PEER FILES
measure_reading_of_each() {
  local start end
  start=$EPOCHREALTIME
  read_all_files "$1" >/dev/null
  end=$EPOCHREALTIME
  echo $((${end/./} - ${start/./})) | record files "$2" "read one field of each" "$3" us 1
  resident "$1" | record files "$2" "memory after all" "$3" kB 1
}

group_files() {
  has_statusfs || return 0
  local files name
  for files in 1 10 100 1000; do
    (($(seconds_left) > 15)) || { note "no time left for $files files"; break; }
    name=statusfs_files_$files
    "$make_plan" "$(source_of "files_$files")" --tasks 100 --files "$files"
    mount_statusfs "$name" "$(source_of "files_$files")" -o adopt ||
      { failed "cannot mount $files files"; continue; }
    measure_mount files "$name" "$files" "$(source_of "files_$files")" "$(percentage_of "files_$files")" ||
      continue
    resident "$name" | record files statusfs "memory after first read" "$files" kB 1
    measure_reading_of_each "$name" statusfs "$files"
    unmount "$name"
    mount_statusfs "$name" "$(source_of "files_$files")" -o cache=64M ||
      { failed "cannot mount $files files with a cache"; continue; }
    measure_reading_of_each "$name" "statusfs cache=64M" "$files"
    unmount "$name"
    rm -rf "$(source_of "files_$files")"
  done
}

# What a write is made of, in one process: beside the table, in micro.txt and micro.csv.
group_micro() {
  local program=$root/build/release/tests/bench/bench_micro
  [[ -x $program ]] || { note "bench_micro was not built"; return 0; }
  "$program" --benchmark_min_time="$(pick 0.05 0.5)" --benchmark_out="$out/micro.csv" --benchmark_out_format=csv \
    >"$out/micro.txt" 2>"$work/micro.log" || { cat "$work/micro.log" >&2; return 1; }
  cat "$out/micro.txt"
}
