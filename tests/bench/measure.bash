# What the benchmarks of mounts have in common; sourced by them.

# in_own_namespaces ARGUMENT…: starts the script again in mount and PID namespaces of its own, or says why not: whatever it
# mounts and starts is gone with it.
in_own_namespaces() {
    [[ -z ${SLUICE_BENCH_NAMESPACE:-} ]] || return 0
    [[ $(id -u) == 0 && -c /dev/fuse ]] && command -v bindfs >/dev/null || { echo "Skipped: needs root, /dev/fuse and bindfs."; exit 0; }
    SLUICE_BENCH_NAMESPACE=1 exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private "$0" "$@"
}

# The median of the numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# rss PID: MB of its own memory and its program; memory that it shares with others by a file in memory (the state) not.
rss() { awk '/^RssAnon|^RssFile/ { s += $2 } END { printf "%.1f", s / 1024 }' "/proc/$1/status"; }

# ticks PID…: processor time of processes together, in hundredths of a second.
ticks() {
    local pid sum=0 line fields
    for pid; do
        line="$(<"/proc/$pid/stat")"
        read -ra fields <<<"${line##*) }"
        sum=$(( sum + fields[11] + fields[12] ))
    done
    echo "$sum"
}
