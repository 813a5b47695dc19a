"""The embedded vector store: Qdrant's own engine over a directory for each user, in worker processes.

The engine holds the interpreter in every call, sometimes for seconds, so it never runs in a process that has an event
loop to serve. `workers.EdgeWorkers` keeps the processes, `store.EdgeContexts` speaks to them; `worker` is the program
that runs inside, over `shards`, `shard` and `renewals`.
"""
