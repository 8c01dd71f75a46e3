"""`python -m flows.serve`: the schedule in one process, for a laptop, with no work pool and no worker.

Waits for runs of the deployment `pipeline/laptop` and executes them, until it is ended with Ctrl-C. Start one from the
interface or with `prefect deployment run pipeline/laptop`. The nightly schedule is paused; `--active` starts it.
"""

import argparse

from prefect.schedules import Cron

from flows.pipeline import PROJECT, pipeline

NIGHTLY = "0 2 * * *"


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m flows.serve", description="Serve the flow from this process.")
    parser.add_argument("--cron", default=NIGHTLY, help="when to run by itself, UTC (default: %(default)s)")
    parser.add_argument("--active", action="store_true", help="start with the schedule active instead of paused")
    parser.add_argument("--limit", type=int, default=2, help="stages side by side (default: %(default)s)")
    arguments = parser.parse_args()
    # Two runs at once would want the same outputs, hence the limit of 1 run.
    pipeline.serve(
        name="laptop",
        schedule=Cron(arguments.cron, timezone="UTC", active=arguments.active),
        parameters={"root": str(PROJECT), "limit": arguments.limit},
        limit=1,
    )


if __name__ == "__main__":
    main()
