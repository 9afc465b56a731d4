#!/bin/sh
# Checks every module of the workspace: form (gofumpt, goimports), go vet, staticcheck, with and without the drill tag.
# Prints what is wrong and exits 1 if anything is. With the argument "tools" it only sees that the tools are there. The tools are pinned in deployments/tools/lint and built once into bin/.
set -u
cd "$(dirname "$0")/../.." || exit 2
root=$(pwd)
pins=deployments/tools/lint/go.mod
bad=0

for tool in gofumpt goimports staticcheck; do
	if [ ! -x "bin/$tool" ] || [ "$pins" -nt "bin/$tool" ]; then
		(cd deployments/tools/lint && GOWORK=off GOBIN="$root/bin" go install tool) || exit 2
		touch bin/gofumpt bin/goimports bin/staticcheck
		break
	fi
done

[ "${1:-}" = tools ] && exit 0

# complain <title> <output>: an empty output is a clean one.
complain() {
	[ -z "$2" ] && return
	printf '%s\n%s\n\n' "$1" "$2"
	bad=1
}

# What is generated has the form that its generator gives it.
sources=$(find . \( -name node_modules -o -path ./bin -o -path ./data -o -name .git \) -prune -o -name '*.go' ! -name '*.gen.go' -print)
# shellcheck disable=SC2086 # no path of the house holds a space
complain "not formatted, run make fmt:" "$(bin/gofumpt -l $sources 2>&1)"
# shellcheck disable=SC2086
complain "imports not in order, run make fmt:" "$(bin/goimports -l $sources 2>&1)"

for dir in $(go list -m -f '{{.Dir}}'); do
	name=${dir#"$root"/}
	[ -n "$(find "$dir" -name '*.go' -print -quit)" ] || continue
	for tags in "" drill; do
		out=$(cd "$dir" && go vet -tags="$tags" ./... 2>&1) || complain "go vet $name $tags:" "$out"
	done
	out=$(cd "$dir" && "$root/bin/staticcheck" ./... 2>&1) || complain "staticcheck $name:" "$out"
done
# Only process holds files of the drill tag; the rest is the same in both builds.
out=$(cd services && "$root/bin/staticcheck" -tags=drill ./process/... 2>&1) || complain "staticcheck services/process drill:" "$out"

exit $bad
