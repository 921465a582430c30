# What the benchmarks of the webhook have in common: servers on loopback, HTTPS load on them in turn, medians. Sets work (a directory that is
# removed at the end, with tls.crt and tls.key) and requests (the first argument); whatever was started is stopped at the end.
requests="${1:-40000}"
work="$(mktemp -d)"
port=18443
server=
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null

# start COMMAND…: starts a server and waits for its first answer; sets server, began, and started (milliseconds to that answer).
start() {
    local now
    began=$(date +%s%N)
    "$@" >"$work/server.log" 2>&1 &
    server=$!
    until curl -ks -o /dev/null --max-time 2 "https://127.0.0.1:$port/healthz"; do
        kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
        sleep 0.01
    done
    now=$(date +%s%N)
    started=$(( (now - began) / 1000000 ))
}

ready() { until curl -ks -o /dev/null --fail --max-time 5 "https://127.0.0.1:$port/readyz"; do sleep 0.05; done; }

stop() { kill "$server"; wait "$server" 2>/dev/null || true; server=; }

rss() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }

# load CONNECTIONS STREAMS REQUESTS: sets rate, p50 and p99 (milliseconds).
load() {
    local log="$work/requests.tsv"
    rm -f "$log"
    rate=$(h2load -n "$3" -c "$1" -m "$2" -t 1 -d tests/bench/review.json -H 'content-type: application/json' --log-file "$log" \
        "https://127.0.0.1:$port/mutate" | awk '/^finished in/ { print int($4) } /^status codes:/ && $3 != n { if ($3 + 0 == 0) exit 1 }' n="$3")
    read -r p50 p99 < <(cut -f3 "$log" | sort -n | awk '{ t[NR] = $1 } END { printf "%.2f %.2f\n", t[int(NR * .5) + 1] / 1000, t[int(NR * .99) + 1] / 1000 }')
}

# Servers are up together and get their requests in turn, so that what else the machine does meets all of them alike. Of the
# rounds the median counts.
rounds=5
declare -A servers ports startup synced first idle

# launch NAME COMMAND…: starts a server on a port of its own, warm. Leaves startup and synced (milliseconds to the first answer, and until it
# was ready), first (milliseconds of the first admission) and idle (MB) of that name.
launch() {
    local name="$1"
    shift
    start "$@"
    startup[$name]="$started"
    [[ $name == echo ]] || ready
    synced[$name]=$(( ($(date +%s%N) - began) / 1000000 ))
    first[$name]=$(curl -ks -o /dev/null -w '%{time_total} %{time_appconnect}' -H 'content-type: application/json' --data-binary @tests/bench/review.json "https://127.0.0.1:$port/mutate" | awk '{ printf "%.1f", ($1 - $2) * 1000 }')
    servers[$name]="$server" ports[$name]="$port" idle[$name]="$(rss)"
    load 4 8 $(( requests / 4 ))
    port=$(( port + 1 ))
}

# in_turn CONNECTIONS STREAMS REQUESTS NAME…: leaves "rate p50 p99" of each round in rounds-NAME.
in_turn() {
    local name round n=$(( $3 / rounds )) connections="$1" streams="$2" port
    shift 3
    rm -f "$work"/rounds-*
    for (( round = 0; round < rounds; round++ )); do
        for name in "$@"; do
            port="${ports[$name]}"
            load "$connections" "$streams" "$n"
            echo "$rate $p50 $p99" >>"$work/rounds-$name"
        done
    done
}

middle() { sort -n | sed -n "$(( rounds / 2 + 1 ))p"; }
median() { cut -d ' ' -f "$2" "$work/rounds-$1" | middle; } # NAME COLUMN

# webhook_with PROGRAM OPTION…: the command of a webhook on the next port.
webhook_with() {
    local program="$1"
    shift
    echo "$program --listen 127.0.0.1:$port --metrics-listen 127.0.0.1:0 --tls-cert $work/tls.crt --tls-key $work/tls.key --log-level warning $*"
}
