"""Moving a user from one shard to another, while everybody works: see docs/shards.md."""
