"""A Dask worker fit for the stages, in the environment they pin: `python -m pipelines.dask_worker tcp://SCHEDULER:8786 --nthreads 1`.

Dask loads numpy before it looks at any setting of a worker's own, so the environment must be there when the process starts.
"""

from __future__ import annotations

from distributed.cli.dask_worker import main

if __name__ == "__main__":
    main()
