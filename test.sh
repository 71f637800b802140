#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs all tests.
# The last line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Trainers and tests share few cores; two torch processes with two threads each are slower than with one.
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE

if ! command -v dotnet >/dev/null; then
  echo "The .NET 10 SDK is needed: https://dotnet.microsoft.com/download" >&2
  exit 1
fi

# What the tests use besides .NET; a test whose program is absent says that it is skipped.
install() { # what for, packages
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
  echo "Installing $1 for the tests ..."
  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}") >/dev/null 2>&1 \
    || echo "$1 could not be installed; its tests will be skipped."
}

ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || install PostgreSQL postgresql
{ command -v chromium && command -v chromedriver; } >/dev/null || install Chromium chromium chromium-driver
command -v dcm2niix >/dev/null || install dcm2niix dcm2niix
[ -e /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 ] || [ -e /usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1 ] || install libfaketime faketime

# The S3-speaking server of the tests for buckets.
command -v npm >/dev/null || install npm npm
if command -v npm >/dev/null && [ ! -d tests/ObjectStorage/node_modules/s3rver ]; then
  npm ci --silent --no-audit --no-fund --prefix tests/ObjectStorage >/dev/null 2>&1 || echo "s3rver could not be installed; its tests will be skipped."
fi

suites=(Contracts Architecture Federation Privacy Trust Imaging Networks Training Aggregator SiteAgent EndToEnd Faults Browser)
configuration=Release

dotnet build BrainMVP.Federated.sln -c "$configuration" -v quiet || exit 1

passed=0 failed=0 skipped=0
for suite in "${suites[@]}"; do
  [ -d "tests/$suite" ] || continue
  echo "== $suite"
  log=$(mktemp)
  arguments=()
  # The whole fault matrix takes half an hour: dotnet run -c Release --project tests/Faults
  [ "$suite" = Faults ] && arguments=(-- --quick)
  if ! dotnet run --no-build -c "$configuration" --project "tests/$suite" "${arguments[@]}" 2>&1 | tee "$log"; then
    broken=1
  else
    broken=0
  fi
  summary=$(grep -E 'Total: *[0-9]+' "$log" | tail -n 1)
  total=$(sed -nE 's/.*Total: *([0-9]+).*/\1/p' <<<"$summary"); bad=$(sed -nE 's/.*Failed: *([0-9]+).*/\1/p' <<<"$summary")
  errors=$(sed -nE 's/.*Errors: *([0-9]+).*/\1/p' <<<"$summary"); left=$(sed -nE 's/.*Skipped: *([0-9]+).*/\1/p' <<<"$summary")
  rm -f "$log"
  bad=$(( ${bad:-0} + ${errors:-0} ))
  # A suite that ends badly without counting a failure has crashed.
  if [ "$broken" = 1 ] && [ "$bad" = 0 ]; then bad=1; fi
  failed=$(( failed + bad )); skipped=$(( skipped + ${left:-0} ))
  passed=$(( passed + ${total:-0} - ${bad:-0} - ${left:-0} ))
done

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
