"""hnswlib on vectors of a .npy file: build, memory, recall and time of a search, one caller. Prints JSON.

python hnswlib_search.py VECTORS QUESTIONS TRUTH TOP EF
"""

import json
import sys
import time

import hnswlib
import numpy as np
import psutil


def main() -> None:
    vectors, questions, truth = (np.load(path) for path in sys.argv[1:4])
    top, ef = int(sys.argv[4]), int(sys.argv[5])
    process = psutil.Process()
    before = process.memory_info().rss
    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), M=16, ef_construction=128)
    begun = time.perf_counter()
    index.add_items(vectors, num_threads=1)
    build = time.perf_counter() - begun
    index.set_ef(ef)
    index.set_num_threads(1)
    taken, right = [], 0
    for question, expected in zip(questions, truth, strict=True):
        begun = time.perf_counter()
        labels, _ = index.knn_query(question, k=top)
        taken.append((time.perf_counter() - begun) * 1e3)
        right += len(set(labels[0].tolist()) & set(expected[:top].tolist()))
    p50, p95, p99 = np.percentile(taken, [50, 95, 99]).round(2).tolist()
    found = {
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "recall_at_10": round(right / (len(questions) * top), 4),
        "build_seconds": round(build, 1),
        "memory_mb": round((process.memory_info().rss - before) / 2**20),
        "cores_for_the_build": 1,
    }
    print(json.dumps(found))


main()
