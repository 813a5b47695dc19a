"""Where everything is kept: tables, transactions, shards, migrations, embedded servers."""
