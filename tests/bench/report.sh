# shellcheck shell=bash
# The table, the aims and the plots, all from the CSV. Sourced by scripts/bench.

describe_machine() {
  printf 'Linux %s, %s CPUs, %s, work files on %s, %s run of %s\n' "$(uname -r)" "$(nproc)" \
    "$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)" \
    "$(findmnt -n -o FSTYPE -T "$work" 2>/dev/null || stat -f -c %T "$work")" "$( ((quick)) && echo quick || echo full)" \
    "$(date -u +%Y-%m-%d)"
}

print_table() {
  awk -F, '
    NR == 1 || $1 == "fill" { next }
    $1 != group {
      group = $1
      printf "\n%-8s %-38s %-24s %9s %7s %5s %6s %12s %12s %12s\n", group, "series", "operation", "size", "CPU", "proc",
             "rounds", "median", "p99", "per second"
    }
    { printf "%-8s %-38s %-24s %9s %7s %5s %6s %9.1f %2s %9.1f %2s %12.1f\n", "", $2, $3, $4, $5, $6, $7, $10, $9, $11,
             $9, $14 }' "$csv"
}

# value COLUMN GROUP SERIES OPERATION SIZE PLACEMENT PROCESSES: empty if not measured; "*" takes any
value() {
  awk -F, -v column="$1" -v group="$2" -v series="$3" -v operation="$4" -v size="$5" -v placement="$6" -v processes="$7" '
    $1 == group && $2 == series && $3 == operation && (size == "*" || $4 == size) &&
    (placement == "*" || $5 == placement) && $6 == processes { found = $column }
    END { print found }' "$csv"
}
median() { value 10 "$@"; }
rate() { value 14 "$@"; }

# aim TEXT EXPRESSION RELATION LIMIT: the expression's numbers may be missing, then nothing is said
aim() {
  local text=$1 expression=$2 relation=$3 limit=$4
  [[ $expression != *"<>"* ]] || return 0
  awk -v text="$text" -v limit="$limit" -v relation="$relation" "BEGIN {
    result = $expression
    met = relation == \"<=\" ? result <= limit : result >= limit
    printf \"%-78s %10.2f   aim %s %-8s %s\\n\", text, result, relation, limit, met ? \"met\" : \"MISSED\"
  }"
}

# told TEXT EXPRESSION: a ratio that is no aim, but says how far one can be reached
told() {
  [[ $2 != *"<>"* ]] || return 0
  awk -v text="$1" "BEGIN { printf \"%-78s %10.2f\\n\", text, $2 }"
}

# A number in an aim's expression; <> where there is none.
number() {
  local found
  found=$("$@")
  echo "${found:-<>}"
}

print_aims() {
  local placement
  printf '\nAims (one run, this machine)\n'
  for placement in same across; do
    aim "read / bare FUSE ($placement CPU)" \
      "$(number median read statusfs read 10 $placement 1) / $(number median read 'bare FUSE' read 1 $placement 1)" '<=' 1.1
    aim "read at 10,000 tasks / at 10 ($placement CPU)" \
      "$(number median read statusfs read 10000 $placement 1) / $(number median read statusfs read 10 $placement 1)" '<=' 1.05
    aim "durable write / (bare FUSE + append and fdatasync) ($placement CPU)" \
      "$(number median write statusfs write 10 $placement 1) / $(number median write 'bare FUSE + append' write 1 $placement 1)" '<=' 1.2
    told "  of it, an append as long as a record instead of 400 bytes" \
      "$(number median write 'bare FUSE + append of a record' write 1 $placement 1) / $(number median write 'bare FUSE + append' write 1 $placement 1)"
    told "  of it, what no file system that keeps the promises can do without" \
      "$(number median write 'bare FUSE + record and promises' write 1 $placement 1) / $(number median write 'bare FUSE + append' write 1 $placement 1)"
    aim "durable write / (SQLite WAL FULL + bare FUSE write) ($placement CPU)" \
      "$(number median write statusfs write 10 $placement 1) / ($(number median write 'SQLite WAL FULL' sqlite 1 $placement 1) + $(number median write 'bare FUSE' write 1 $placement 1))" '<=' 1
  done
  print_writer_aims
  print_growth_aims
}

print_writer_aims() {
  local ours
  ours=$(number rate writers 'statusfs: different fields' write 100 free 32)
  aim "32 writers, different fields / bare FUSE without durability" \
    "$ours / $(number rate writers 'bare FUSE: different fields' write 1 free 32)" '>=' 0.6
  told "  the bare file system with an append for each write / the same without" \
    "$(number rate writers 'bare FUSE + append: different fields' write 1 free 32) / $(number rate writers 'bare FUSE: different fields' write 1 free 32)"
  told "  the bare file system with the promises, a record, and no sync / the same without" \
    "$(number rate writers 'bare FUSE + promises without sync: different fields' write 1 free 32) / $(number rate writers 'bare FUSE: different fields' write 1 free 32)"
  aim "32 writers, different fields / SQLite with 32 processes (eager)" \
    "$ours / $(number rate writers 'SQLite: eager' sqlite-eager 1 free 32)" '>=' 4
  aim "32 writers, different fields: durable mutations a second" "$ours" '>=' 10000
}

print_growth_aims() {
  local first lines
  first=$(number median tasks statusfs write 10 same 1)
  aim "durable write at 10,000 tasks / at 10" "$(number median tasks statusfs write 10000 same 1) / $first" '<=' 2
  aim "durable write at 100,000 tasks / at 10" "$(number median tasks statusfs write 100000 same 1) / $first" '<=' 12
  aim "cat status.json at 10,000 tasks: speed / ext4" \
    "$(number median bulk 'ext4: cat' shell 10000 free 1) / $(number median bulk 'statusfs: cat' shell 10000 free 1)" '>=' 0.8
  aim "mount of 10,000 tasks to the first read, ms" \
    "$(number median tasks statusfs 'mount and first read' 10000 free 1) / 1000" '<=' 150
  aim "memory at 10,000 tasks / size of the JSON" \
    "$(number median tasks statusfs 'memory after use' 10000 free 1) / $(number median tasks JSON size 10000 free 1)" '<=' 6
  aim "mount of 1,000 status files, ms" "$(number median files statusfs mount 1000 free 1) / 1000" '<=' 100
  lines=$(awk -F, '$1 == "lines" && $3 == "recover" && $4 >= 9000 && $4 < 20000 { print $4; exit }' "$csv")
  aim "recovery of ${lines:-10000} journal lines, ms" \
    "$(number median lines statusfs recover "${lines:-0}" free 1) / 1000" '<=' 500
  aim "verify at 100 tasks, lines a second" "$(number rate lines statusfs verify "${lines:-0}" free 1)" '>=' 20000
}

# ---- plots ----

# rows GROUP SERIES OPERATION X_COLUMN Y_COLUMN: pairs for a line of a plot
rows() {
  awk -F, -v group="$1" -v series="$2" -v operation="$3" -v x="$4" -v y="$5" '
    $1 == group && $2 == series && $3 == operation { print $x, $y }' "$csv" | sort -n
}

# plot_lines NAME TITLE X_LABEL Y_LABEL: a curve for each file in $work/plot, log scales
plot_lines() {
  local curves='' file
  for file in "$work"/plot/*; do
    [[ -s $file ]] || continue
    curves+="${curves:+, }'$file' with linespoints linewidth 2 title '$(basename "$file")'"
  done
  [[ -z $curves ]] || gnuplot <<PLOT
set terminal svg size 900,560 background 'white' noenhanced
set output '$out/$1.svg'
set title '$2'
set xlabel '$3'
set ylabel '$4'
set logscale xy
set grid
set key outside bottom center horizontal
plot $curves
PLOT
  rm -rf "$work/plot"
}

# curves GROUP X_COLUMN Y_COLUMN UNIT [with_operation]: files in $work/plot, one for each series measured in this unit
curves() {
  local group=$1 x=$2 y=$3 unit=$4 with_operation=${5:-} series operation
  mkdir -p "$work/plot"
  awk -F, -v group="$group" -v unit="$unit" '$1 == group && $9 == unit { print $2 "|" $3 }' "$csv" | sort -u |
    while IFS='|' read -r series operation; do
      rows "$group" "$series" "$operation" "$x" "$y" >"$work/plot/$series${with_operation:+: $operation}"
    done
}

# plot_bars GROUP TITLE: the medians of a group, for each placement
plot_bars() {
  local data=$work/bars.data
  awk -F, -v group="$1" '$1 == group && $9 == "us" {
      printf "\"%s%s, %s\" %s\n", $2, $4 == 1 ? "" : " [" $4 "]", $5, $10 }' "$csv" >"$data"
  [[ -s $data ]] || return 0
  gnuplot <<PLOT
set terminal svg size 1000,640 background 'white' noenhanced
set output '$out/$1.svg'
set title '$2'
set ylabel 'median, us (log)'
set logscale y
set yrange [1:*]
set style fill solid 0.7
set boxwidth 0.7
set grid y
set xtics rotate by -45
set bmargin 12
set rmargin 18
plot '$data' using 0:2:xtic(1) with boxes notitle, '' using 0:2:(sprintf('%.3g', \$2)) with labels offset 0,0.6 font ',8' notitle
PLOT
}

make_plots() {
  plot_bars read 'Read of a field (open, read, close); [tasks], CPU placement'
  plot_bars write 'Write of a field; [tasks], CPU placement'
  plot_bars shell 'One command in a shell loop; [tasks]'
  plot_bars bulk 'Whole trees; [tasks]'
  curves writers 6 14 us
  plot_lines writers 'Writers at once' 'processes' 'writes a second'
  curves tasks 4 10 us with_operation
  plot_lines tasks 'Growth with the number of tasks' 'tasks' 'us'
  curves tasks 4 10 kB with_operation
  plot_lines memory 'Memory' 'tasks' 'kB'
  curves lines 4 10 us with_operation
  plot_lines lines 'Growth with the journal' 'lines' 'us'
  curves files 4 10 us with_operation
  plot_lines files 'Growth with the number of status files' 'files of 100 tasks' 'us'
}
