#!/usr/bin/env bash
# Start or stop the database servers and the Spark cluster that tests of engines ask.
#
#   tests/engines/servers.sh start FOLDER   prints the variables that tell where they are
#   tests/engines/servers.sh stop FOLDER
#
# All of them listen on 127.0.0.1 alone and keep their files in FOLDER. What is not
# installed is left out, with a line on standard error; its tests then skip.
set -euo pipefail

command="${1:-}"
folder="${2:-}"
if [ -z "$folder" ] || { [ "$command" != start ] && [ "$command" != stop ]; }; then
    echo "usage: $0 start|stop FOLDER" >&2
    exit 2
fi

postgres_port=54329
mariadb_port=33069
spark_port=17077

# Servers refuse to run as root: there they run as the users of Debian's packages.
as_user() {
    local user="$1"
    shift
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
    else
        "$@"
    fi
}

own() {
    if [ "$(id -u)" = 0 ]; then
        chown "$1" "$2"
    fi
}

left_out() {
    echo "$1 is not installed: its tests skip." >&2
}

start_postgres() {
    local bin settings data="$folder/postgres"
    bin="$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1)"
    if [ -z "$bin" ]; then
        left_out PostgreSQL
        return
    fi
    mkdir -p "$data"
    own postgres "$data"
    # The database sorts and compares text by the rules of a language, as most do.
    as_user postgres "$bin/initdb" --pgdata "$data/db" --username skseg \
        --auth trust --encoding UTF8 --locale-provider icu --icu-locale en-US \
        --locale C.UTF-8 --no-sync > "$data/initdb.log"
    # What the tests write need not outlive a crash.
    settings="-c listen_addresses=127.0.0.1 -p $postgres_port -k $data"
    settings+=" -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    as_user postgres "$bin/pg_ctl" --pgdata "$data/db" --log "$data/log" --wait \
        --options "$settings" start > /dev/null
    echo "export SKSEG_POSTGRES=postgresql://skseg@127.0.0.1:$postgres_port/postgres"
}

stop_postgres() {
    local bin
    bin="$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1)"
    if [ -d "$folder/postgres/db" ]; then
        as_user postgres "$bin/pg_ctl" --pgdata "$folder/postgres/db" --mode immediate \
            stop > /dev/null || true
    fi
}

start_mariadb() {
    local data="$folder/mariadb" user
    if ! command -v mariadbd > /dev/null; then
        left_out MariaDB
        return
    fi
    mkdir -p "$data"
    own mysql "$data"
    user="$(id -un)"
    if [ "$user" = root ]; then
        user=mysql
    fi
    mariadb-install-db --no-defaults --datadir="$data/db" --user="$user" \
        --auth-root-authentication-method=normal --skip-test-db > "$data/install.log" 2>&1
    as_user mysql mariadbd --no-defaults --datadir="$data/db" \
        --bind-address=127.0.0.1 --port=$mariadb_port --socket="$data/socket" \
        --pid-file="$data/pid" --log-error="$data/log" \
        --innodb-flush-log-at-trx-commit=0 > /dev/null 2>&1 &
    for _ in $(seq 100); do
        if mariadb --no-defaults --socket="$data/socket" --user=root \
            --execute "CREATE DATABASE skseg CHARACTER SET utf8mb4;
                CREATE USER skseg@'127.0.0.1'; GRANT ALL ON *.* TO skseg@'127.0.0.1'" \
            2> /dev/null; then
            echo "export SKSEG_MARIADB=mysql://skseg@127.0.0.1:$mariadb_port/skseg"
            return
        fi
        sleep 0.2
    done
    echo "MariaDB has not started within 20 seconds:" >&2
    tail -n 5 "$data/log" >&2
    exit 1
}

stop_pid() {
    if [ -f "$1" ]; then
        kill "$(cat "$1")" 2> /dev/null || true
    fi
}

# spark CLASS NAME ARGUMENT...: run a daemon of Spark in the background
spark() {
    local class="$1" name="$2"
    shift 2
    env SPARK_LOCAL_IP=127.0.0.1 SPARK_WORKER_DIR="$folder/spark/work" \
        SPARK_LOCAL_DIRS="$folder/spark/local" SPARK_DAEMON_MEMORY=256m \
        SPARK_DAEMON_JAVA_OPTS="-Dspark.master.rest.enabled=false" \
        "$spark_home/bin/spark-class" "org.apache.spark.deploy.$class" "$@" \
        > "$folder/spark/$name.log" 2>&1 &
    echo $! > "$folder/spark/$name.pid"
}

start_spark() {
    local spark_home
    # What is in the Python on PATH is what the tests import.
    spark_home="$(python -c 'import pyspark, os; print(os.path.dirname(pyspark.__file__))' \
        2> /dev/null || true)"
    if [ -z "$spark_home" ] || ! command -v java > /dev/null; then
        left_out "Spark, or Java,"
        return
    fi
    mkdir -p "$folder/spark"
    spark master.Master master --host 127.0.0.1 --port $spark_port --webui-port 0
    for number in 1 2; do
        # Two sessions of tests at a time have an executor on each of the two.
        spark worker.Worker "worker$number" --host 127.0.0.1 --webui-port 0 \
            --cores 4 --memory 4g "spark://127.0.0.1:$spark_port"
    done
    for _ in $(seq 150); do
        if [ "$(grep -c 'Registering worker' "$folder/spark/master.log")" = 2 ]; then
            echo "export SKSEG_SPARK=spark://127.0.0.1:$spark_port"
            return
        fi
        sleep 0.2
    done
    echo "Spark has not started within 30 seconds:" >&2
    tail -n 5 "$folder/spark/master.log" >&2
    exit 1
}

if [ "$command" = start ]; then
    mkdir -p "$folder"
    folder="$(cd "$folder" && pwd)"
    chmod 755 "$folder"
    start_postgres
    start_mariadb
    start_spark
else
    stop_postgres
    stop_pid "$folder/mariadb/pid"
    for name in worker1 worker2 master; do
        stop_pid "$folder/spark/$name.pid"
    done
fi
