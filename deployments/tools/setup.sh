#!/usr/bin/env bash
# Installs what local mode and the tests stand on, where it is missing; says nothing where nothing is.
#
#   setup.sh demo      apt, engine and minio
#   setup.sh test      demo and gcc
#
#   setup.sh apt       MariaDB's server and client programs, without a system service
#   setup.sh gcc       the C compiler that `go test -race` needs
#   setup.sh engine    the ClickHouse engine: bin/libchdb.so
#   setup.sh minio     the MinIO server: bin/minio, minutes when Go's build cache is cold
#
# Several parts may be named; engine and minio may run at the same time as each other and as the rest.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { printf 'setup: %s\n' "$*" >&2; }

die() {
	say "$@"
	exit 1
}

# Servers are installed outside of an ordinary user's PATH.
have() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

# The file descriptor keeps the lock until this part ends: make may start it twice.
only_one() {
	mkdir -p bin
	exec 9>"bin/.$1.lock"
	flock 9
}

missing_mariadb() {
	# The two "core" packages hold the programs alone: no service that would start now and at every boot.
	if ! have mariadbd || ! have mariadb-install-db; then
		echo mariadb-server-core
	fi
	if ! have mariadb || ! have my_print_defaults; then
		echo mariadb-client-core
	fi
}

missing_gcc() {
	if ! have gcc; then
		echo gcc
		echo libc6-dev
	elif ! echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1; then
		echo libc6-dev
	fi
}

install_packages() {
	local root=()
	if ! have apt-get; then
		die "this is no Debian: please install what its packages hold, by your system's own means: $*"
	fi
	if [ "$(id -u)" -ne 0 ]; then
		have sudo || die "please run as root: apt-get install --no-install-recommends $*"
		root=(sudo)
		# Without a terminal nobody could type the password: fail, do not wait.
		[ -t 0 ] || root=(sudo -n)
	fi
	say "installing $*"
	local log
	log=$(mktemp)
	# shellcheck disable=SC2064 # the name of today
	trap "rm -f '$log'" EXIT
	local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y)
	# A source of packages that cannot be reached need not be the one that has these.
	"${apt[@]}" update >"$log" 2>&1 || say "apt-get update: $(tail -n 1 "$log")"
	if ! "${apt[@]}" install --no-install-recommends "$@" >"$log" 2>&1 </dev/null; then
		tail -n 15 "$log" >&2
		die "apt-get could not install the packages; please run as root: apt-get install --no-install-recommends $*"
	fi
}

# version prints the version of the engine that a lock file pins, or that a package.json has.
version() {
	sed -n '/@chdb\/lib-linux-x64-gnu": {/,/}/ s/^ *"version": "\(.*\)",\{0,1\}$/\1/p' "$1"
}

engine() {
	local dir=deployments/engine
	local package=$dir/node_modules/@chdb/lib-linux-x64-gnu
	local library=$package/libchdb.so
	only_one engine
	if [ ! -s "$library" ] ||
		[ "$(version $dir/package-lock.json)" != "$(version $dir/node_modules/.package-lock.json 2>/dev/null)" ]; then
		[ "$(uname -sm)" = "Linux x86_64" ] || die "the ClickHouse engine is pinned for Linux on x86_64, this is $(uname -sm)"
		have npm || die "npm is missing: please install Node.js 18 or newer with npm"
		say "fetching the ClickHouse engine"
		(cd $dir && npm ci --no-audit --no-fund --loglevel=error >&2)
	fi
	[ bin/libchdb.so -ef "$library" ] || ln -sfn "../$library" bin/libchdb.so
}

minio() {
	local dir=deployments/tools/minio
	only_one minio
	if [ -x bin/minio ] && [ ! $dir/go.sum -nt bin/minio ] && [ ! $dir/go.mod -nt bin/minio ]; then
		return
	fi
	have go || die "go is missing: please install Go 1.26 or newer"
	say "building MinIO"
	GOWORK=off CGO_ENABLED=0 go -C $dir build -o ../../../bin/minio github.com/minio/minio
	# go build leaves a file alone that is as it would write it.
	touch bin/minio
}

[ $# -gt 0 ] || set -- help
parts=()
for part in "$@"; do
	case $part in
	demo) parts+=(apt engine minio) ;;
	test) parts+=(apt gcc engine minio) ;;
	apt | gcc | engine | minio) parts+=("$part") ;;
	*)
		sed -n '2,/^set/ s/^# \{0,1\}//p' deployments/tools/setup.sh >&2
		exit 2
		;;
	esac
done

packages=()
for part in "${parts[@]}"; do
	case $part in
	apt) mapfile -t -O "${#packages[@]}" packages < <(missing_mariadb) ;;
	gcc) mapfile -t -O "${#packages[@]}" packages < <(missing_gcc) ;;
	esac
done
[ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"

for part in "${parts[@]}"; do
	case $part in
	engine | minio) "$part" ;;
	esac
done
