"""The graph of bench/plans.py on LangGraph with its PostgreSQL saver. Run by a Python of its own, see `bench.plans`.

python langgraph_plan.py DSN LAYERS WIDTH AT_ONCE ROUNDS     # prints a JSON list of milliseconds
"""

import asyncio
import json
import operator
import sys
import time
from typing import Annotated, TypedDict

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool


class State(TypedDict):
    """What tasks came to."""

    results: Annotated[list, operator.add]


async def task(_state: State) -> State:
    """Does nothing and says so."""
    return {"results": ["An answer."]}


def graph_of(layers: int, width: int) -> StateGraph:
    """Layers of tasks, each of which waits for all of the layer before it."""
    graph = StateGraph(State)
    for layer in range(layers):
        for place in range(width):
            name = f"t{layer}-{place}"
            graph.add_node(name, task)
            if layer:
                graph.add_edge([f"t{layer - 1}-{other}" for other in range(width)], name)
            else:
                graph.add_edge(START, name)
    graph.add_edge([f"t{layers - 1}-{place}" for place in range(width)], END)
    return graph


async def main(dsn: str, layers: int, width: int, at_once: int, rounds: int) -> None:
    """One warm-up, then the rounds."""
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with AsyncConnectionPool(dsn, min_size=4, max_size=10, kwargs=options) as pool:
        saver = AsyncPostgresSaver(pool)
        await saver.setup()
        app = graph_of(layers, width).compile(checkpointer=saver)
        taken = []
        for number in range(rounds + 1):
            config = {
                "configurable": {"thread_id": f"{at_once}-{number}"},
                "max_concurrency": at_once,
                "recursion_limit": 100,
            }
            begun = time.perf_counter()
            state = await app.ainvoke({"results": []}, config)
            taken.append((time.perf_counter() - begun) * 1e3)
            assert len(state["results"]) == layers * width
    print(json.dumps(taken[1:]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
