#!/usr/bin/env bash
# Gates a port: asks it, leaves the reports in a folder, and ends with the suite's exit code.
#
# All that it is told comes from the environment, and none of it is evaluated:
#   PORT         the port's folder; the current one if not given
#   PROFILE, SEED, SHARD, BASELINE   as the options of `conformance run`
#   CASES        slugs, patterns or levels, a line each
#   EXPLAIN      `true` tells why the port fails, in explanation.md and on the page
#   REPORT_DIR   where the reports go; conformance-report if not given
#   PYTHON       which Python sets the suite up; python3 if not given
# On GitHub it also writes annotations, the job's summary and the step's outputs.
set -euo pipefail

suite="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"

# absolute PATH: the same place wherever it is read from, and with no leading dash
absolute() {
  case "$1" in
    /*) printf '%s' "$1" ;;
    . | ./) printf '%s' "$PWD" ;;
    *) printf '%s/%s' "$PWD" "${1#./}" ;;
  esac
}

# option NAME VALUE: in one word, so that no value can be taken for an option
option() {
  if [ -n "$2" ]; then options+=("--$1=$2"); fi
}

# output NAME VALUE: one line for $GITHUB_OUTPUT, which no value can end early
output() {
  local end value="${2//[$'\r\n']/ }"
  end="end-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
  printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$value" "$end" >>"${GITHUB_OUTPUT:-/dev/null}"
}

port="$(absolute "${PORT:-.}")"
reports="$(absolute "${REPORT_DIR:-conformance-report}")"
mkdir -p -- "$reports"
rm -f -- "$reports"/{report.json,junit.xml,summary.md,explanation.md,page.html,badge.json}

make --silent --directory="$suite" setup PYTHON="$(command -v -- "${PYTHON:-python3}")" >&2

options=()
option profile "${PROFILE:-}"
option baseline "${BASELINE:+$(absolute "$BASELINE")}"
while IFS= read -r slug; do
  slug="${slug#"${slug%%[![:space:]]*}"}"
  option case "${slug%"${slug##*[![:space:]]}"}"
done <<<"${CASES:-}"

run=("--json=$reports/report.json" "--junit=$reports/junit.xml" "--markdown=$reports/summary.md"
  "--html=$reports/page.html" "--badge=$reports/badge.json")
if [ "${GITHUB_ACTIONS:-}" = true ]; then run+=(--annotations); fi
if [ -n "${SEED:-}" ]; then run+=("--seed=$SEED"); fi
if [ -n "${SHARD:-}" ]; then run+=("--shard=$SHARD"); fi

# conformance COMMAND OPTION...: from the suite's folder, where no module of the port's is found
conformance() {
  (cd -- "$suite" && .venv/bin/python -m conformance "$@" -- "$port")
}

code=0
conformance run ${options[@]+"${options[@]}"} "${run[@]}" || code=$?

# said NAME: a text or a number at the top of the report, nothing where there is no report
said() {
  if [ -f "$reports/report.json" ]; then
    "$suite/.venv/bin/python" -I -c \
      'import json, sys; print(json.load(open(sys.argv[1], encoding="utf-8")).get(sys.argv[2], ""))' \
      "$reports/report.json" "$1"
  fi
}

if [ "$code" = 1 ] && [ "${EXPLAIN:-}" = true ] && [ -z "${SHARD:-}" ] && [ -n "$(said seed)" ]; then
  conformance debug ${options[@]+"${options[@]}"} "--seed=$(said seed)" \
    "--markdown=$reports/explanation.md" "--html=$reports/page.html" || true
fi

summary="$reports/summary.md"
if [ -f "$reports/explanation.md" ]; then summary="$reports/explanation.md"; fi
if [ -f "$summary" ]; then cat -- "$summary" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"; fi

output exit-code "$code"
output verdict "$(said verdict)"
output report "$reports"
output badge "$reports/badge.json"
exit "$code"
