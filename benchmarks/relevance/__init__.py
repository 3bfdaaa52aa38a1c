"""How good the results are: judged queries, asked of both engines; see `docs/relevance.md`."""
