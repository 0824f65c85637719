#!/usr/bin/env bash
# What wants to be measured where a GPU is at hand: correctness first, then speed, the published baselines, and the
# paper's four settings as searches, its table with paired seeds, and whether short runs rank as long ones.
#
#   bash benchmarks/gpu.sh                # all of it, in this order
#   bash benchmarks/gpu.sh speed          # one of: correctness speed baselines searches table calibration
#
# Each part ends within LIMIT seconds (540) or stops there; called again, all but the first two go on where
# they stopped. VSEARCH_DATA_DIR names the folder of CIFAR. Copy what `speed` prints to benchmarks/RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=${LIMIT:-540}
python=${PYTHON:-.venv/bin/python}
command -v "$python" > /dev/null || python=python3

correctness() {
    timeout "$limit" "$python" -m pytest -m gpu -n 0 -q
}

speed() {
    for depth in 32 56; do
        "$python" benchmarks/engine.py --device cuda --depths "$depth" --rounds 3 --seconds-limit $((limit / 2))
    done
}

baselines() {
    "$python" benchmarks/baselines.py train --device cuda --seconds "$limit"
}

searches() {
    for file in studies/paper-*.toml; do
        # An interrupt puts the trials back; the next call goes on with them.
        timeout --signal=INT --kill-after=60 $((limit / 4)) \
            "$python" -m vsearch study run "$file" --device cuda --download || [ $? -eq 124 ]
    done
}

table() {
    timeout --signal=INT --kill-after=60 "$limit" \
        "$python" -m vsearch reproduce paper --seeds 5 --device cuda --download \
        --report studies/paper-table.html --picture studies/pictures/paper-table.svg --force || [ $? -eq 124 ]
}

calibration() {
    timeout --signal=INT --kill-after=60 "$limit" \
        "$python" -m vsearch calibrate paper-cifar10-resnet32 --device cuda --download || [ $? -eq 124 ]
}

case "${1:-all}" in
    correctness | speed | baselines | searches | table | calibration) "$1" ;;
    all) correctness && speed && baselines && searches && table && calibration ;;
    *)
        parts="correctness, speed, baselines, searches, table and calibration"
        echo "gpu.sh: no part is called '$1'; there are $parts" >&2
        exit 2
        ;;
esac
