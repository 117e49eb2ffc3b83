# What the commands of this folder share. Sourced by them, never run.

# Sets ROOT to the top of the source tree and goes there.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
COMMAND=deploy/$(basename "$0")

say() {
  echo "== $*"
}

die() {
  echo "$COMMAND: $*" >&2
  exit 1
}

# As many compilers as cores, but at most one for each 1.5 GiB of memory: a
# source with gRPC in it takes nearly one.
parallel() {
  local cores memory_kib by_memory
  cores=$(nproc)
  memory_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  by_memory=$((memory_kib / 1572864))
  [ "$by_memory" -ge 1 ] || by_memory=1
  echo $((cores < by_memory ? cores : by_memory))
}

# configure FOLDER CMAKE_ARGUMENT ...: quiet unless it fails.
configure() {
  local folder=$1 log
  shift
  # A folder keeps the generator it was first configured with.
  [ -e "$folder/CMakeCache.txt" ] || set -- -G Ninja "$@"
  log=$(mktemp)
  cmake "$@" >"$log" 2>&1 || {
    cat "$log"
    rm -f "$log"
    die "configuring failed; the reason is above. Packages come with" \
      "deploy/install; $folder may be deleted."
  }
  rm -f "$log"
}

# build FOLDER [CMAKE_ARGUMENT ...]
build() {
  cmake --build "$1" -j "$(parallel)" "${@:2}" ||
    die "the build failed; the first error is above"
}
