"""When the stages run, in which order, how many at once and what is retried (Prefect)."""

import os

# Read by Prefect at its first import, so it is set before any module here imports it.
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
# The temporary server's first start makes its database, which takes longer than 20 s on a busy laptop.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
