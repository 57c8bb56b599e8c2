# shellcheck shell=bash
# Source this file to run commands side by side:
#
#	lane <command>...  starts one
#	finish             waits for all that were started, and fails if one of them fails
#
# The output of the first lane appears as it is written. That of each other lane appears as a whole, after that of
# the lane before it. When the script is interrupted, so are its lanes, with all that they have started: each lane
# is a process group.
set -m

lanes=()
lane_logs=$(mktemp -d)

lane() {
	if ((${#lanes[@]} == 0)); then
		"$@" </dev/null 2>&1 &
	else
		"$@" </dev/null >"$lane_logs/${#lanes[@]}" 2>&1 &
	fi
	lanes+=($!)
}

finish() {
	local i failed=0
	for i in "${!lanes[@]}"; do
		wait "${lanes[i]}" || failed=1
		((i == 0)) || cat "$lane_logs/$i"
	done
	lanes=()
	return "$failed"
}

stop_lanes() {
	trap - EXIT INT TERM
	local signal group
	for signal in INT INT KILL; do # A test that handles the first one ends at the second.
		for group in "${lanes[@]}"; do
			kill "-$signal" -- "-$group" 2>/dev/null || true
		done
		for _ in {1..50}; do
			[[ -n $(jobs -r) ]] || break 2
			sleep 0.1
		done
	done
	rm -rf "$lane_logs"
	exit "$1"
}
trap 'stop_lanes $?' EXIT
trap 'stop_lanes 130' INT
trap 'stop_lanes 143' TERM
